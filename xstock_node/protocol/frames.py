"""The stream of pull and push: `@ <log id> <start> <count>` opens a frame, `{` a record, `#` a leaf hash.

A frame of segment roots is opened by `@ <log id> <start> <count> roots` and holds `#` lines; one that ends `proof`
holds the root of the first <start> records and a consistency path. Lines end with 0x0A (xs1 8.1 to 8.3).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from xstock_node.protocol import keys, limits, merkle
from xstock_node.protocol.errors import ProtocolError, TooLarge
from xstock_node.protocol.names import LogId, number, parse_log_id

HASH_LINE = 45
_HASH_LINE = re.compile(rb"#[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=")


class Frame(NamedTuple):
    """`lines` as received: record lines, or `#` lines; `roots` and `proof` say that they are no leaf hashes."""

    log: LogId
    start: int
    roots: bool
    lines: list[bytes]
    proof: bool = False

    def leaves(self) -> list[bytes]:
        """The leaf hash of each line: hashed from a record, read from a `#` line."""
        return leaves_of(self.lines)


def header(log: LogId, start: int, count: int, roots: bool = False) -> bytes:
    """The line that opens a frame."""
    return f"@ {log} {start} {count}{' roots' if roots else ''}\n".encode()


def hash_line(leaf: bytes) -> bytes:
    """The `#` line of a leaf hash or root, without its newline."""
    return b"#" + keys.to_base64(leaf).encode()


def encode(log: LogId, start: int, lines: Iterable[bytes], count: int, roots: bool = False) -> bytes:
    """One whole frame."""
    body = b"\n".join(lines)
    return header(log, start, count, roots) + (body + b"\n" if count else b"")


def encode_proof(log: LogId, start: int, hashes: Sequence[bytes]) -> bytes:
    """A frame of the root of the first `start` records and a consistency path from there."""
    lines = b"".join(hash_line(h) + b"\n" for h in hashes)
    return f"@ {log} {start} {len(hashes)} proof\n".encode() + lines


def parse(data: bytes) -> Iterator[Frame]:
    """The frames of one whole body; a frame cut short or a stray line is refused."""
    if data and not data.endswith(b"\n"):
        raise ProtocolError("a stream that ends with a newline", data[-40:])
    count = data.count(b"\n")
    if count > limits.STREAM_LINES:
        raise TooLarge(f"at most {limits.STREAM_LINES} lines in a stream", count, "send the rest in another one")
    lines = data.split(b"\n")
    lines.pop()
    position, frames = 0, 0
    while position < len(lines):
        log, start, count, kind = parse_header(lines[position])
        frames += 1
        if frames > limits.STREAM_LOGS * 64:
            raise TooLarge("fewer frames", frames)
        body = lines[position + 1 : position + 1 + count]
        if len(body) != count:
            raise ProtocolError(f"{count} lines in the frame", f"{len(body)}", "pull the rest again")
        yield Frame(log, start, kind == "roots", check_lines(body, kind != ""), kind == "proof")
        position += 1 + count


def parse_header(line: bytes) -> tuple[LogId, int, int, str]:
    """Log id, first index, count and whether the lines are `roots` or a `proof`, or neither."""
    if len(line) > limits.FRAME_HEADER:
        raise ProtocolError(f"a frame's first line of at most {limits.FRAME_HEADER} bytes", line[:80])
    try:
        parts = line.decode("ascii").split(" ")
    except UnicodeDecodeError:
        raise ProtocolError("a frame '@ <log id> <start> <count>'", line[:80]) from None
    kind = parts[4] if len(parts) == 5 else ""
    if parts[0] != "@" or len(parts) not in (4, 5) or (len(parts) == 5 and kind not in ("roots", "proof")):
        raise ProtocolError("a frame '@ <log id> <start> <count>'", line[:80])
    return parse_log_id(parts[1]), number(parts[2]), number(parts[3]), kind


def check_lines(lines: list[bytes], roots: bool) -> list[bytes]:
    """The lines of a frame as they are kept; a root frame holds hashes only.

    A record that breaks a rule of records is kept all the same, and one over its limit as its hash: no line of an
    origin stops its log.
    """
    if roots:
        for line in lines:
            if line[:1] != b"#":
                raise ProtocolError("a '#' line", line[:80])
            keys.from_base64(line[1:].decode("ascii", "replace"), 32)
        return lines
    if max(map(len, lines), default=0) <= limits.RECORD:  # xs1 4.5
        return lines
    return [line if len(line) <= limits.RECORD else hash_line(merkle.leaf_hash(line)) for line in lines]


def leaf_of(line: bytes) -> bytes:
    """The leaf hash of a record line, or the one that a `#` line states."""
    if is_hash_line(line):
        return keys.from_base64(line[1:].decode("ascii"), 32)
    return merkle.leaf_hash(line)


def leaves_of(lines: Iterable[bytes]) -> list[bytes]:
    """The leaf hash of each line."""
    return [sha256(b"\x00" + line).digest() if line[:1] != b"#" else leaf_of(line) for line in lines]


def is_hash_line(line: bytes) -> bool:
    """Whether a line stands for a record of which only the hash is known."""
    return len(line) == HASH_LINE and _HASH_LINE.fullmatch(line) is not None
