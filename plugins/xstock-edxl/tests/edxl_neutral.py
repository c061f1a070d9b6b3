"""Neutral messages of every kind, as hypothesis makes them and as one loan has them."""

from decimal import Decimal
from typing import Any, get_args

from hypothesis import strategies as st
from xstock_edxl.kinds import KINDS, MOMENTS, ROLES, TYPES

from xstock_node.plugins.interchange import (
    Coded,
    Contact,
    MessageKind,
    Place,
    Point,
    Resource,
    ResourceMessage,
    Schedule,
)

ALL_KINDS: tuple[MessageKind, ...] = get_args(MessageKind)
TEXTS = (
    "Шаторче за осам особа, Крагујевац",
    "Сухомлинське мосту — їжа, ґанок",
    "șapte corturi în județul Iași, țară, ăâ",
    "tenda për njerëz, çadra në Shkodër",
    "әлем ғарыш қала ңөұүһі Қазақстан",
    "çadır, ığdır İzmir ğüşö",
    "<tents> & 'blankets' \"two\" ]]>",
    "one\r\ntwo\rthree\tfour",
    " kept spaces ",
)
said = st.one_of(
    st.sampled_from(TEXTS),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=40),
).filter(lambda one: bool(one.strip()) and not set(one) & {"\ufffe", "\uffff"})
maybe = st.one_of(st.just(""), said)
numbers = st.decimals(min_value=0, max_value=10**12, places=3, allow_nan=False, allow_infinity=False)
times = st.integers(1, 4_102_444_800)
points = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180))
codes = st.builds(Coded, st.one_of(maybe, st.sampled_from(["urn:glide#x", "EMMA_ID", "urn:xstock:rm:1#lot"])), maybe)
places = st.builds(
    Place,
    description=maybe,
    country=st.sampled_from(["", "RO", "MD", "KZ"]),
    code=st.sampled_from(["", "ROIAS", "MDBAL"]),
    point=st.none() | points,
    address=st.lists(said, max_size=3).map(tuple),
).filter(lambda place: place != Place())
contacts = st.builds(Contact, description=said, role=st.sampled_from(["", *ROLES]), place=st.none() | places)
schedules = st.builds(Schedule, moment=st.sampled_from(list(MOMENTS)), at=st.just(0) | times, place=st.none() | places)


@st.composite
def lines(draw: st.DrawFn, kind: MessageKind, type_: str) -> Resource:
    """A line that a message of this type can say."""
    must = TYPES[type_].must
    answer = draw(
        st.sampled_from(["accept", "provisional", "decline", *([] if "ResponseInformation" in must else [""])])
    )
    quantity = draw(numbers) if "Quantity" in must else draw(st.none() | numbers)
    scheduled = draw(st.lists(schedules, max_size=4))
    if moment := KINDS[kind].moment:
        scheduled.append(Schedule(moment=moment, place=draw(places)))
    fields: dict[str, Any] = {
        name: draw(maybe) for name in ("resource", "item", "lot", "expiry", "terms", "owner", "unit")
    }
    return Resource(
        id=draw(said),
        about=draw(said if "ResponseInformation" in must else maybe),
        name=draw(said),
        codes=tuple(draw(st.lists(codes, max_size=4))),
        quantity=quantity,
        said="" if quantity is not None else draw(st.just("") | said.filter(lambda one: not one.strip()[0].isdigit())),
        condition=draw(st.sampled_from(["", "good", "damaged", "short", "over"])),
        answer=answer,
        reason=draw(said if answer == "provisional" else maybe),
        schedule=tuple(scheduled),
        **fields,
    )


@st.composite
def messages(draw: st.DrawFn, kind: MessageKind) -> ResourceMessage:
    """A message of this kind within reach of the standard."""
    type_ = KINDS[kind].type
    must = TYPES[type_].must
    recalls = draw(said if kind == "recall" else maybe)
    return ResourceMessage(
        id=draw(said),
        kind=kind,
        sent=draw(times),
        status=draw(st.sampled_from(["Actual", "Exercise", "System", "Test"])),
        sender=draw(said),
        recipients=tuple(draw(st.lists(said, max_size=3))),
        originating=draw(maybe),
        preceding=draw(said if "PrecedingMessageID" in must else maybe),
        recalls=recalls,
        replaces=draw(st.booleans()) if recalls else False,
        incidents=tuple(draw(st.lists(said, max_size=3))),
        incident=draw(maybe),
        language=draw(st.sampled_from(["", "ro", "kk", "sr-Cyrl", "tr"])),
        note=draw(said if "MessageDescription" in must else maybe),
        contacts=tuple(draw(st.lists(contacts, min_size=1, max_size=3))),
        lines=tuple(draw(st.lists(lines(kind, type_), min_size="ResourceInformation" in must, max_size=3))),
    )


def one(kind: MessageKind, **changes: Any) -> ResourceMessage:
    """A plain message of this kind, with all that its type of message must have."""
    known = KINDS[kind]
    line: dict[str, Any] = {"id": "L1", "name": "Tent", "item": "HSHETENT", "quantity": Decimal(40), "unit": "H87"}
    line |= {"about": "L1", "answer": "accept", "terms": "loan", "lot": "A7", "expiry": "2027-03"}
    if known.moment:
        line["schedule"] = (Schedule(moment=known.moment, at=1_800_000_000, place=Place(description="Albița")),)
    line |= changes.pop("line", {})
    fields: dict[str, Any] = {
        "id": f"id-{kind}",
        "sent": 1_800_000_000,
        "sender": "ro@redcross.example",
        "originating": "id-request",
        "preceding": "" if kind in ("request", "unsolicited-offer") else "id-request",
        "recalls": "id-request" if kind == "recall" else "",
        "incidents": ("FL-2026-000051-ROU",),
        "note": "Corturi pentru Bălți",
        "contacts": (Contact(description="Duty desk", role="requester"),),
        "lines": (Resource(**line),),
    }
    return ResourceMessage(kind=kind, **(fields | changes))
