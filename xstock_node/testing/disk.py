"""A node's disk in a simulation: what a power cut leaves of it, copies of it, and times when it is full.

The engine is the one that runs in production, in place and without threads, on a file that lies in memory. SQLite's
log of writes (WAL) is synchronised only by durable commits and by check-points; what came after the last of them may
be lost in a power cut. The kit knows from SQLite's own shared index how many frames were written and how many had
reached the database, and cuts a copy of the log anywhere between that and its end.
"""

import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeVar

from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.sqlite import SqliteEngine

T = TypeVar("T")
FULL = ("room on the disk", "database or disk is full", "free some space; reading goes on meanwhile")
FRAME_HEADER, WAL_HEADER = 24, 32


class Written(NamedTuple):
    """Where SQLite's log stands: its generation, frames in it, frames that reached the database, bytes of a page."""

    generation: bytes
    frames: int
    stored: int
    page: int


class Watch:
    """What the kit wants to hear of a node's writes."""

    def worked(self, tx: Transaction) -> None:
        """A piece of work is done and not committed yet."""

    def ended(self, kept: bool, durable: bool) -> None:
        """The work was committed, durably or not, or undone."""


class SimEngine(SqliteEngine):
    """An engine that can lose its power and run out of room."""

    def __init__(self, path: Path, watch: Watch) -> None:
        super().__init__(path, threads=False)
        self.full = False
        self.refused = 0
        self._watch = watch
        self._durable = self._written()

    async def write(self, work: Callable[[Transaction], T], durable: bool) -> T:
        """See `Engine.write`."""

        def watched(tx: Transaction) -> T:
            value = work(tx)
            self._watch.worked(tx)
            if self.full:
                self.refused += 1
                raise StorageError(*FULL)
            return value

        kept = False
        try:
            value = await super().write(watched, durable)
            kept = True
        finally:
            self._watch.ended(kept, durable)
        if durable:
            self._durable = self._written()
        return value

    async def checkpoint(self) -> None:
        """See `Engine.checkpoint`."""
        await super().checkpoint()
        self._durable = self._written()

    def copy(self, to: Path) -> None:
        """A copy of the database as a snapshot of the machine would have it."""
        shutil.copyfile(self.path, to)
        shutil.copyfile(_wal(self.path), _wal(to))

    def lose_power(self, to: Path, random: Random) -> int:
        """Leave at `to` what a power cut might leave; the frames lost. Nothing can be read or written afterwards."""
        now, durable = self._written(), self._durable
        least = max(now.stored, durable.frames if durable.generation == now.generation else 0)
        kept = random.randint(least, max(least, now.frames))
        self.copy(to)
        with _wal(to).open("r+b") as wal:
            wal.truncate(min(WAL_HEADER + kept * (FRAME_HEADER + now.page), _wal(to).stat().st_size))
        self.discard()
        return now.frames - kept

    def discard(self) -> None:
        """The process is gone: its connections are closed, later use is an error."""
        self._closed = True
        for connection in (*self._reader_connections, self._connection):
            connection.close()

    def _written(self) -> Written:
        """Read from the WAL index (https://www.sqlite.org/walformat.html, section 2.1)."""
        try:
            with Path(f"{self.path}-shm").open("rb") as file:
                index = file.read(100)
        except FileNotFoundError:
            index = b""
        if len(index) < 100:
            return Written(b"", 0, 0, 4096)
        page, frames = struct.unpack_from("=HI", index, 14)
        return Written(index[32:40], frames, struct.unpack_from("=I", index, 96)[0], 65_536 if page == 1 else page)


def remove(path: Path) -> None:
    """Remove a database and what stands beside it."""
    for file in (path, _wal(path), Path(f"{path}-shm")):
        file.unlink(missing_ok=True)


def put_back(snapshot: Path, path: Path) -> None:
    """Replace a database by an older copy."""
    remove(path)
    shutil.copyfile(snapshot, path)
    if _wal(snapshot).exists():
        shutil.copyfile(_wal(snapshot), _wal(path))


def _wal(path: Path) -> Path:
    return Path(f"{path}-wal")
