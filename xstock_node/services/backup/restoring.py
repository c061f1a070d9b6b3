"""Restoring a back-up into a data folder, whole or not at all; what was there before is moved aside, never deleted."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec

from xstock_node.services.backup.archive import DATABASE, REPLACED, SCRATCH, Manifest, Progress, unpack
from xstock_node.services.backup.keeping import KEPT
from xstock_node.services.backup.key import BackupKey
from xstock_node.services.backup.record import FOLDER
from xstock_node.services.doubt import note_restored
from xstock_node.services.errors import Refusal
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.storage.to_disk import synchronise

LOCK = "lock"


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """A back-up that was restored; `aside` is the folder of what was there before, empty where nothing was."""

    home: str
    node: str
    created: int
    files: int
    rows: dict[str, int]
    aside: str
    left_out: list[str]


async def restore_backup(
    source: IO[bytes], key: BackupKey, home: Path, scratch: Path, now: int, replace: bool, progress: Progress
) -> tuple[Manifest, str]:
    """Write a back-up into `home`, whole or not at all. The manifest, and where older files went.

    The database says that it is a copy before it comes to its place, which it does last: a restore that is cut off
    leaves at worst a node without one, whose start is that of a lost node, never one that trusts what it holds.
    """
    before = _there(home, replace)
    manifest = unpack(source, key, scratch, progress)
    engine = SqliteEngine(scratch / DATABASE, threads=False)
    await engine.write(lambda tx: note_restored(tx, manifest.created, now), durable=True)
    await engine.checkpoint()
    await engine.close()
    aside = _move_aside(home, before, now) if before else ""
    _bring(scratch, home)
    return manifest, aside


def _there(home: Path, replace: bool) -> list[Path]:
    """What a restore would cover; refused where nobody said that it may be moved aside."""
    before = [path for path in home.iterdir() if not _stays(path)]
    if before and not replace:
        do = "give --replace to move it aside, or another --home"
        raise Refusal("not-empty", f"an empty folder {home}", f"{before[0].name} and more in it", do, 2)
    return before


def _bring(scratch: Path, home: Path) -> None:
    for path in sorted(scratch.iterdir(), key=lambda one: (one.name == DATABASE, one.name)):
        shutil.move(path, home / path.name)
        synchronise(home)


def _stays(path: Path) -> bool:
    return path.name in (FOLDER, KEPT, LOCK) or path.name.startswith((REPLACED, SCRATCH))


def _move_aside(home: Path, before: list[Path], now: int) -> str:
    aside = home / f"{REPLACED}{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}"
    aside.mkdir(mode=0o700)
    for path in before:
        shutil.move(path, aside / path.name)
    return str(aside)
