"""Restoring a back-up into a data folder, whole or not at all; what was there before is moved aside, never deleted."""

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec

from xstock_node.services.backup.archive import REPLACED, Manifest, Progress, unpack
from xstock_node.services.backup.keeping import KEPT
from xstock_node.services.backup.key import BackupKey
from xstock_node.services.backup.record import FOLDER
from xstock_node.services.doubt import note_restored
from xstock_node.services.errors import Refusal
from xstock_node.storage.interfaces import Engine

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


def restore_backup(
    source: IO[bytes], key: BackupKey, home: Path, now: int, replace: bool, progress: Progress
) -> tuple[Manifest, str]:
    """Write a back-up into `home`. The manifest, and where older files went."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = [path for path in home.iterdir() if not _stays(path)]
    if before and not replace:
        do = "give --replace to move it aside, or another --home"
        raise Refusal("not-empty", f"an empty folder {home}", f"{before[0].name} and more in it", do, 2)
    with tempfile.TemporaryDirectory(dir=home, prefix=".restoring-") as scratch:
        manifest = unpack(source, key, Path(scratch), progress)
        aside = _move_aside(home, before, now) if before else ""
        for path in sorted(Path(scratch).iterdir()):
            shutil.move(path, home / path.name)
    return manifest, aside


async def mark_restored(engine: Engine, created: int, now: int) -> None:
    """The next starts are doubtful until every member told its cases, and cursors into the journal are void."""
    await engine.write(lambda tx: note_restored(tx, created, now), durable=True)


def _stays(path: Path) -> bool:
    return path.name in (FOLDER, KEPT, LOCK) or path.name.startswith((REPLACED, ".restoring-"))


def _move_aside(home: Path, before: list[Path], now: int) -> str:
    aside = home / f"{REPLACED}{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}"
    aside.mkdir(mode=0o700)
    for path in before:
        shutil.move(path, aside / path.name)
    return str(aside)
