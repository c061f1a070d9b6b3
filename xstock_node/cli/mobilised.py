"""A mobilisation table in words; what is unknown is written as unknown."""

from xstock_node.cli.output import table, words
from xstock_node.domain.mobilisation import FIGURES
from xstock_node.services.mobilising import EventRow, EventTable, SumView


def events(found: list[EventRow]) -> str:
    """The list of events."""
    rows = [
        (
            one.event or words("event.unnamed", "(none named)"),
            _mark(one.exercise),
            one.operations,
            one.open,
            one.changed,
        )
        for one in found
    ]
    titles = ("event", "exercise", "operations", "open", "changed")
    return table(titles, rows) if rows else words("request.none", "none yet")


def table_of(found: EventTable) -> str:
    """One table: totals, rows, consignments."""
    if not found.rows and not found.totals:
        return words("event.nothing", "nothing was asked for {event}", event=found.event)
    head = words("event.head", "{event}, as of {at}", event=found.event, at=found.at)
    parts = [f"{words('exercise.banner', 'EXERCISE: nothing here is real')}\n{head}" if found.exercise else head]
    columns = [name.replace("_", " ") for name in FIGURES]
    totals = [(t.side, t.item, t.unit, *(_sum(t.sums[name]) for name in FIGURES), t.gap) for t in found.totals]
    parts.append(table(("total as", "item", "unit", *columns, "gap"), totals))
    rows = [
        (r.item, r.unit, r.requester, r.supplier, *(_figure(r.figures[name]) for name in FIGURES)) for r in found.rows
    ]
    parts.append(table(("item", "unit", "requester", "supplier", *columns), rows))
    if found.consignments:
        on_road = [
            (c.operation, c.id, c.supplier, c.requester, c.stand, " ".join(c.countries) or _unknown(),
             ", ".join(c.crossings) or _unknown(), c.arrival or _unknown(), c.news, c.goods)
            for c in found.consignments
        ]  # fmt: skip
        titles = ("operation", "consignment", "from", "to", "stand", "road", "crossings", "expected", "news", "goods")
        parts.append(table(titles, on_road))
    return "\n\n".join(parts)


def _sum(one: SumView) -> str:
    if not one.unknown:
        return one.known
    return words("event.sum", "{known} + {count} unknown", known=one.known, count=one.unknown)


def _figure(figure: str | None) -> str:
    return _unknown() if figure is None else figure


def _unknown() -> str:
    return words("value.unknown", "unknown")


def _mark(exercise: bool) -> str:
    return words("event.exercise", "EXERCISE") if exercise else ""
