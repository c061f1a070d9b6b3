"""What lies in a back-up: a manifest, the files of the data folder, a copy of its database; one stream.

Packed as tar (POSIX.1-2001), compressed, inside the envelope. What comes out is held against the manifest, which comes
first: nothing else is written, nothing larger, nothing outside the folder.
"""

import gzip
import hashlib
import io
import os
import secrets
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from xstock_node.services.backup.envelope import DAMAGED, EnvelopeReader, EnvelopeWriter, Head
from xstock_node.services.backup.key import BackupKey
from xstock_node.services.errors import Refusal

MANIFEST = "manifest.json"
DATABASE = "node.db"
FORMAT = 1
AT_ONCE = 1 << 20
FILE_MOST = 64 << 20  # of one file beside the database
MANIFEST_MOST = 16 << 20
OF_THE_PROCESS = frozenset({"lock", "reserve", "addresses.json", "api.sock", "api.token"})
LEFT_OUT = OF_THE_PROCESS | {"backups", "kept", f"{DATABASE}-wal", f"{DATABASE}-shm", DATABASE}
ROOT_KEY = "keys/root.key"
SCRATCH = ".scratch-"  # of a back-up or a restore under way
REPLACED = "replaced-"  # of a restore over an older folder
BEFORE = f"{DATABASE}.before-"  # of the database, from before an upgrade

Progress = Callable[[int], None]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One file: its path in the data folder, its size in bytes, SHA-256 in hexadecimal, permissions."""

    path: str
    size: int
    sha256: str
    mode: int = 0o600


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a back-up holds. `created` in unix seconds; `rows` of each table of the database; `left_out` are files that
    are no part of it, such as the root key.
    """

    format: int
    node: str
    network: str
    version: str
    created: int
    rows: dict[str, int]
    files: list[Entry]
    left_out: list[str] = []


def files_of(home: Path) -> tuple[list[Path], list[str]]:
    """The files of a data folder that belong into a back-up, and those that do not."""
    kept, left = [], []
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        top = name.split("/")[0]
        if top in LEFT_OUT or top.startswith((REPLACED, BEFORE, SCRATCH)) or not path.is_file():
            continue
        if path.is_symlink() or name == ROOT_KEY or path.stat().st_size > FILE_MOST:
            left.append(name)
        else:
            kept.append(path)
    return kept, left


def entry_of(path: Path, name: str) -> Entry:
    """A file with its digest."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    found = path.stat()
    return Entry(path=name, size=found.st_size, sha256=digest, mode=found.st_mode & 0o777)


def pack(target: IO[bytes], key: BackupKey, manifest: Manifest, home: Path, database: Path, progress: Progress) -> None:
    """Write a whole back-up. `progress` hears of the bytes that were packed so far."""
    head = Head(node=manifest.node, created=manifest.created, key=key.name(), salt=secrets.token_hex(16))
    envelope = EnvelopeWriter(target, key, head)
    done = 0
    with (
        gzip.GzipFile(fileobj=envelope, mode="wb", compresslevel=1, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        _add(tar, MANIFEST, msgspec.json.encode(manifest))
        for entry in manifest.files:
            path = database if entry.path == DATABASE else home / entry.path
            with path.open("rb") as file:
                tar.addfile(_info(entry.path, entry.size), _Counting(file, progress, done))
            done += entry.size
    envelope.finish()


def unpack(source: IO[bytes], key: BackupKey, folder: Path, progress: Progress) -> Manifest:
    """Write the files of a back-up into an empty folder and give its manifest; `Refusal` where anything is amiss."""
    reader = EnvelopeReader(source, key)
    try:
        with gzip.GzipFile(fileobj=reader, mode="rb") as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
            return _take_out(tar, folder, progress)
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error, UnicodeError) as error:
        raise _damaged(str(error)) from None


def _take_out(tar: tarfile.TarFile, folder: Path, progress: Progress) -> Manifest:
    manifest = _manifest(tar, tar.next())
    owed, done = {entry.path: entry for entry in manifest.files}, 0
    for member in iter(tar.next, None):
        entry = owed.pop(member.name, None)
        if entry is None or not member.isreg() or member.size != entry.size or not _stays_inside(entry.path):
            raise _damaged(f"{member.name}, which the manifest does not name so")
        target = folder / entry.path
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _write(tar.extractfile(member), target, entry, progress, done) != entry.sha256:
            raise _damaged(f"{entry.path} is not as it was packed")
        done += entry.size
    if owed:
        raise _damaged(f"{sorted(owed)[0]} is missing")
    return manifest


def _write(source: IO[bytes] | None, target: Path, entry: Entry, progress: Progress, done: int) -> str:
    digest = hashlib.sha256()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, entry.mode & 0o700), "wb") as file:
        for part in _parts(source):
            file.write(part)
            digest.update(part)
            done += len(part)
            progress(done)
        file.flush()
        os.fsync(file.fileno())
    target.chmod(entry.mode & 0o755)
    return digest.hexdigest()


def _parts(source: IO[bytes] | None) -> Iterator[bytes]:
    while source is not None and (part := source.read(AT_ONCE)):
        yield part


def _manifest(tar: tarfile.TarFile, member: tarfile.TarInfo | None) -> Manifest:
    found = tar.extractfile(member) if member is not None and member.name == MANIFEST else None
    if found is None or member is None or member.size > MANIFEST_MOST:
        raise _damaged("it does not begin with its manifest")
    try:
        manifest = msgspec.json.decode(found.read(), type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged(f"a manifest that cannot be read: {error}") from None
    if manifest.format != FORMAT:
        do = "restore it with the version that made it, then upgrade"
        raise Refusal("newer-backup", f"a back-up of format {FORMAT}", str(manifest.format), do, 3)
    return manifest


def _stays_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and name != MANIFEST and "\0" not in name


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    tar.addfile(_info(name, len(data)), io.BytesIO(data))


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


class _Counting:
    """Reads a file and tells how far it came."""

    def __init__(self, file: IO[bytes], progress: Progress, before: int) -> None:
        self._file, self._progress, self._done = file, progress, before

    def read(self, size: int = -1) -> bytes:
        part = self._file.read(size)
        self._done += len(part)
        self._progress(self._done)
        return part


def _damaged(came: str) -> Refusal:
    return Refusal("damaged-backup", "a whole back-up of a node", came, "take another copy of it", DAMAGED)
