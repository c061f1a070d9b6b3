"""The mobilisation table of one event: who was asked for what, and how far it has come; derived, never typed.

Each certainty has a column of its own and nothing stands in two: possible, offered (until it is promised), promised,
and of what was promised the goods that left. What nobody has said is unknown (None), and a total says of how many
rows it does not know. One need asked of several suppliers counts once in what was asked.
"""

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from xstock_node.domain.counters import Counters
from xstock_node.domain.operation import Event, Operation
from xstock_node.domain.operations import BINDING, ENDED, Side, State
from xstock_node.domain.steps import Dispatch, Line, Movement, Receipt
from xstock_node.domain.sums import ZERO, Key


class Part(NamedTuple):
    """One operation of an event, seen from `side`; `request` is what several operations of one need share."""

    case: str
    side: Side
    requester: str
    supplier: str
    request: str
    operation: Operation


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Quantities of one item in its unit; None is unknown.

    `possible` and `offered`: unknown while the supplier is silent. `dispatched` less what a border refused is
    `under_way` + `good` + `damaged` + `missing_out`; `received` is good and damaged. `missing` is all that was counted
    short or lost, on any leg; `under_way` is unknown where more was counted than left. `returned` was counted by its
    owner.
    """

    asked: Decimal
    possible: Decimal | None
    offered: Decimal | None
    promised: Decimal
    dispatched: Decimal
    under_way: Decimal | None
    received: Decimal
    good: Decimal
    damaged: Decimal
    on_loan: Decimal
    coming_back: Decimal
    returned: Decimal
    missing: Decimal


FIGURES: Final = Figures.__struct_fields__


class Row(NamedTuple):
    """An item between two nodes; `cases` are the operations it comes from."""

    item: str
    unit: str
    side: Side
    requester: str
    supplier: str
    cases: tuple[str, ...]
    figures: Figures


class Sum(NamedTuple):
    """What is known, and in how many rows it is not."""

    known: Decimal
    unknown: int


class Total(NamedTuple):
    """An item on one side; `gap` is what was asked and nobody promised, need by need."""

    item: str
    unit: str
    side: Side
    sums: dict[str, Sum]
    gap: Decimal


class UnderWay(NamedTuple):
    """A consignment announced or on the road; `arrival` unix seconds, 0 unknown; `news` the last border event."""

    case: str
    id: str
    side: Side
    requester: str
    supplier: str
    stand: str
    crossings: tuple[str, ...]
    countries: tuple[str, ...]
    day: str
    arrival: int
    news: str
    lines: tuple[Line, ...]


class Table(NamedTuple):
    """The rows of an event, their totals, and the consignments that have not arrived."""

    rows: tuple[Row, ...]
    totals: tuple[Total, ...]
    consignments: tuple[UnderWay, ...]


def table(
    parts: Iterable[Part], needs: Iterable[tuple[str, str, Key, Decimal]] = (), ended: Collection[str] = ()
) -> Table:
    """The table of the operations of one event.

    `needs` are own needs as (requester, request, item and unit, quantity): what of them was asked of nobody yet counts
    in the totals all the same. Of an `ended` request, or one cancelled everywhere, only what was promised is wanted.
    """
    every = sorted(parts, key=lambda p: (p.side, p.requester, p.supplier, p.case))
    wanted, kept = _wanted(every, needs, ended), _promised(every)
    groups: dict[tuple[Key, Side, str, str], list[tuple[str, Figures]]] = {}
    for part in every:
        for key, counters in (part.operation.counters | _hints(part.operation)).items():
            place = key, part.side, part.requester, part.supplier
            groups.setdefault(place, []).append((part.case, figures(part.operation, key, counters)))
    rows = [
        Row(*key, side, requester, supplier, tuple(case for case, _ in found), _added(f for _, f in found))
        for (key, side, requester, supplier), found in sorted(groups.items(), key=lambda g: g[0])
    ]
    return Table(tuple(rows), tuple(_totals(rows, wanted, kept)), tuple(c for p in every for c in under_way(p)))


def figures(operation: Operation, key: Key, c: Counters) -> Figures:
    """How far one item of one operation has come."""
    decided = operation.decided
    silent = decided in (State.NOTIFIED, State.REQUESTED)
    holds = decided in BINDING or decided is State.CLOSED
    hinted = {State.INDICATED: "indicate", State.STANDBY: "standby"}.get(decided) if decided else None
    hint = sum((x.quantity for x in operation.lines(hinted) if (x.item, x.unit) == key), ZERO) if hinted else ZERO
    return Figures(
        asked=c.requested,
        possible=None if silent else hint,
        offered=None if silent or hinted else c.offered if decided is State.OFFERED else ZERO,
        promised=c.accepted - c.released if holds else ZERO,
        dispatched=c.dispatched - c.refused,
        under_way=c.in_transit if c.in_transit >= 0 else None,
        received=c.received + c.damaged,
        good=c.received,
        damaged=c.damaged,
        on_loan=max(c.lent, ZERO),
        coming_back=max(c.coming_back, ZERO),
        returned=c.back_good + c.back_damaged,
        missing=c.short + c.lost_out + c.lost_loan + c.lost_back + c.back_short,
    )


def under_way(part: Part) -> list[UnderWay]:
    """The consignments of an operation that are not counted yet."""
    found = []
    for status in part.operation.consignments.values():
        own = [e for e in part.operation.events if getattr(e.body, "consignment", "") == status.id]
        counted = sum(isinstance(e.body, Receipt) and e.verb == "received" for e in own)
        unnamed = any(e.verb == "received" and not getattr(e.body, "consignment", "") for e in part.operation.events)
        moving = any(c.in_transit != 0 for c in part.operation.counters.values())
        gone = status.stand == "dispatched" and (counted or (unnamed and not moving) or _lost(own))
        if part.operation.decided in ENDED or gone or status.stand == "turned-back":
            continue
        left = [e.body for e in own if isinstance(e.body, Dispatch)]
        last, stage = left[-1] if left else None, status.stage
        news = [e.body for e in own if e.verb in ("departed", "border", "refused") and isinstance(e.body, Movement)]
        staged = tuple(line for unit in stage.units for line in unit.lines) if stage else ()
        found.append(
            UnderWay(
                part.case,
                status.id,
                part.side,
                part.requester,
                part.supplier,
                status.stand,
                (last.crossing,) if last and last.crossing else stage.crossings if stage else (),
                tuple(code for code in stage.countries if code) if stage else (),
                last.day if last and last.day else stage.day if stage else "",
                last.arrival if last else 0,
                " ".join(x for x in (news[-1].event, news[-1].place) if x) if news else "",
                last.lines if last else staged,
            )
        )
    return found


def _lost(events: Iterable[Event]) -> bool:
    return any(e.verb == "lost" for e in events)


def _hints(operation: Operation) -> dict[Key, Counters]:
    """Items that are only held possible, of which the counters know nothing."""
    verb = {State.INDICATED: "indicate", State.STANDBY: "standby"}.get(operation.decided or State.CLOSED)
    keys = {(x.item, x.unit) for x in operation.lines(verb)} if verb else set()
    return {key: Counters() for key in keys - operation.counters.keys()}


def _need(part: Part) -> tuple[str, str]:
    return part.requester, part.request or part.case


def _wanted(
    parts: Sequence[Part], needs: Iterable[tuple[str, str, Key, Decimal]], ended: Collection[str]
) -> dict[tuple[Side, Key], dict[tuple[str, str], Decimal]]:
    """What each need asks for, once, however many were asked: the most that anybody was asked for."""
    found: dict[tuple[Side, Key], dict[tuple[str, str], Decimal]] = {}

    def take(side: Side, key: Key, need: tuple[str, str], quantity: Decimal) -> None:
        held = found.setdefault((side, key), {})
        held[need] = max(held.get(need, ZERO), quantity)

    for requester, request, key, quantity in needs:
        take("requester", key, (requester, request), quantity)
    still = {_need(part) for part in parts if part.operation.decided is not State.CANCELLED}
    for part in parts:
        runs = _need(part) in still and part.request not in ended
        for key, counters in part.operation.counters.items():
            if runs:
                take(part.side, key, _need(part), counters.requested)
            else:
                held = found.setdefault((part.side, key), {})
                binds = part.operation.decided in BINDING or part.operation.decided is State.CLOSED
                kept = counters.accepted - counters.released if binds else ZERO
                held[_need(part)] = held.get(_need(part), ZERO) + kept
    return found


def _promised(parts: Iterable[Part]) -> dict[tuple[Side, Key, str, str], Decimal]:
    found: dict[tuple[Side, Key, str, str], Decimal] = {}
    for part in parts:
        for key, counters in part.operation.counters.items():
            place = part.side, key, part.requester, part.request or part.case
            found[place] = found.get(place, ZERO) + figures(part.operation, key, counters).promised
    return found


def _totals(
    rows: Iterable[Row],
    wanted: dict[tuple[Side, Key], dict[tuple[str, str], Decimal]],
    kept: dict[tuple[Side, Key, str, str], Decimal],
) -> Iterable[Total]:
    groups: dict[tuple[Side, Key], list[Figures]] = {place: [] for place in wanted}
    for row in rows:
        groups.setdefault((row.side, (row.item, row.unit)), []).append(row.figures)
    for (side, key), found in sorted(groups.items(), key=lambda g: (g[0][1], g[0][0])):
        sums = {name: _sum([getattr(f, name) for f in found]) for name in FIGURES if name != "asked"}
        needs = wanted.get((side, key), {})
        gap = sum((max(asked - kept.get((side, key, *need), ZERO), ZERO) for need, asked in needs.items()), ZERO)
        yield Total(*key, side, {"asked": Sum(sum(needs.values(), ZERO), 0), **sums}, gap)


def _sum(values: list[Decimal | None]) -> Sum:
    return Sum(sum((v for v in values if v is not None), ZERO), sum(v is None for v in values))


def _added(found: Iterable[Figures]) -> Figures:
    """The figures of several operations between two nodes; unknown where one of them is."""
    every = [*found]
    added: dict[str, Decimal | None] = {}
    for name in FIGURES:
        total = _sum([getattr(f, name) for f in every])
        added[name] = None if total.unknown else total.known
    return Figures(**added)  # type: ignore[arg-type]
