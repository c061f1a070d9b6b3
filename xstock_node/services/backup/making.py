"""Making a back-up: the database as it is at one moment, the other files, one encrypted file at the end."""

import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from xstock_node import __version__
from xstock_node.services.backup.archive import DATABASE, Manifest, Progress, entry_of, files_of, pack
from xstock_node.services.backup.key import BackupKey
from xstock_node.services.backup.record import read_record, write_record
from xstock_node.services.errors import Refusal
from xstock_node.storage.errors import StorageError
from xstock_node.storage.sqlite.snapshot import copy_database, rows_of
from xstock_node.storage.to_disk import synchronise

SUFFIX = ".xsbackup"
UNFINISHED = ".part"
SPARE = 64 << 20  # bytes that are left on a disk beside what is written


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A back-up that was made: where it lies, its bytes, what is in it, what is not, which old ones went, and at which
    peer it lies too.
    """

    file: str
    node: str
    created: int
    size: int
    key: str
    files: int
    rows: dict[str, int]
    left_out: list[str]
    removed: list[str]
    peer: str = ""


def make_backup(
    home: Path,
    folder: Path,
    scratch: Path,
    key: BackupKey,
    node: str,
    network: str,
    now: int,
    keep: int,
    progress: Progress,
) -> Made:
    """Write a back-up of `home` into `folder`; with `keep` older ones of this node beyond so many are removed.

    The node may run meanwhile: everything is copied to `scratch` first, which is closed to others, and packed from
    there. What is unfinished has another name and is removed.
    """
    database = home / DATABASE
    if not database.exists():
        raise Refusal("no-database", f"a database in {home}", "none", "give the node's data folder with --home", 3)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_room({folder, scratch}, database)
    name = f"{node}-{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"
    target, part, copies = folder / name, folder / (name + UNFINISHED), scratch / "files"
    try:
        copy_database(database, scratch / DATABASE)
        rows = rows_of(scratch / DATABASE)
        kept, left = files_of(home)
        names = [path.relative_to(home).as_posix() for path in kept if _copied(home, path, copies)]
        manifest = Manifest(
            format=1,
            node=node,
            network=network,
            version=__version__,
            created=now,
            rows=rows,
            files=[*(entry_of(copies / one, one) for one in names), entry_of(scratch / DATABASE, DATABASE)],
            left_out=left,
        )
        _write_whole(part, target, key, manifest, copies, scratch / DATABASE, progress)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageError("room for a back-up", str(error), f"free some space in {folder}") from None
    size = target.stat().st_size
    removed = _prune(target, node, keep) if keep else []
    write_record(home, msgspec.structs.replace(read_record(home), made=now, file=str(target), size=size))
    return Made(
        file=str(target),
        node=node,
        created=now,
        size=size,
        key=key.name(),
        files=len(manifest.files),
        rows=rows,
        left_out=left,
        removed=removed,
    )


def _copied(home: Path, path: Path, copies: Path) -> bool:
    """Copy a file as it is now; False where it went meanwhile."""
    target = copies / path.relative_to(home)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        shutil.copy(path, target)
    except FileNotFoundError:
        return False
    return True


def _write_whole(
    part: Path, target: Path, key: BackupKey, manifest: Manifest, home: Path, copy: Path, progress: Progress
) -> None:
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        pack(file, key, manifest, home, copy, progress)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)
    synchronise(target.parent)


def _check_room(folders: set[Path], database: Path) -> None:
    """The copy lies in one folder for a while, the back-up in the other."""
    size = database.stat().st_size
    disks = {folder.stat().st_dev for folder in folders}
    needed = size * (3 - len(disks)) + SPARE
    for folder in sorted(folders):
        free = shutil.disk_usage(folder).free
        if free < needed:
            came = f"{free >> 20} MiB free in {folder}"
            raise Refusal("no-room", f"{needed >> 20} MiB for a copy", came, "free some space, or give another --to", 4)


def _prune(newest: Path, node: str, keep: int) -> list[str]:
    """Remove older back-ups of this very node, never the one just made; their names sort by time."""
    ours = re.compile(re.escape(node) + r"-\d{8}T\d{6}Z" + re.escape(SUFFIX))
    others = sorted(path for path in newest.parent.iterdir() if ours.fullmatch(path.name) and path != newest)
    old = others[: max(0, len(others) - keep + 1)]
    for path in old:
        path.unlink()
    return [str(path) for path in old]
