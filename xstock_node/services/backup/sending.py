"""Bringing a back-up to a peer that keeps it, and getting it back: part by part, going on where a line broke.

The peer may lie. What it says is held against the file, its work is bounded, and so is what it may write on this disk.
"""

import hashlib
import os
import shutil
from collections.abc import Awaitable, Callable
from io import BufferedRandom, BufferedReader
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from xstock_node.protocol import backups, limits
from xstock_node.protocol.backups import Announced, KeptFile, KeptFiles, Taken
from xstock_node.protocol.decode import decode
from xstock_node.protocol.errors import Declined, Full, Gap, Mismatch, Quota, Unreachable
from xstock_node.protocol.peer import Peer
from xstock_node.services.backup.shelf import SPARE

Wait = Callable[[float], Awaitable[None]]
Progress = Callable[[int], None]

T = TypeVar("T")
PATIENCE = 600.0  # seconds without any answer
BACK_OFF, BACK_OFF_MAX = 1.0, 60.0
SETBACKS = 8  # so often a peer may lose what it held, and ask for it again
PACE = 0.15  # seconds between two parts: gossip of the same two nodes has room beside them


class Brought(NamedTuple):
    """The size of a file that a peer has whole, and how many bytes of it went just now."""

    size: int
    bytes: int


class Courier:
    """Brings files to `peer` and back. `wait` lets seconds pass; `progress` hears of the bytes that are done."""

    def __init__(self, peer: Peer, wait: Wait, progress: Progress, patience: float = PATIENCE) -> None:
        self._peer, self._wait, self._progress, self._patience = peer, wait, progress, patience

    async def listed(self) -> KeptFiles:
        """What the peer keeps of this node."""
        answer = await self._patiently(lambda: self._peer.ask("GET", "/xs/1/backup", most=limits.BACKUPS_LISTED))
        return decode(answer, KeptFiles, limits.BACKUPS_LISTED)

    async def send(self, file: Path) -> Brought:
        """Bring a file, or what is missing of it."""
        with file.open("rb") as source:
            size, digest = source.seek(0, os.SEEK_END), _digest(source)
            told = Announced(size=size, sha256=digest)
            body, path = msgspec.json.encode(told), backups.file_path(file.name)
            taken = decode(await self._patiently(lambda: self._peer.ask("POST", path, body)), Taken, limits.SMALL_BODY)
            parts, number, sent, setbacks = backups.parts_of(size), taken.held, 0, 0
            if taken.whole:
                if await self._is_kept(file.name, told):
                    return Brought(size, 0)
                number = 0
            while True:
                if not 0 <= number < parts:
                    raise Mismatch("a file that is whole once all parts are there", number)
                source.seek(number * limits.BACKUP_PART)
                part = source.read(limits.BACKUP_PART)
                taken = await self._put(file.name, number, part)
                sent += len(part)
                self._progress(min(size, (number + 1) * limits.BACKUP_PART))
                if taken.whole and (number + 1 == parts or await self._is_kept(file.name, told)):
                    break
                setbacks += taken.whole or taken.held <= number
                if setbacks > SETBACKS:
                    raise Mismatch("a peer that holds the parts that it took", taken.held)
                number = number + 1 if taken.whole else taken.held
                await self._wait(PACE)
        return Brought(size, sent)

    async def fetch(self, kept: KeptFile, folder: Path, size: int | None = None) -> Path:
        """Get a file back into a folder; what came before a broken line is gone on with. `size` as sent, if known."""
        target = folder / backups.file_name(kept.name)
        if kept.size <= 0 or size not in (None, kept.size):
            raise Mismatch(f"a file of {size or 'some'} bytes, as it was sent", kept.size)
        unfinished = folder / f"{kept.name}.part"
        with os.fdopen(os.open(unfinished, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            number = file.seek(0, os.SEEK_END) // limits.BACKUP_PART
            file.truncate(number * limits.BACKUP_PART)
            file.seek(number * limits.BACKUP_PART)
            while length := backups.part_length(kept.size, number):
                _check_room(folder, kept.size - number * limits.BACKUP_PART)
                path = backups.part_path(kept.name, number)
                part = await self._patiently(lambda path=path: self._peer.ask("GET", path, most=limits.BACKUP_BODY))  # type: ignore[misc]
                if len(part) != length:
                    raise Mismatch(f"{length} bytes in part {number}", len(part))
                file.write(part)
                number += 1
                self._progress(file.tell())
                await self._wait(PACE)
            file.flush()
            os.fsync(file.fileno())
            digest = _digest(file)
        if digest != kept.sha256:
            unfinished.unlink()
            raise Mismatch(f"the file with the hash {kept.sha256}", digest, "fetch it again")
        unfinished.replace(target)
        return target

    async def _is_kept(self, name: str, told: Announced) -> bool:
        """Whether the peer lists the very file as whole."""
        found = [one for one in (await self.listed()).files if one.name == name]
        return [(one.size, one.sha256, one.whole) for one in found] == [(told.size, told.sha256, True)]

    async def _put(self, name: str, number: int, part: bytes) -> Taken:
        path = backups.part_path(name, number, backups.part_hash(part))
        try:
            answer = await self._patiently(lambda: self._peer.ask("PUT", path, part))
        except Gap as gap:
            if gap.held is None or gap.held >= number:
                raise
            return Taken(held=gap.held, whole=False)  # it lost some of it: go on from there
        return decode(answer, Taken, limits.SMALL_BODY)

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask until there is an answer: a line breaks, a peer starts again, a quota fills."""
        waited, pause = 0.0, BACK_OFF
        while True:
            try:
                return await ask()
            except Declined:
                raise
            except (Unreachable, Quota) as error:
                longer = min(2 * pause, BACK_OFF_MAX)
                pause = max(BACK_OFF, error.retry_after) if isinstance(error, Quota) else longer
                if waited + pause > self._patience:
                    raise
            waited += pause
            await self._wait(pause)


def _check_room(folder: Path, size: int) -> None:
    if shutil.disk_usage(folder).free < size + SPARE:
        raise Full("room on this node's disk", "less than its reserve")


def _digest(file: BufferedReader | BufferedRandom) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()
