"""Messages of a case and their receipts: signed notes that two nodes exchange about one operation.

A message names its own predecessor and the last message of the other side that its writer had seen. Side lines
(names, phones, plates) travel beside it and stand in it as hashes only, so that they can be erased apart.
"""

import hashlib
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from xstock_node.protocol import keys, limits, notes
from xstock_node.protocol.decode import decode, strict_json
from xstock_node.protocol.errors import ProtocolError, TooLarge
from xstock_node.protocol.names import hex_hash, is_record_id, label, node_name, number
from xstock_node.protocol.recordtypes import Hash, Salt, Time, Word
from xstock_node.protocol.signedtext import Lines, hash_or_none

MESSAGE, RECEIPT = "xs1/msg", "xs1/receipt"
SHORT, REMEMBERED = 4096, 2048
"""Messages of so many bytes or less are remembered as they were parsed, so many of them."""
Tlp = Literal["clear", "green", "amber", "red"]


class Link(NamedTuple):
    """A message's place in its writer's chain: start number, counter from 1, hash of its text; none is (0, 0, "")."""

    start: int
    n: int
    hash: str


NOTHING = Link(0, 0, "")


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every step carries: its verb and handling marks; the fields of each verb stand beside them (xs1 16.9).

    `side` and `blobs` are hashes of side lines and attachments; `keep_until` unix seconds; `pd` says that personal
    data is in the side lines.
    """

    step: Word
    tlp: Tlp = "green"
    purpose: Annotated[str, Meta(max_length=limits.FREE_TEXT)] = ""
    keep_until: Time = 0
    pd: bool = False
    side: Annotated[tuple[Hash, ...], Meta(max_length=limits.SIDE_LINES)] = ()
    blobs: Annotated[tuple[Hash, ...], Meta(max_length=limits.BLOBS)] = ()


class Message(NamedTuple):
    """A message as parsed: `link` is its own place, `previous` the hash before it, `seen` the other side's last."""

    network: str
    sender: str
    recipient: str
    case: str
    link: Link
    previous: str
    seen: Link
    time: int
    step: Step
    body: dict[str, Any]
    note: notes.Note

    @property
    def raw(self) -> bytes:
        """The note as received."""
        return self.note.raw

    @property
    def is_exercise(self) -> bool:
        """Exercise or real is fixed by the case id (xs1 2.8)."""
        return self.case.startswith("x")


class Receipt(NamedTuple):
    """`recipient` of a message says that it stored it durably, nothing more."""

    sender: str
    recipient: str
    case: str
    of: Link
    time: int
    note: notes.Note


def case_id(text: str) -> str:
    """The id of a case: 16 of `a-z2-7`; an exercise's begins with `x`, and nothing real does."""
    if not is_record_id(text):
        raise ProtocolError("a case id of 16 characters a-z2-7", text)
    return text


def write(
    network: str, sender: str, recipient: str, case: str, link: Link, previous: str, seen: Link, time: int, body: bytes
) -> str:
    """The text of a message; the hash in `link` is not part of it."""
    return (
        f"{MESSAGE}\nnetwork {label(network)}\nfrom {sender}\nto {recipient}\ncase {case_id(case)}\n"
        f"start {link.start}\nn {link.n} {previous or '-'}\n"
        f"seen {seen.start} {seen.n} {seen.hash or '-'}\ntime {time}\n{body.decode()}\n"
    )


def sign(text: str, signer: keys.Signer) -> bytes:
    """The note of a message or receipt, at most 64 KiB."""
    raw = notes.sign(text, signer)
    if len(raw) > limits.MESSAGE_NOTE:
        raise TooLarge(f"a message of at most {limits.MESSAGE_NOTE} bytes", len(raw), "put long things into blobs")
    return raw


def text_hash(text: str) -> str:
    """Hex SHA-256 of a note's text without its signatures (xs1 16.3)."""
    return hashlib.sha256(text.encode()).hexdigest()


def parse(raw: bytes) -> Message:
    """A message; its signature is not checked yet (xs1 16.2). Short ones are remembered: cases are read again often."""
    return _remembered(raw) if len(raw) <= SHORT else _parse(raw)


def _parse(raw: bytes) -> Message:
    note = notes.parse(raw, limits.MESSAGE_NOTE)
    lines = Lines(note.text, MESSAGE, 10)
    network = label(lines.value("network"))
    sender, recipient = node_name(lines.value("from")), node_name(lines.value("to"))
    case, start = case_id(lines.value("case")), lines.number("start")
    counter, _, previous = lines.value("n").partition(" ")
    seen, time, line = _link(lines.value("seen")), lines.number("time"), lines.whole().encode()
    n, before = number(counter), hash_or_none(previous)
    if sender == recipient:  # xs1 16.1
        raise ProtocolError("two parties", sender)
    if n < 1 or (n == 1) != (before == ""):
        raise ProtocolError("counters from 1, each later one with the hash before it", f"{n} {previous}")
    body = strict_json(line)
    if not isinstance(body, dict):
        raise ProtocolError("one JSON object", line[:40])
    step = decode(line, Step, limits.MESSAGE_NOTE)
    link = Link(start, n, text_hash(note.text))
    return Message(network, sender, recipient, case, link, before, seen, time, step, body, note)


_remembered = lru_cache(REMEMBERED)(_parse)


def write_receipt(message: Message, time: int) -> str:
    """The text by which a message's recipient says that it stored it."""
    of = message.link
    return (
        f"{RECEIPT}\nfrom {message.recipient}\nto {message.sender}\ncase {message.case}\n"
        f"of {of.start} {of.n} {of.hash}\ntime {time}\n"
    )


def parse_receipt(raw: bytes) -> Receipt:
    """A receipt; its signature is not checked yet."""
    note = notes.parse(raw, limits.RECEIPT_NOTE)
    lines = Lines(note.text, RECEIPT, 6)
    sender, recipient = node_name(lines.value("from")), node_name(lines.value("to"))
    case, of = case_id(lines.value("case")), _link(lines.value("of"))
    if of == NOTHING:
        raise ProtocolError("a receipt of a message", "of nothing")
    return Receipt(sender, recipient, case, of, lines.number("time"), note)


class SideLine(msgspec.Struct, frozen=True, kw_only=True):
    """Personal data apart from the transcript: what it is, the text, 12 bytes of salt so that the hash is mute."""

    kind: Word
    text: Annotated[str, Meta(max_length=limits.FREE_TEXT)]
    n: Salt


def check_side_lines(step: Step, lines: tuple[bytes, ...]) -> tuple[SideLine, ...]:
    """The side lines of a step; raises unless each is one that the step names by its hash."""
    found = []
    for line in lines:
        if hashlib.sha256(line).hexdigest() not in step.side:
            raise ProtocolError("side lines that the message names by their hashes", line[:40])
        found.append(decode(line, SideLine, limits.SIDE_LINE))
    return tuple(found)


def _link(text: str) -> Link:
    parts = text.split(" ")
    if len(parts) != 3:
        raise ProtocolError("<start> <n> <hash>", text)
    link = Link(number(parts[0]), number(parts[1]), "" if parts[2] == "-" else hex_hash(parts[2]))
    if link != NOTHING and (link.n < 1 or not link.hash):
        raise ProtocolError("a message's place, or 0 0 -", text)
    return link
