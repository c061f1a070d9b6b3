"""Offers as nodes write them, read by one pattern: a quick way for the many lines of a log that are plain offers.

The pattern takes some of the lines that `interpret` reads as an `Offer`, and never another one: those whose fields
stand in the order of the type, with no escape in a text, no band, no critical field. Whatever it does not take goes
through `interpret`, which alone decides what a line says.

What it decided need not be decided again: a line that stands in the index is read without looking at its rules.
"""

import re
from typing import Final, NamedTuple

import msgspec

from xstock_node.protocol import limits
from xstock_node.protocol.recordtypes import UNSAFE_CHARACTERS

_WORD: Final = r"[A-Za-z0-9._:-]{1,64}"
_TEXT: Final = rf'[^"\\{UNSAFE_CHARACTERS}]{{0,{limits.FREE_TEXT}}}'
_SECONDS: Final = "0|[1-9][0-9]{0,9}"
_ID: Final = "[a-z2-7]{16}"
_COUNT: Final = "[1-9][0-9]{0,14}"  # below 2^53
_POWER: Final = "0|-?[1-9]"
_DEGREES: Final = "0|-?[1-9][0-9]{0,8}"
_FIELDS: Final = (
    rf'"id":"({_ID})"',
    rf'"ts":({_SECONDS})',
    rf'"exp":({_SECONDS})',
    r'"n":"[A-Za-z0-9+/]{16}"',
    rf'"item":"({_WORD})"',
    rf'"scheme":"{_WORD}"',
    rf'"name":"({_TEXT})"',
    rf'"lang":"{_WORD}"',
    rf'"cat":"({_WORD})"',
    rf'"kind":"{_WORD}"?',
    rf'"qty":\[({_COUNT}),({_POWER})\]',
    rf'"unit":"{_WORD}"',
    rf'"mult":\[{_COUNT},(?:{_POWER})\]?',
    rf'"terms":\["({_WORD}(?:","{_WORD}){{0,7}})"\]?',
    r'"ready":(0|[1-9][0-9]{0,3})',
    r'"cc":"([A-Z]{2})"',
    rf'"place":"({_TEXT})"?',
    rf'"at":\[({_DEGREES}),({_DEGREES})\]?',
    r'"best":"[0-9]{4}-[0-9]{2}-[0-9]{2}"?',
    rf'"cond":"{_WORD}"?',
    rf'"asof":({_SECONDS})',
    rf'"src":"({_WORD})"',
    rf'"of":"({_ID})"?',
)
"""The fields in their order; `?` at the end says that one may be missing."""
_LINE: Final = re.compile(
    r'\{"t":"offer"' + "".join(f"(?:,{one[:-1]})?" if one.endswith("?") else f",{one}" for one in _FIELDS) + r"\}"
)


class PlainOffer(NamedTuple):
    """What an index is made of: times in unix seconds, `ready` in hours, `lat` and `lon` in microdegrees.

    `quantity` times ten to the `power` counts the offer's unit; `terms` are parted by `","`; `of` is the public twin.
    """

    id: str
    ts: int
    exp: int
    item: str
    name: str
    cat: str
    quantity: int
    power: int
    terms: str
    ready: int
    cc: str
    place: str
    lat: int | None
    lon: int | None
    asof: int
    src: str
    of: str | None


def read_plain(line: bytes) -> PlainOffer | None:
    """The offer of a line, or None where the line is to be interpreted."""
    try:
        found = _LINE.fullmatch(line.decode())
    except UnicodeDecodeError:
        return None
    if found is None:
        return None
    id_, ts, exp, item, name, cat, quantity, power, terms, ready, cc, place, lat, lon, asof, src, of = found.groups()
    begins, ends, hours = int(ts), int(exp), int(ready)
    if not 0 < ends - begins <= limits.LEASE_MAX or hours > limits.READY_MOST or len(line) > limits.RECORD:
        return None
    north = east = None
    if lat is not None:
        north, east = int(lat), int(lon)
        if not (-limits.LATITUDE <= north <= limits.LATITUDE and -limits.LONGITUDE <= east <= limits.LONGITUDE):
            return None
    return PlainOffer(
        id_, begins, ends, item, name, cat, int(quantity), int(power), terms or "", hours, cc, place or "",
        north, east, int(asof), src, of,
    )  # fmt: skip


class IndexedOffer(msgspec.Struct, frozen=True, kw_only=True):
    """An offer, or a reserve with its `pool`, as people are shown it; fields as in `Offer`."""

    id: str
    item: str
    name: str
    lang: str
    cat: str
    qty: tuple[int, int]
    unit: str
    terms: tuple[str, ...] = ()
    ready: int
    cc: str
    place: str = ""
    best: str | None = None
    cond: str = "serviceable"
    src: str
    band: tuple[int, int] | None = None
    pool: str = ""
    by: str = ""


_indexed: Final = msgspec.json.Decoder(IndexedOffer)


def read_indexed(line: bytes) -> IndexedOffer | None:
    """The offer of a line that was interpreted when it was put into the index; None where it is gone since."""
    try:
        return _indexed.decode(line)
    except msgspec.DecodeError:
        return None
