"""Records: one line of JSON each, hashed as the exact bytes sent.

- what was received is what is stored and relayed; nothing is ever re-encoded for others;
- a line that breaks a rule is kept and relayed, never interpreted, and never stops the log: it becomes a `Defect`
  (xs1 4.4);
- an unknown type is stored and relayed as `Foreign` (xs1 4.6);
- integers only; a quantity is `(integer, power of ten)`.
"""

import re
from typing import Any

import msgspec

from xstock_node.protocol import limits
from xstock_node.protocol.decode import strict_json
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.recordtypes import (
    KINDS,
    UNSAFE_CHARACTERS,
    Audience,
    Defect,
    Erase,
    Foreign,
    Interpreted,
    Known,
    Notice,
    Offer,
    Record,
    Reserve,
    Revoke,
    Still,
    Vouch,
    Withdraw,
)

__all__ = [
    "Audience",
    "Defect",
    "Erase",
    "Foreign",
    "Interpreted",
    "Known",
    "Notice",
    "Offer",
    "Record",
    "Reserve",
    "Revoke",
    "Still",
    "Vouch",
    "Withdraw",
    "encode",
    "interpret",
]

_UNSAFE = re.compile(f"[{UNSAFE_CHARACTERS}]")


_FIELDS: dict[str, frozenset[str]] = {
    str(kind.__struct_config__.tag): frozenset(kind.__struct_fields__) | {"t"} for kind in KINDS
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
    if line[:1] != b"{" or line[-1:] != b"}":  # xs1 4.1
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
    if type(record) is Offer and _is_plain(record):
        return record
    kind = str(record.__struct_config__.tag)
    if any(field not in _FIELDS[kind] for field in record.crit):
        return Foreign(kind)
    if not isinstance(record, Withdraw) and not 0 < record.exp - record.ts <= _longest(record):
        return Defect(f"a lease outside 1 second to {_longest(record) // 86_400} days")
    if isinstance(record, Offer):
        if record.qty[0] <= 0 or record.mult[0] <= 0:
            return Defect("a quantity of nothing")
        if record.band is not None and not _is_band(record):
            return Defect("a band that does not end above its beginning")
    if any(_UNSAFE.search(text) for text in _texts(record)):  # xs1 4.11
        return Defect("control or direction characters in a text")
    return record


def _is_plain(offer: Offer) -> bool:
    """Whether an offer is well in every point; most are, and are looked at no further."""
    return (
        not offer.crit
        and offer.band is None
        and 0 < offer.exp - offer.ts <= limits.LEASE_MAX
        and offer.qty[0] > 0
        and offer.mult[0] > 0
        and _UNSAFE.search(f"{offer.name}{offer.place}") is None
    )


def _longest(record: Known) -> int:
    """The longest lease of a record in seconds (xs1 4.9)."""
    return limits.LEASE_MAX if isinstance(record, Offer | Still | Notice) else limits.GOVERNANCE_MAX


def _is_band(offer: Offer) -> bool:
    return offer.band is not None and offer.band[1] == offer.qty[1] and offer.band[0] > offer.qty[0]


def _texts(record: Known) -> tuple[str, ...]:
    """What people wrote in a record."""
    if isinstance(record, Reserve):
        return record.name, record.place, record.pool, record.by
    if isinstance(record, Offer):
        return record.name, record.place
    if isinstance(record, Withdraw | Revoke):
        return (record.why,)
    return (record.text,) if isinstance(record, Notice) else ()
