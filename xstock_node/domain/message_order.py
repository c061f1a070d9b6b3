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
    by_id = {one.id: one for one in messages}

    def depth(message: ResourceMessage) -> int:
        steps_up, seen = 0, {message.id}
        while (before := by_id.get(message.preceding)) is not None and before.id not in seen:
            steps_up, message = steps_up + 1, before
            seen.add(message.id)
        return steps_up

    return tuple(sorted(by_id.values(), key=lambda one: (depth(one), one.sent, one.id)))


def gaps(messages: Iterable[ResourceMessage]) -> tuple[str, ...]:
    """The ids that messages of a chain refer to and that are not among them."""
    every = tuple(messages)
    known = {one.id for one in every}
    named = [id_ for one in every for id_ in (one.originating, one.preceding, one.recalls) if id_]
    return tuple(dict.fromkeys(id_ for id_ in named if id_ not in known))
