"""One operation as the messages that other systems know: the signed steps of both sides, told in their words.

A pure view of what was signed. Each message refers to the one that it answers, the first is the request, and nothing
is told that no step says: a step without a counterpart (a green light, a count that is agreed) has no message.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from xstock_node.domain import steps
from xstock_node.domain.message_loads import shipment_of, told_apart
from xstock_node.domain.message_order import causal
from xstock_node.domain.messages import (
    Answer,
    Contact,
    MessageKind,
    Moment,
    Place,
    Resource,
    ResourceMessage,
    Schedule,
    Shipment,
)
from xstock_node.domain.operation import Event, lines_of
from xstock_node.domain.operations import Side
from xstock_node.domain.sums import ZERO, Key
from xstock_node.domain.units import from_sent_pair

KINDS: Final[Mapping[str, MessageKind]] = {
    "request": "request",
    "indicate": "offer",
    "offer": "offer",
    "decline": "offer",
    "accept": "acceptance",
    "confirm": "confirmation",
    "dispatch": "dispatch",
    "departed": "passage",
    "border": "passage",
    "received": "receipt",
    "extend": "extension-request",
    "extended": "extension-answer",
    "recall": "return-request",
    "recall-agreed": "return-answer",
    "returned": "return-dispatch",
    "return-received": "return-receipt",
    "withdraw": "recall",
    "cancelled": "recall",
    "cancel-own": "recall",
}
"""Steps with a counterpart. What one side only proposes, such as `cancel`, is told when the other has concluded it."""

ANSWERS: Final[Mapping[MessageKind, tuple[MessageKind, ...]]] = {
    "offer": ("request",),
    "acceptance": ("offer",),
    "confirmation": ("acceptance",),
    "dispatch": ("confirmation",),
    "passage": ("passage", "dispatch"),
    "receipt": ("dispatch",),
    "extension-request": ("receipt",),
    "extension-answer": ("extension-request",),
    "return-request": ("receipt", "dispatch"),
    "return-answer": ("return-request",),
    "return-dispatch": ("return-answer", "receipt"),
    "return-receipt": ("return-dispatch",),
    "recall": ("confirmation", "acceptance", "offer", "request"),
}
"""Which message each answers: the last before it of the first of these kinds of which there is one."""

OWN_ID: Final = "urn:xstock:"
CONDITIONS: Final = ("good", "damaged", "short", "over")
_MOMENTS: Final[Mapping[MessageKind, Moment]] = {
    "dispatch": "actual-departure",
    "passage": "current",
    "receipt": "actual-arrival",
    "return-dispatch": "actual-return-departure",
    "return-receipt": "actual-return-arrival",
}


class Partner(NamedTuple):
    """One side of an operation: its node's name, its legal name, its country (ISO 3166-1 alpha-2)."""

    node: str
    name: str
    country: str


class Told(NamedTuple):
    """What is known beside the steps. `names` are those of items. Where another system sent the request, `origin` is
    its message and `lines` the ids of its lines by item and unit: answers are given with its ids.
    """

    case: str
    requester: Partner
    supplier: Partner
    exercise: bool
    names: Mapping[str, str]
    origin: ResourceMessage | None = None
    lines: Mapping[Key, str] = {}


def chain_of(told: Told, events: Sequence[Event]) -> tuple[ResourceMessage, ...]:
    """The messages of an operation; `events` are both chains."""
    chain = _Chain(told)
    for event in causal(events):
        chain.take(event)
    return tuple(chain.messages)


