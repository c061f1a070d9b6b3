"""A sum of each record beside it, by which a bit that flipped on disk is noticed at reading.

CRC-32 of the line, begun with its position: every change of a few bits is found, and a record in another's place. It is
no protection against people; the signed heads are.
"""

import sqlite3
from collections.abc import Iterable
from zlib import crc32

AT_ONCE = 10_000


def sum_of(pos: int, line: bytes) -> int:
    """The sum of a record line at a position."""
    return crc32(line, (pos ^ pos >> 32) & 0xFFFFFFFF)


def with_sums(lines: Iterable[tuple[int, bytes]]) -> list[tuple[int, bytes, int]]:
    """Positions and lines, each with its sum."""
    return [(pos, line, crc32(line, (pos ^ pos >> 32) & 0xFFFFFFFF)) for pos, line in lines]


def is_sound(pos: int, line: object, found: int | None) -> bool:
    """Whether a record is as it was written. A sum that is missing was lost: each record has one since the opening."""
    return isinstance(line, bytes) and found == crc32(line, (pos ^ pos >> 32) & 0xFFFFFFFF)


def fill_in(connection: sqlite3.Connection) -> None:
    """Give a sum to the records that an older program wrote without one."""
    unsummed = "select pos, line from record indexed by record_unsummed where sum is null limit ?"
    while rows := connection.execute(unsummed, (AT_ONCE,)).fetchall():
        connection.execute("begin immediate")
        sums = [(sum_of(pos, line), pos) for pos, line in rows]
        connection.executemany("update record set sum = ? where pos = ?", sums)
        connection.execute("commit")
