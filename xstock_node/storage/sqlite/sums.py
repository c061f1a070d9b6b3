"""A sum of each record beside it, by which a bit that flipped on disk is noticed at reading.

CRC-32 of the line, begun with its position: every change of a few bits is found, and a record in another's place. It is
no protection against people; the signed heads are.
"""

import zlib
from collections.abc import Iterable, Iterator


def sum_of(pos: int, line: bytes) -> int:
    """The sum of a record line at a position."""
    return zlib.crc32(line, (pos ^ pos >> 32) & 0xFFFFFFFF)


def with_sums(lines: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes, int]]:
    """Positions and lines, each with its sum."""
    for pos, line in lines:
        yield pos, line, zlib.crc32(line, (pos ^ pos >> 32) & 0xFFFFFFFF)


def is_sound(pos: int, line: object, found: int | None) -> bool:
    """Whether a record is as it was written; one of before there were sums has none and is taken as it is."""
    return isinstance(line, bytes) and (found is None or found == zlib.crc32(line, (pos ^ pos >> 32) & 0xFFFFFFFF))