class _Chain:
    def __init__(self, told: Told) -> None:
        self._told = told
        self._places: dict[Key, str] = dict(told.lines)
        self._lines: dict[str, tuple[steps.Line, ...]] = {}
        self._by_hash: dict[str, ResourceMessage] = {}
        self._where: Place | None = None
        self._staged: dict[str, steps.Stage] = {}
        self.messages: list[ResourceMessage] = []

    def take(self, event: Event) -> None:
        """Tell one step, where it has a counterpart."""
        if event.verb == "correct" and isinstance(event.body, steps.Correct):
            self._correct(event, event.body)
            return
        if isinstance(event.body, steps.Stage):
            self._staged[event.body.consignment] = event.body
        kind = KINDS.get(event.verb)
        if kind is None:
            return
        if event.verb == "request" and isinstance(event.body, steps.Ask):
            self._where = _place(event.body.place, event.body.country)
        if kind == "request" and self._told.origin is not None and not self.messages:
            self._spoken(event)
            self.messages.append(self._told.origin)
            self._by_hash[event.hash] = self._told.origin
            return
        before = self._answered(kind, event)
        if before is None and kind != "request":
            return  # the step that it answers is one without a counterpart
        recalls = before.id if before is not None and kind == "recall" else ""
        lines, shipment = told_apart(self._resources(event, kind)), None
        if isinstance(event.body, steps.Dispatch):
            shipment = shipment_of(self._staged.get(event.body.consignment), event.body, lines)
        self._add(event, kind, before, lines, recalls, shipment)

    def _add(
        self,
        event: Event,
        kind: MessageKind,
        before: ResourceMessage | None,
        lines: tuple[Resource, ...],
        recalls: str,
        shipment: Shipment | None,
    ) -> None:
        own, other = self._told.requester, self._told.supplier
        if event.side == "supplier":
            own, other = other, own
        id_ = f"{OWN_ID}{self._told.case}:{event.hash[:20]}"
        first = self.messages[0] if self.messages else None
        message = ResourceMessage(
            id=id_,
            kind=kind,
            sent=event.time,
            status="Exercise" if self._told.exercise else "Actual",
            sender=own.node,
            recipients=(other.node,),
            originating=first.id if first else id_,
            preceding=before.id if before else "",
            recalls=recalls,
            replaces=bool(recalls) and kind != "recall",
            incidents=(event.body.event,)
            if isinstance(event.body, steps.Ask) and event.body.event
            else self._incident(),
            note=event.body.note or event.body.reason or (event.verb if kind == "recall" else ""),
            contacts=(_contact(own, event.side),),
            lines=lines,
            shipment=shipment,
        )
        self.messages.append(message)
        self._by_hash[event.hash] = message

    def _incident(self) -> tuple[str, ...]:
        return self.messages[0].incidents if self.messages else ()

    def _correct(self, event: Event, body: steps.Correct) -> None:
        """A corrected fact is the same message once more, in place of the one that it takes back."""
        found = self._by_hash.get(body.of)
        if found is None:
            return
        lines = tuple(self._counted(body.counts)) if body.counts else tuple(self._plain(body.lines)) or found.lines
        first = found.lines[0] if found.lines else Resource(id="")
        lines = told_apart(_with(line, resource=first.resource, schedule=first.schedule) for line in lines)
        self._add(event, found.kind, self._named(found.preceding), lines, found.id, found.shipment)

    def _named(self, id_: str) -> ResourceMessage | None:
        return next((one for one in self.messages if one.id == id_), None)

    def _answered(self, kind: MessageKind, event: Event) -> ResourceMessage | None:
        consignment = getattr(event.body, "consignment", "")
        for wanted in ANSWERS.get(kind, ()):
            found = [one for one in self.messages if one.kind == wanted]
            same = [one for one in found if consignment and any(r.resource == consignment for r in one.lines)]
            if same or found:
                return (same or found)[-1]
        return None

    def _resources(self, event: Event, kind: MessageKind) -> Iterable[Resource]:
        body = event.body
        if isinstance(body, steps.Receipt):
            lines = [*self._counted(body.counts)]
        else:
            lines = [*self._plain(self._spoken(event))]
        answer, reason = _answer(event)
        moments = tuple(self._moments(event, kind))
        terms = ", ".join(body.terms) if isinstance(body, steps.Ask | steps.Promise) else getattr(body, "terms", "")
        for line in lines:
            about = line.about if kind != "request" else ""
            yield _with(
                line,
                about=about,
                resource=getattr(body, "consignment", ""),
                answer=answer,
                reason=reason,
                terms=terms,
                owner=body.owner if isinstance(body, steps.Promise) else "",
                schedule=moments,
            )

    def _spoken(self, event: Event) -> tuple[steps.Line, ...]:
        """The lines of a step; of one that takes over what was said before, those."""
        own = lines_of(event)
        taken = {
            "decline": ("request",),
            "accept": ("offer",),
            "confirm": ("accept", "offer"),
            "withdraw": ("offer",),
            "cancelled": ("confirm", "accept", "offer", "request"),
            "cancel-own": ("confirm",),
            "extended": ("extend",),
            "recall-agreed": ("recall",),
            "recall": ("dispatch",),
            "departed": ("dispatch",),
            "border": ("dispatch",),
            "returned": ("dispatch",),
        }.get(event.verb, ())
        consignment = getattr(event.body, "consignment", "")
        for verb in () if own else taken:
            own = self._lines.get(f"{verb} {consignment}", ()) or self._lines.get(verb, ())
            if own:
                break
        self._lines[event.verb] = self._lines[f"{event.verb} {consignment}"] = own
        return own

    def _plain(self, lines: Iterable[steps.Line]) -> Iterable[Resource]:
        for line in lines:
            yield _with(self._item((line.item, line.unit), line.quantity), lot=line.lot, expiry=line.expiry)

    def _counted(self, counts: Iterable[steps.Count]) -> Iterable[Resource]:
        for count in counts:
            for condition in CONDITIONS:
                quantity = from_sent_pair(getattr(count, condition))
                if quantity != ZERO:
                    line = self._item((count.item, count.unit), quantity)
                    yield _with(line, id=f"{line.id}-{condition}", condition=condition, reason=count.reason)

    def _item(self, key: Key, quantity: Decimal) -> Resource:
        number = self._places.setdefault(key, str(len(self._places) + 1))
        name = self._told.names.get(key[0], "")
        return Resource(id=number, about=number, item=key[0], name=name or key[0], unit=key[1], quantity=quantity)

    def _moments(self, event: Event, kind: MessageKind) -> Iterable[Schedule]:
        body = event.body
        if isinstance(body, steps.Ask):
            if body.needed_by or self._where:
                yield Schedule(moment="requested-arrival", at=body.needed_by, place=self._where)
        elif isinstance(body, steps.Promise) and body.ready_at:
            yield Schedule(moment="estimated-departure", at=body.ready_at, place=_place(body.origin))
        elif isinstance(body, steps.Accept) and event.verb == "accept":
            self._where = _place(body.place, body.country) or self._where
            if self._where:
                yield Schedule(moment="requested-arrival", place=self._where)
        elif isinstance(body, steps.Loan) and body.due and kind in ("extension-request", "extension-answer"):
            yield Schedule(moment="estimated-return", at=_day(body.due))
        elif moment := _MOMENTS.get(kind):
            place = _place(getattr(body, "place", "")) or _whereabouts(event, self._where)
            yield Schedule(moment=moment, at=getattr(body, "at", 0) or event.time, place=place)
            if isinstance(body, steps.Dispatch) and body.arrival:
                yield Schedule(moment="estimated-arrival", at=body.arrival, place=self._where)


def _answer(event: Event) -> tuple[Answer, str]:
    if event.verb == "indicate":
        return "provisional", event.body.reason or event.body.note or "possible; its owner decides"
    if event.verb == "decline":
        return "decline", event.body.reason or event.body.note or "declined"
    accepted = event.verb in ("offer", "confirm", "extended", "recall-agreed")
    return ("accept", "") if accepted else ("", "")


def _contact(own: Partner, side: Side) -> Contact:
    place = Place(country=own.country) if own.country else None
    return Contact(description=own.name or own.node, role="requester" if side == "requester" else "owner", place=place)


def _place(text: str, country: str = "") -> Place | None:
    return Place(description=text, country=country) if text or country else None


def _whereabouts(event: Event, where: Place | None) -> Place | None:
    """A place for what states none: on the way, with the word of the event; else where the goods were to come."""
    if isinstance(event.body, steps.Movement):
        return Place(description=event.body.event or event.verb)
    return where if event.verb == "received" else None


def _day(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def _with(line: Resource, **changes: object) -> Resource:
    return msgspec.structs.replace(line, **changes)
