"""The order of an operation's steps and messages: by what each answers, not by clocks or by when it came."""

from collections.abc import Iterable

from xstock_node.domain.messages import ResourceMessage
from xstock_node.domain.operation import Event
from xstock_node.domain.operations import Side


def causal(events: Iterable[Event]) -> Iterable[Event]:
    """Both chains as one: each step after those that its writer had seen, whatever the clocks said; else by time."""
    every = sorted(events, key=lambda e: e.n)
    chains = {side: [e for e in every if e.side == side] for side in ("requester", "supplier")}
    reached = {"requester": 0, "supplier": 0}
    while any(chains.values()):
        first = [chain[0] for chain in chains.values() if chain]
        free = [e for e in first if e.seen <= reached[_other(e.side)]] or first
        event = min(free, key=lambda e: (e.time, e.side))
        chains[event.side].pop(0)
        reached[event.side] = event.n
        yield event


def _other(side: Side) -> Side:
    return "supplier" if side == "requester" else "requester"


def in_order(messages: Iterable[ResourceMessage]) -> tuple[ResourceMessage, ...]:
    """Messages by how far they are from the first of their chain, then by time: whatever order they came in."""
    every = tuple(messages)
    before = {one.id: one.preceding for one in every}
    depths: dict[str, int] = {}

    def depth(id_: str) -> int:
        way: dict[str, None] = {}
        while id_ in before and id_ not in depths and id_ not in way:
            way[id_] = None
            id_ = before[id_]
        reached = depths.get(id_, -1)
        for n, one in enumerate(reversed(way), 1):
            depths[one] = reached + n
        return depths[next(iter(way))] if way else reached

    return tuple(sorted(every, key=lambda one: (depth(one.id), one.sent, one.id, one.sender)))


def gaps(messages: Iterable[ResourceMessage]) -> tuple[str, ...]:
    """The ids that messages of a chain refer to and that are not among them."""
    every = tuple(messages)
    known = {one.id for one in every}
    named = [id_ for one in every for id_ in (one.originating, one.preceding, one.recalls) if id_]
    return tuple(dict.fromkeys(id_ for id_ in named if id_ not in known))
