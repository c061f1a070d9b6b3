"""Records: one line of JSON each, hashed as the exact bytes sent.

- what was received is what is stored and relayed; nothing is ever re-encoded for others;
- a line that breaks a rule is kept and relayed, never interpreted, and never stops the log: it becomes a `Defect`;
- an unknown type is stored and relayed as `Foreign`;
- integers only; a quantity is `(integer, power of ten)`.
"""

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from xstock_node.protocol import limits
from xstock_node.protocol.decode import strict_json
from xstock_node.protocol.errors import ProtocolError

# `$` alone also matches before a last newline.
RecordId = Annotated[str, Meta(pattern=r"^[a-z2-7]{16}(?!\n)$")]
Time = Annotated[int, Meta(ge=0, le=limits.LAST_SECOND)]
Salt = Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]{16}(?!\n)$")]
Integer = Annotated[int, Meta(ge=-limits.INTEGER, le=limits.INTEGER)]
Power = Annotated[int, Meta(ge=-9, le=9)]
Pair = tuple[Integer, Power]
ShortText = Annotated[str, Meta(max_length=limits.FREE_TEXT)]
Word = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]{1,64}(?!\n)$")]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}(?!\n)$")]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?!\n)$")]
Latitude = Annotated[int, Meta(ge=-90_000_000, le=90_000_000)]
Longitude = Annotated[int, Meta(ge=-180_000_000, le=180_000_000)]

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="t"):
    """What every record carries: id, time stated, end of lease, 12 bytes of salt, fields that must be understood."""

    id: RecordId
    ts: Time
    exp: Time
    n: Salt
    crit: tuple[Word, ...] = ()


class Offer(Record, frozen=True, kw_only=True, omit_defaults=True, tag="offer"):
    """A stock offer: a hint that this much may be lent or given, until `exp` (at most 90 days after `ts`).

    `item` is a catalogue code of `scheme`, `name` the owner's own words in `lang`; `qty` and `mult` count `unit`
    (UNECE Rec 20), `ready` hours, `at` a coarse place in microdegrees (lat, lon), `asof` when the stock was counted.
    """

    item: Word
    scheme: Word
    name: ShortText
    lang: Word
    cat: Word
    kind: Word = "goods"
    qty: Pair
    unit: Word
    mult: Pair = (1, 0)
    terms: tuple[Word, ...] = ()
    ready: Annotated[int, Meta(ge=0, le=8760)]
    cc: Country
    place: ShortText = ""
    at: tuple[Latitude, Longitude] | None = None
    best: Day | None = None
    cond: Word = "serviceable"
    asof: Time
    src: Word


class Withdraw(Record, frozen=True, kw_only=True, omit_defaults=True, tag="withdraw"):
    """Ends the offer of the same id; its `exp` is not before that of what it ends."""

    why: ShortText = ""


class Still(Record, frozen=True, kw_only=True, omit_defaults=True, tag="still"):
    """Source `src` was checked at `ts`: every live offer of it gets this `asof` and this lease."""

    src: Word


class Foreign(msgspec.Struct, frozen=True):
    """A record of a type, or with a critical field, that this node does not know: relayed, not interpreted."""

    t: str


class Defect(msgspec.Struct, frozen=True):
    """A line that breaks a rule of records: kept, counted, shown as its origin's defect."""

    why: str


Known = Offer | Withdraw | Still
Interpreted = Known | Foreign | Defect
_FIELDS: dict[str, frozenset[str]] = {
    str(kind.__struct_config__.tag): frozenset(kind.__struct_fields__) | {"t"} for kind in (Offer, Withdraw, Still)
}
_decoder: msgspec.json.Decoder[Known] = msgspec.json.Decoder(Known)
_encoder = msgspec.json.Encoder()


def encode(record: Known) -> bytes:
    """The line of a record of our own, without its newline."""
    line = _encoder.encode(record)
    if not limits.RECORD_MIN <= len(line) <= limits.RECORD:
        raise ProtocolError(f"a record of at most {limits.RECORD} bytes", f"{len(line)} bytes", "shorten its texts")
    found = interpret(line)
    if isinstance(found, Defect):
        raise ProtocolError("a record by the rules", found.why)
    return line


def interpret(line: bytes) -> Interpreted:
    """What a line says, or why it says nothing. Never raises.

    Bytes that a typed value encodes back to exactly cannot hide a duplicate key, a float or an unknown field: that
    is the fast way. Every other line goes through the strict reader.
    """
    if not limits.RECORD_MIN <= len(line) <= limits.RECORD:
        return Defect(f"length {len(line)}")
    try:
        value = _decoder.decode(line)
        if _encoder.encode(value) == line:
            return _checked(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    return _interpret_slowly(line)


def _interpret_slowly(line: bytes) -> Interpreted:
    if line[:1] != b"{" or line[-1:] != b"}":
        return Defect("not one JSON object")
    if any(byte < 0x20 for byte in line):
        return Defect("a control byte")
    try:
        value = strict_json(line)
    except ProtocolError as error:
        return Defect(error.sentence())
    kind = value.get("t")
    if not isinstance(kind, str):
        return Defect("no type")
    if kind not in _FIELDS or _unknown_critical(kind, value):
        return Foreign(kind)
    try:
        return _checked(msgspec.convert(value, Known))
    except msgspec.ValidationError as error:
        return Defect(str(error))


def _unknown_critical(kind: str, value: dict[str, Any]) -> bool:
    critical = value.get("crit")
    named = [field for field in critical if isinstance(field, str)] if isinstance(critical, list) else []
    return any(field not in _FIELDS[kind] for field in named)


def _checked(record: Known) -> Interpreted:
    kind = str(record.__struct_config__.tag)
    if any(field not in _FIELDS[kind] for field in record.crit):
        return Foreign(kind)
    if isinstance(record, Offer | Still) and not 0 < record.exp - record.ts <= limits.LEASE_MAX:
        return Defect("a lease outside 1 second to 90 days")
    if isinstance(record, Offer):
        if record.qty[0] <= 0 or record.mult[0] <= 0:
            return Defect("a quantity of nothing")
        if _UNSAFE.search(record.name) or _UNSAFE.search(record.place):
            return Defect("control or direction characters in a text")
    elif isinstance(record, Withdraw) and _UNSAFE.search(record.why):
        return Defect("control or direction characters in a text")
    return record
