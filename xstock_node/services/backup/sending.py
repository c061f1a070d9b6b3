"""Bringing a back-up to a peer that keeps it, and getting it back: part by part, going on where a line broke."""

import hashlib
import os
from collections.abc import Awaitable, Callable
from io import BufferedRandom, BufferedReader
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from xstock_node.protocol import backups, limits
from xstock_node.protocol.backups import Announced, KeptFile, KeptFiles, Taken
from xstock_node.protocol.decode import decode
from xstock_node.protocol.errors import Declined, Gap, Mismatch, Quota, Unreachable
from xstock_node.protocol.peer import Peer

Wait = Callable[[float], Awaitable[None]]
Progress = Callable[[int], None]

T = TypeVar("T")
PATIENCE = 600.0  # seconds without any answer
BACK_OFF, BACK_OFF_MAX = 1.0, 60.0
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
            sent = 0
            while not taken.whole:
                if taken.held >= backups.parts_of(told.size):
                    raise Mismatch("a file that is whole once all parts are there", taken.held)
                source.seek(taken.held * limits.BACKUP_PART)
                part = source.read(limits.BACKUP_PART)
                taken = await self._put(file.name, taken.held, part)
                sent += len(part)
                self._progress(min(told.size, taken.held * limits.BACKUP_PART))
                await self._wait(PACE)
        return Brought(told.size, sent)

    async def fetch(self, kept: KeptFile, folder: Path) -> Path:
        """Get a file back into a folder; what came before a broken line is gone on with."""
        target = folder / backups.file_name(kept.name)
        unfinished = folder / f"{kept.name}.part"
        with os.fdopen(os.open(unfinished, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            number = file.seek(0, os.SEEK_END) // limits.BACKUP_PART
            file.truncate(number * limits.BACKUP_PART)
            file.seek(number * limits.BACKUP_PART)
            while length := backups.part_length(kept.size, number):
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
                pause = error.retry_after if isinstance(error, Quota) else min(2 * pause, BACK_OFF_MAX)
                if waited + pause > self._patience:
                    raise
            waited += pause
            await self._wait(pause)


def _digest(file: BufferedReader | BufferedRandom) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()
