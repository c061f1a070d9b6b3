"""Making a back-up: the database as it is at one moment, the other files, one encrypted file at the end."""

import os
import shutil
import tempfile
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
    home: Path, folder: Path, key: BackupKey, node: str, network: str, now: int, keep: int, progress: Progress
) -> Made:
    """Write a back-up of `home` into `folder`; with `keep` older ones of this node beyond so many are removed.

    The node may run meanwhile. What is unfinished has another name and is removed.
    """
    database = home / DATABASE
    if not database.exists():
        raise Refusal("no-database", f"a database in {home}", "none", "give the node's data folder with --home", 3)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_room(folder, database)
    name = f"{node}-{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"
    target, part = folder / name, folder / (name + UNFINISHED)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as scratch:
        copy = Path(scratch) / DATABASE
        copy_database(database, copy)
        rows = rows_of(copy)
        kept, left = files_of(home)
        entries = [entry_of(path, path.relative_to(home).as_posix()) for path in kept]
        manifest = Manifest(
            format=1,
            node=node,
            network=network,
            version=__version__,
            created=now,
            rows=rows,
            files=[*entries, entry_of(copy, DATABASE)],
            left_out=left,
        )
        try:
            _write_whole(part, target, key, manifest, home, copy, progress)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise StorageError("room for a back-up", str(error), f"free some space in {folder}") from None
    size = target.stat().st_size
    removed = _prune(folder, node, keep) if keep else []
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


def _write_whole(
    part: Path, target: Path, key: BackupKey, manifest: Manifest, home: Path, copy: Path, progress: Progress
) -> None:
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        pack(file, key, manifest, home, copy, progress)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_room(folder: Path, database: Path) -> None:
    """The copy and the back-up lie there together for a while."""
    needed, free = 2 * database.stat().st_size + SPARE, shutil.disk_usage(folder).free
    if free < needed:
        came = f"{free >> 20} MiB free in {folder}"
        raise Refusal("no-room", f"{needed >> 20} MiB for a copy", came, "free some space, or give another --to", 4)


def _prune(folder: Path, node: str, keep: int) -> list[str]:
    """Remove older back-ups of this node; names sort by time."""
    old = sorted(folder.glob(f"{node}-*{SUFFIX}"))[:-keep]
    for path in old:
        path.unlink()
    return [str(path) for path in old]
