"""From values to what is read: figures in plain digits, times in UTC, what nobody knows as unknown."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from xstock_node.plugins.forms import Entry, FormFacts, FormField, Party
from xstock_ucpm.rules import UNKNOWN

SEVERITIES = {1: "1 - life at risk", 2: "2 - urgent", 3: "3 - needed"}


def figure(value: Decimal | int | None) -> str:
    """A figure; unknown is said, and is never 0."""
    if value is None:
        return UNKNOWN
    text = f"{Decimal(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment(at: int | datetime | None) -> str:
    """A time in UTC; empty where there is none."""
    if not at:
        return ""
    found = datetime.fromtimestamp(at, UTC) if isinstance(at, int) else at.astimezone(UTC)
    return f"{found:%Y-%m-%d %H:%M} UTC"


def iso(at: int | datetime | None) -> str:
    """A time by ISO 8601 in UTC, for JSON."""
    if not at:
        return ""
    found = datetime.fromtimestamp(at, UTC) if isinstance(at, int) else at.astimezone(UTC)
    return f"{found:%Y-%m-%dT%H:%M:%SZ}"


def name_of(party: Party) -> str:
    """An organisation's English name, else the first that it has, with its country."""
    name = party.names.get("en") or next(iter(party.names.values()), "")
    return ", ".join(part for part in (name, party.country) if part)


def joined(parts: Iterable[str], between: str = ", ") -> str:
    """The parts that say something."""
    return between.join(part for part in parts if part)


def filled(fields: Sequence[FormField], facts: FormFacts, known: dict[str, str]) -> dict[str, str]:
    """What each field says: a person's word, else what the node knows, else nothing."""
    return {one.name: facts.filled.get(one.name) or known.get(one.name, "") for one in fields}


def entries(fields: Sequence[FormField], values: dict[str, str]) -> list[Entry]:
    """The fields as entries; one without a value is a line for the pen."""
    return [Entry(label=one.label, value=values[one.name]) for one in fields]


def left_open(fields: Sequence[FormField], values: dict[str, str]) -> tuple[str, ...]:
    """The fields that say nothing."""
    return tuple(one.name for one in fields if not values[one.name])


def reference(facts: FormFacts) -> str:
    """The number that the form goes under: the last that somebody gave, else the event's own."""
    return facts.references[-1] if facts.references else ""
