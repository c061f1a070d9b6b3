"""What a disk may hold after a power cut, told from a recording of what a process asked for.

What was written before the last synchronisation of its file is there. Of what came after it, each 512-byte sector may
be there or not, in any order; a file may be shorter or longer; a removal may not have happened until its folder was
synchronised. What a lying disk was asked to synchronise counts for nothing, and what was written before a
synchronisation that failed is lost for good.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

ENTRY = struct.Struct("<cHQI")
SECTOR = 512


class Entry(NamedTuple):
    """One call: its kind (see recorder.c), the file, the offset or size, the bytes."""

    kind: str
    file: str
    offset: int
    data: bytes


def read_recording(path: Path) -> list[Entry]:
    """All calls in order. A name stands before the first call of its file."""
    raw, at, names, found = path.read_bytes(), 0, dict[int, str](), list[Entry]()
    while at < len(raw):
        kind, number, offset, length = ENTRY.unpack_from(raw, at)
        at += ENTRY.size
        data = raw[at : at + length]
        at += length
        if kind == b"N":
            names[number] = data.decode()
        else:
            found.append(Entry(kind.decode(), "" if kind == b"D" else names[number], offset, data))
    return found


class Disk:
    """Files as they surely are (`safe`), and the calls of each since."""

    def __init__(self, lies: bool = False) -> None:
        self.safe: dict[str, bytearray] = {}
        self.since: dict[str, list[Entry]] = {}
        self._lies = lies

    def take(self, entry: Entry) -> None:
        """The next call of the recording."""
        if entry.kind == "D":
            self._keep_removals()
            return
        self.safe.setdefault(entry.file, bytearray())
        if entry.kind == "F":
            # The system calls the pages clean: they never reach the disk, whatever is synchronised later.
            self.since[entry.file] = [one for one in self.since.get(entry.file, []) if one.kind != "W"]
            return
        self.since.setdefault(entry.file, []).append(entry)
        if entry.kind == "S" and not self._lies:
            for earlier in self.since[entry.file]:
                _apply(self.safe[entry.file], earlier)
            self.since[entry.file].clear()

    def _keep_removals(self) -> None:
        """The folder was synchronised: files that were removed do not come back."""
        for file, entries in self.since.items():
            removals = [at for at, entry in enumerate(entries) if entry.kind == "U"]
            if removals and not self._lies:
                self.safe[file].clear()
                del entries[: removals[-1] + 1]

    def left(self, random: Random) -> dict[str, bytes]:
        """One state in which a cut now may leave the files."""
        return {file: bytes(self._left(file, random)) for file in self.safe}

    def pending(self) -> int:
        """Calls that may be lost."""
        return sum(len(entries) for entries in self.since.values())

    def _left(self, file: str, random: Random) -> bytearray:
        content = bytearray(self.safe[file])
        luck = random.choice((0.0, 0.3, 0.7, 1.0))
        entries = self.since[file]
        last = random.randint(0, len(entries))  # what is behind it had not reached the disk at all
        for entry in entries[:last]:
            if entry.kind != "W":
                if random.random() < luck:
                    _apply(content, entry)
                continue
            for part in _sectors(entry):
                if random.random() < luck:
                    _apply(content, part)
        return content


def _sectors(entry: Entry) -> Iterator[Entry]:
    at = 0
    while at < len(entry.data):
        step = SECTOR - (entry.offset + at) % SECTOR
        yield entry._replace(offset=entry.offset + at, data=entry.data[at : at + step])
        at += step


def _apply(content: bytearray, entry: Entry) -> None:
    if entry.kind == "W":
        if len(content) < entry.offset:
            content.extend(bytes(entry.offset - len(content)))
        content[entry.offset : entry.offset + len(entry.data)] = entry.data
    elif entry.kind == "T":
        del content[entry.offset :]
        content.extend(bytes(entry.offset - len(content)))
    elif entry.kind == "U":
        content.clear()
