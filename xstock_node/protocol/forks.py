"""Fork statements: proof, for anybody who knows the origin's keys, that two signed in its name.

Either two histories of one epoch, or an older epoch that went on long after a newer one began.

Two heads of one epoch are enough where they have two bases, or one size and two roots. Where the sizes differ the
statement adds the root that the longer one's first records really have, and the path from there to its own root:
the shorter head's root is another, so that no one tree holds both.
"""

from typing import NamedTuple

from xstock_node.protocol import heads, keys, limits, merkle
from xstock_node.protocol.errors import ProtocolError, TooLarge
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import LogId, number
from xstock_node.protocol.notes import Note

FIRST_LINE = "xs1/fork"


class ForkStatement(NamedTuple):
    """Two signed heads that no one history has; `prefix` and `path` where their sizes differ."""

    shorter: Head
    longer: Head
    notes: tuple[Note, Note]
    prefix: bytes
    path: tuple[bytes, ...]
    raw: bytes

    @property
    def log(self) -> LogId:
        """The log and epoch that has two histories, or the older of two that went on side by side."""
        return self.shorter.log

    @property
    def shows_twins(self) -> bool:
        """Whether it shows two nodes with one key in two epochs, which each have one history (xs1 7.6)."""
        return self.shorter.log != self.longer.log


def write(first: bytes, second: bytes, prefix: bytes = b"", path: tuple[bytes, ...] = ()) -> bytes:
    """The statement of two head notes, the shorter or the older epoch's first; `prefix` is the root of the longer's
    first records."""
    lines = [FIRST_LINE, f"heads {len(first)} {len(second)}"]
    if prefix:
        lines += [f"prefix {keys.to_base64(prefix)}", *(f"path {keys.to_base64(h)}" for h in path)]
    return "\n".join([*lines, "", ""]).encode() + first + second


def parse(raw: bytes) -> ForkStatement:
    """A statement whose proof holds; the signatures of its two heads are not checked yet (`notes`) (xs1 19.1)."""
    if len(raw) > limits.FORK_NOTE:
        raise TooLarge(f"a fork statement of at most {limits.FORK_NOTE} bytes", len(raw))
    top, blank, rest = raw.partition(b"\n\n")
    try:
        lines = top.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise ProtocolError("a fork statement in ASCII before its heads", "other bytes") from None
    sizes = lines[1].split(" ") if len(lines) > 1 else []
    if not blank or lines[0] != FIRST_LINE or len(sizes) != 3 or sizes[0] != "heads" or len(lines) > 67:
        raise ProtocolError("xs1/fork, heads <bytes> <bytes>, an empty line, two head notes", lines[0])
    cut, end = number(sizes[1]), number(sizes[1]) + number(sizes[2])
    if end != len(rest):
        raise ProtocolError(f"{end} bytes of heads", len(rest))
    shorter, first = heads.parse(rest[:cut])
    longer, second = heads.parse(rest[cut:])
    prefix, path = _proof(lines[2:])
    statement = ForkStatement(shorter, longer, (first, second), prefix, path, raw)
    _check(statement)
    return statement


def _proof(lines: list[str]) -> tuple[bytes, tuple[bytes, ...]]:
    if not lines:
        return b"", ()
    if not lines[0].startswith("prefix ") or not all(line.startswith("path ") for line in lines[1:]):
        raise ProtocolError("a line 'prefix <root>' and lines 'path <hash>'", lines[0])
    return keys.from_base64(lines[0][7:], 32), tuple(keys.from_base64(line[5:], 32) for line in lines[1:])


def are_twins(older: Head, newer: Head) -> bool:
    """Whether an older epoch was signed in so long after a newer one began that two nodes have one key (xs1 7.6)."""
    return (
        older.log.name == newer.log.name
        and older.log.epoch < newer.log.epoch
        and older.time > newer.log.epoch + limits.EPOCH_OVERLAP
    )


def _check(statement: ForkStatement) -> None:
    """Raise unless the two heads cannot be of one history."""
    a, b = statement.shorter, statement.longer
    if are_twins(a, b):
        return
    if a.log != b.log or a.size > b.size:
        raise ProtocolError("two heads of one epoch, the shorter first", f"{a.log} {a.size}, {b.log} {b.size}")
    if a.base != b.base or (a.size == b.size and a.root != b.root):
        return
    if a.size == b.size or not a.size:
        raise ProtocolError("two heads that contradict each other", "the same state twice")
    merkle.verify_consistency(a.size, b.size, statement.prefix, b.root, statement.path)
    if statement.prefix == a.root:
        raise ProtocolError("a longer head that does not continue the shorter", "one that does: no fork")
