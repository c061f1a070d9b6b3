"""What a list has to pass before it takes the place of the last one: a wrong, cut or old file waits for a person."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from xstock_node.domain.stock import StockLine
from xstock_node.domain.stock_changes import MOST_LOST, MOST_MOVED, MassChange, mass_change
from xstock_node.plugins.adapters import FileReading
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Office

SHOWN_QUESTIONS: Final = 5
FRESH: Final = 35 * 86_400  # seconds, as of monthly reports
MOST_REJECTED: Final = 20  # one in so many lines of a list that nobody looks at: 5 %


def mark_of(before: Any, after: Any) -> str:
    """A short mark of what stands and what would take its place: a person's yes is good for these two alone."""
    return hashlib.sha256(msgspec.json.encode([before, after])).hexdigest()[:32]


def level_rows(levels: Mapping[tuple[str, str], Decimal]) -> list[tuple[str, str, Decimal]]:
    """Minimum levels in a fixed order, for a mark: place, item, level."""
    return sorted((*key, level) for key, level in levels.items())


def expect_seen(seen: str, before: Any, after: Any) -> None:
    """Raise Refusal where a person said yes to something else than what is there now."""
    if seen and seen != mark_of(before, after):
        do = "nothing was changed; look at the list again, as it is compared with the stock of now"
        raise Refusal("other-list", "the list and the stock as they were shown", "one of them is another now", do)


def hold_unattended(source: str, reading: FileReading) -> None:
    """Hold a list that nobody looks at where more than a few of its lines are rejected, or where it asks anything.

    A reader's questions are sentences: those that bear on figures cannot be told from the others.
    """
    if many_rejected(reading):
        lost, lines = len(reading.rejected), len(reading.rejected) + len(reading.rows)
        came = f"{lost} of {lines} lines of {source} that make no sense"
        do = "nothing was changed; mend them in the list, or take it as it is with `xstock stock import`"
        raise Refusal("many-rejected", "at most 5 % of the lines rejected", came, do)
    if reading.must_ask:
        more = (
            f"; and {len(reading.must_ask) - SHOWN_QUESTIONS} more" if len(reading.must_ask) > SHOWN_QUESTIONS else ""
        )
        came = "; ".join(reading.must_ask[:SHOWN_QUESTIONS]) + more
        do = (
            "nothing was changed, as any question may bear on figures; look at the list with `xstock stock preview`, "
            "then take it with `xstock stock import`; what is said there with --column or --language is not asked again"
        )
        raise Refusal("must-settle", f"a list of {source} that leaves nothing to settle", came, do)


def many_rejected(reading: FileReading) -> bool:
    """Whether more than one line in twenty makes no sense."""
    return len(reading.rejected) * MOST_REJECTED > len(reading.rejected) + len(reading.rows)


def oldest_good(office: Office) -> str:
    """The day (ISO) since which a list has to be, to be taken without a question."""
    return datetime.fromtimestamp(office.node.clock.now() - FRESH, UTC).date().isoformat()


async def hold_stale(office: Office, source: str, reading: FileReading) -> None:
    """Hold a list that nobody looks at where it says of itself that it is older than the last one, or than a month."""
    if not reading.as_of:
        return
    sources = await office.node.engine.read(lambda tx: tx.stock.sources())
    last = next((one.as_of for one in sources if one.name == source), "")
    oldest = oldest_good(office)
    if reading.as_of < max(last, oldest):
        expected = f"a list of {source} of {last} or later" if last > oldest else f"a list of {source} since {oldest}"
        do = "nothing was changed; if it is right take it with `xstock stock import`"
        raise Refusal("stale-list", expected, f"one of {reading.as_of}", do)


def guard(source: str, before: dict[str, StockLine], after: dict[str, StockLine]) -> None:
    """Hold a snapshot that changes so much that it may be a wrong or a cut file."""
    found = mass_change(list(before.values()), list(after.values()))
    if found is None:
        return
    expected = (
        f"at most {MOST_LOST:.0%} of the lines gone, the total moved by at most {MOST_MOVED:.0%}, no line tenfold"
    )
    do = "nothing was changed; look at the file, and if it is right take it with `--accept-changes`"
    raise Refusal("mass-change", expected, ", ".join(_why(source, found)), do)


def _why(source: str, found: MassChange) -> list[str]:
    why = [f"{found.lost} of {found.lines} lines of {source} gone"] if found.vanished else []
    why += [f"a total of {found.has} instead of {found.had}"] if found.moved else []
    why += [f"{len(found.grown)} lines of {source} tenfold, such as {found.grown[0]}"] if found.grown else []
    return why
