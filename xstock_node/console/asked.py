"""What somebody wants to ask, as a form says it: goods by any name, quantities as typed, moments in the own zone.

Nothing is guessed: what has two readings, or no item, or no hour that exists, stands as a doubt until it is settled.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from xstock_node.console.figures import readings
from xstock_node.console.form import Form
from xstock_node.console.vocabulary import mark
from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.items import BaseUnit, Item

PIECES: Final = frozenset({BaseUnit.PIECE, BaseUnit.SET, BaseUnit.ONE, BaseUnit.PAIR})
CANDIDATES: Final = 12
HOUR: Final = 3600


class TypedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as typed: `item` is a code once it is known, `candidates` codes that it may be, `quantity` plain once it
    has one reading, `readings` where it has several; `doubt` says in words what is missing, empty where nothing is.
    """

    key: str
    text: str
    typed: str
    item: str = ""
    unit: str = ""
    candidates: list[str] = []
    quantity: str = ""
    readings: list[str] = []
    subs: bool = False
    doubt: str = ""


def lines_of(form: Form, catalogue: Catalogue) -> list[TypedLine]:
    """The lines of a form; empty ones are left out."""
    return [
        line_of(key, parts, catalogue) for key, parts in form.rows("line") if parts.get("item") or parts.get("quantity")
    ]


def line_of(key: str, parts: dict[str, str], catalogue: Catalogue) -> TypedLine:
    """One line, as far as it can be understood."""
    text, typed = parts.get("item", ""), parts.get("quantity", "")
    line = TypedLine(key=key, text=text, typed=typed, subs="subs" in parts)
    item, candidates = item_of(parts.get("code", "") or text, catalogue)
    if item is None:
        doubt = mark("Which of these is meant?") if candidates else mark("The catalogue knows no such thing.")
        return msgspec.structs.replace(line, candidates=candidates, doubt=doubt if text else mark("What is wanted?"))
    line = msgspec.structs.replace(line, item=item.code, unit=item.unit.value)
    found = readings(typed, whole=item.unit in PIECES)
    meant = parts.get("meant", "")
    if len(found) > 1 and meant in map(plain, found):
        found = [Decimal(meant)]
    if len(found) == 1:
        return msgspec.structs.replace(line, quantity=plain(found[0]))
    if found:
        said = [plain(one) for one in found]
        return msgspec.structs.replace(line, readings=said, doubt=mark("This can be read in two ways. Which is meant?"))
    doubt = mark("How much? A figure above zero is wanted; whole ones for pieces.")
    return msgspec.structs.replace(line, doubt=doubt)


def item_of(text: str, catalogue: Catalogue) -> tuple[Item | None, list[str]]:
    """The item that a code or name means; else the codes of those that it may mean."""
    exact = catalogue.get(text) or catalogue.get(text.upper())
    if exact is not None:
        return exact, []
    named = [
        item for item in catalogue.all() if text and text.casefold() in {n.casefold() for n in item.names.values()}
    ]
    if len(named) == 1:
        return named[0], []
    codes = [item.code for item in named] or (catalogue.codes_matching(text) if text else [])
    if len(codes) == 1:
        return catalogue.get(codes[0]), []
    return None, codes[:CANDIDATES]


def plain(figure: Decimal) -> str:
    """A figure as the API takes it."""
    return f"{figure.normalize():f}"


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """A moment as typed: unix seconds once it is known, and what is doubtful about it."""

    at: int = 0
    doubt: str = ""


def moment_of(form: Form, name: str, zone: ZoneInfo, now: int) -> Moment:
    """A moment of a form: `NAME_within` so many hours from now, else `NAME`, a local time by the reader's clock.

    The hour that the clocks leave out does not exist; the one that they repeat is the first of the two.
    """
    typed = form.text(name)
    if not typed:
        hours = form.text(f"{name}_within")
        return (
            Moment(at=now + int(hours) * HOUR) if hours.isascii() and hours.isdigit() and len(hours) < 5 else Moment()
        )
    moment = local_moment(typed, zone)
    over = not moment.doubt and moment.at <= now
    return Moment(doubt=mark("This moment is over.")) if over else moment


def local_moment(typed: str, zone: ZoneInfo) -> Moment:
    """A local time (ISO 8601 without an offset) by a clock. The hour that the clocks leave out does not exist."""
    try:
        local = datetime.fromisoformat(typed).replace(tzinfo=zone)
        back = local.astimezone(UTC).astimezone(zone)
    except (ValueError, OverflowError):
        return Moment(doubt=mark("A day and an hour are wanted, such as 2027-03-28 14:00."))
    if back.replace(tzinfo=None) != local.replace(tzinfo=None):
        return Moment(doubt=mark("This hour does not exist: the clocks go forward in that night."))
    return Moment(at=int(local.timestamp()))
