"""Heads: the signed state of a log (a C2SP checkpoint with three lines of our own, in a signed note)."""

from typing import NamedTuple

from xstock_node.protocol import keys, limits, notes
from xstock_node.protocol.errors import Fork, Held, ProtocolError, Rollback
from xstock_node.protocol.names import LogId, number, parse_log_id


class Base(NamedTuple):
    """The last head that the origin knew of itself when it opened the epoch; None for the first epoch."""

    epoch: int
    size: int
    root: bytes


class Head(NamedTuple):
    """`size` records with this `root`; `time` unix seconds; records below `minimum` may be gone.

    `based` is False only for a head without a base line (the format vector): no replica takes one.
    """

    log: LogId
    size: int
    root: bytes
    time: int
    minimum: int
    base: Base | None = None
    based: bool = True

    def text(self) -> str:
        """The note text that is signed."""
        lines = [
            str(self.log),
            str(self.size),
            keys.to_base64(self.root),
            f"time {self.time}",
            f"min {self.minimum}",
        ]
        if self.based:
            lines.append(_base_line(self.base))
        return "\n".join(lines) + "\n"


def sign(head: Head, signer: keys.Signer) -> bytes:
    """The signed note of a head."""
    return notes.sign(head.text(), signer)


def parse(raw: bytes, whole: bool = True) -> tuple[Head, notes.Note]:
    """A head and its note; the signature is not checked yet (`Note.verify`).

    The base line and the network are part of every head (xs1 2.3, 6.1); only who reads the format vector does without.
    """
    note = notes.parse(raw, limits.HEAD_NOTE)
    lines = note.text[:-1].split("\n")
    if not 5 <= len(lines) <= 6:
        raise ProtocolError("a head of log id, size, root, time, min and base", f"{len(lines)} lines")
    log = parse_log_id(lines[0])
    size = number(lines[1])
    minimum = _value(lines[4], "min")
    if minimum > size or minimum % limits.SEGMENT:
        raise ProtocolError(f"min a multiple of {limits.SEGMENT} within the size", lines[4])  # xs1 6.3
    based = len(lines) == 6
    if whole and not (based and log.name.network):
        raise ProtocolError("a head of a log <network>.<label> with its base line", f"{log}, {len(lines)} lines")
    base = _parse_base(lines[5]) if based else None
    if base is not None and (base.epoch >= log.epoch or base.size > size):
        raise ProtocolError("a base before this epoch, within the size", lines[5])
    root = keys.from_base64(lines[2], 32)
    return Head(log, size, root, _value(lines[3], "time"), minimum, base, based), note


def check_successor(held: Head, new: Head) -> None:
    """Raise unless `new` may follow `held`, the newest head of that log seen so far (xs1 6.4).

    In one epoch the same size means the same root for ever; size, time and min never go back; an epoch has one
    base; no lower epoch is taken.
    """
    if new.log.name != held.log.name:
        raise ProtocolError(f"a head of {held.log.name}", str(new.log))
    if new.log.epoch < held.log.epoch:
        raise Rollback(f"epoch {held.log.epoch} or newer", new.log.epoch)
    if new.log.epoch > held.log.epoch:
        return
    if new.base != held.base:
        raise Fork("one base an epoch", str(new.log), "keep both heads: they prove two histories")
    if new.size == held.size and new.root != held.root:
        raise Fork("the same root for the same size", f"{new.log} size {new.size}", "keep both heads")
    if new.size < held.size or new.time < held.time or new.minimum < held.minimum:
        raise Rollback("size, time and min that never go back", f"size {new.size}, time {new.time}")


def check_time(head: Head, now: int) -> None:
    """Raise `Held` for an epoch or a time more than 600 s ahead (xs1 6.5)."""
    if head.time > now + limits.AHEAD or head.log.epoch > now + limits.AHEAD:
        raise Held("a time at most 600 s ahead", f"time {head.time}, epoch {head.log.epoch}, here {now}")


def _base_line(base: Base | None) -> str:
    if base is None:
        return "base - 0 -"
    return f"base {base.epoch} {base.size} {keys.to_base64(base.root)}"


def _parse_base(line: str) -> Base | None:
    if line == "base - 0 -":
        return None
    parts = line.split(" ")
    if len(parts) != 4 or parts[0] != "base":
        raise ProtocolError("base <epoch> <size> <root>", line)
    return Base(number(parts[1]), number(parts[2]), keys.from_base64(parts[3], 32))


def _value(line: str, word: str) -> int:
    name, space, value = line.partition(" ")
    if name != word or not space:
        raise ProtocolError(f"a line '{word} <number>'", line)
    return number(value)
