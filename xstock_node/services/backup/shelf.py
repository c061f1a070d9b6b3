"""The files that are kept for one peer: a folder of its own, parts as they come, the last few whole ones.

A part is on disk before it is told as held. A file is whole once all of it gives the hash that was announced; until
then it has another name.
"""

import hashlib
import os
import shutil
from pathlib import Path

import msgspec

from xstock_node.protocol import backups, limits
from xstock_node.protocol.backups import Announced, KeptFile, KeptFiles, Taken
from xstock_node.protocol.errors import Full, Gap, Mismatch, NotFound, ProtocolError, TooLarge
from xstock_node.storage.to_disk import synchronise

UNFINISHED, TOLD = ".part", ".told"
SPARE = 256 << 20  # bytes that stay free on the keeper's own disk


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What was announced of a file, and when."""

    size: int
    sha256: str
    at: int


class Shelf:
    """At most `most` bytes of one peer in `folder`, the last `files` whole ones."""

    def __init__(self, folder: Path, most: int, files: int) -> None:
        self._folder, self._most, self._files = folder, most, files

    def listed(self) -> KeptFiles:
        """All of it, the oldest first (xs1 22.6)."""
        names = (path.name.removesuffix(TOLD) for path in self._folder.glob(f"*{TOLD}"))
        found = [kept for name in names if (kept := self._kept(name)) is not None]
        return KeptFiles(most=self._most, files=sorted(found, key=lambda kept: (kept.at, kept.name)))

    def announce(self, name: str, told: Announced, now: int) -> Taken:
        """Begin a file, or go on with it where the same was announced before (xs1 22.3)."""
        backups.file_name(name)
        backups.check(told)
        kept = self._kept(name)
        if kept is not None and (kept.size, kept.sha256) == (told.size, told.sha256):
            return self._resumed(kept)
        if told.size > self._most:
            raise TooLarge(f"at most {self._most} bytes", told.size)
        self.delete(name)
        self._make_room(told.size)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self._folder / f"{name}{TOLD}.new"
        _durably(beside, msgspec.json.encode(Told(size=told.size, sha256=told.sha256, at=now)))
        beside.replace(self._folder / f"{name}{TOLD}")
        synchronise(self._folder)
        return Taken(held=0, whole=False)

    def put(self, name: str, number: int, digest: str, part: bytes) -> Taken:
        """Keep a part; the last one makes the file whole (xs1 22.4, 22.5)."""
        kept = self._there(name)
        if kept.whole:
            return Taken(held=kept.held, whole=True)
        if number > kept.held:
            raise Gap("the part that follows", f"part {number}", held=kept.held)
        if len(part) != backups.part_length(kept.size, number) or not part:
            raise ProtocolError(f"{backups.part_length(kept.size, number)} bytes in part {number}", len(part))
        if hashlib.sha256(part).hexdigest() != digest:
            raise ProtocolError("a part that gives its hash", digest)
        self._check_disk(len(part))
        path = self._folder / f"{name}{UNFINISHED}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.seek(number * limits.BACKUP_PART)
            file.write(part)
            file.flush()
            os.fsync(file.fileno())
        return self._settled(self._there(name))

    def part(self, name: str, number: int) -> bytes:
        """A part of a whole file."""
        kept = self._there(name)
        length = backups.part_length(kept.size, number)
        if not kept.whole or not length:
            raise NotFound("a part that is kept here", f"part {number} of {name}")
        with (self._folder / name).open("rb") as file:
            file.seek(number * limits.BACKUP_PART)
            return file.read(length)

    def delete(self, name: str) -> bool:
        """Forget a file; whether there was one."""
        kept = self._kept(backups.file_name(name))
        for suffix in ("", UNFINISHED, TOLD):  # what was announced goes last: what is left over is still known
            (self._folder / f"{name}{suffix}").unlink(missing_ok=True)
        return kept is not None

    def newest(self) -> Path | None:
        """The newest whole file."""
        whole = [kept.name for kept in self.listed().files if kept.whole]
        return self._folder / whole[-1] if whole else None

    def _there(self, name: str) -> KeptFile:
        kept = self._kept(backups.file_name(name))
        if kept is None:
            raise NotFound("a file that is kept here", name)
        return kept

    def _kept(self, name: str) -> KeptFile | None:
        try:
            told = msgspec.json.decode((self._folder / f"{name}{TOLD}").read_bytes(), type=Told)
        except (OSError, msgspec.DecodeError):
            return None
        whole, parts = (self._folder / name).exists(), backups.parts_of(told.size)
        length = 0 if whole else _length(self._folder / f"{name}{UNFINISHED}")
        held = parts if whole or length >= told.size else length // limits.BACKUP_PART
        return KeptFile(name=name, size=told.size, sha256=told.sha256, held=held, whole=whole, at=told.at)

    def _resumed(self, kept: KeptFile) -> Taken:
        """Go on with a file; the last part that was written comes again: a power cut may have torn it."""
        if kept.whole or not kept.held:
            return Taken(held=kept.held, whole=kept.whole)
        os.truncate(self._folder / f"{kept.name}{UNFINISHED}", (kept.held - 1) * limits.BACKUP_PART)
        return Taken(held=kept.held - 1, whole=False)

    def _settled(self, kept: KeptFile) -> Taken:
        """Where all parts are there: is it the file that was announced? Then it is whole, and older ones go."""
        if kept.whole or kept.held < backups.parts_of(kept.size):
            return Taken(held=kept.held, whole=kept.whole)
        unfinished = self._folder / f"{kept.name}{UNFINISHED}"
        os.truncate(unfinished, kept.size)
        with unfinished.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != kept.sha256:
            self.delete(kept.name)
            raise Mismatch("the file that was announced", digest, "send it again")
        unfinished.replace(self._folder / kept.name)
        synchronise(self._folder)
        for old in [one for one in self.listed().files if one.whole][: -self._files]:
            self.delete(old.name)
        return Taken(held=kept.held, whole=True)

    def _make_room(self, size: int) -> None:
        """Older whole files go, but never the newest; and what was begun before (xs1 22.7)."""
        files = self.listed().files
        for unfinished in (one for one in files if not one.whole):
            self.delete(unfinished.name)
        whole = [one for one in files if one.whole]
        while len(whole) > 1 and sum(one.size for one in whole) + size > self._most:
            self.delete(whole.pop(0).name)
        if sum(one.size for one in whole) + size > self._most:
            raise TooLarge(f"at most {self._most} bytes with the newest file, which stays", size)
        self._check_disk(size)

    def _check_disk(self, size: int) -> None:
        place = next(path for path in (self._folder, *self._folder.parents) if path.exists())
        if shutil.disk_usage(place).free < size + SPARE:
            raise Full("room on this node's disk", "less than its reserve")


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _durably(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
