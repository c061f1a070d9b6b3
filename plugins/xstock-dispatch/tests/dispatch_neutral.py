"""Neutral messages of every kind that EMSI has, as hypothesis makes them and as one loan has them."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from xstock_dispatch.codes import CLASS_OF, RCLASS, UM_OF
from xstock_dispatch.kinds import KINDS, MOMENTS

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

ALL_KINDS: tuple[MessageKind, ...] = tuple(KINDS)
LOAN: tuple[MessageKind, ...] = (
    *("request", "offer", "acceptance", "confirmation", "dispatch", "passage", "receipt"),
    *("extension-request", "extension-answer", "return-request", "return-answer", "return-dispatch", "return-receipt"),
)
TEXTS = (
    "șapte corturi în județul Iași, țară, ăâ",
    "Намети для Ізмаїла — їжа, ґанок",
    "әлем ғарыш қала ңөұүһі Қазақстан",
    "tenda për njerëz, çadra në Shkodër",
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
numbers = st.decimals(min_value=0, max_value=10**11, places=3, allow_nan=False, allow_infinity=False)
times = st.integers(1, 4_102_444_800)
codes = st.builds(
    Coded, st.one_of(said, st.sampled_from(["urn:glide#x", "EMMA_ID", "a=b", "urn:xstock:emsi:1#lot"])), maybe
) | st.builds(Coded, st.just(RCLASS), st.sampled_from(sorted(CLASS_OF.values())))
places = st.builds(
    Place,
    description=maybe,
    country=st.sampled_from(["", "RO", "MD", "KZ"]),
    code=st.sampled_from(["", "ROIAS", "MDBAL"]),
    point=st.none() | st.builds(Point, st.floats(-90, 90), st.floats(-180, 180)),
    address=st.lists(said, max_size=3).map(tuple),
)
contacts = st.builds(
    Contact, description=maybe, role=st.sampled_from(["", "sender", "owner"]), place=st.none() | places
)
schedules = st.builds(Schedule, moment=st.sampled_from(list(MOMENTS)), at=st.just(0) | times, place=st.none() | places)


@st.composite
def lines(draw: st.DrawFn, kind: MessageKind) -> Resource:
    """A line that a message of this kind can say."""
    scheduled = draw(st.lists(schedules, max_size=4))
    if moment := KINDS[kind].moment:
        scheduled.append(Schedule(moment=moment, place=draw(places)))
    fields: dict[str, Any] = {name: draw(maybe) for name in ("resource", "lot", "expiry", "terms", "owner", "about")}
    return Resource(
        id=draw(said),
        name=draw(maybe),
        item=draw(st.one_of(maybe, st.sampled_from(sorted(CLASS_OF)))),
        codes=tuple(draw(st.lists(codes, max_size=4))),
        quantity=draw(st.none() | numbers),
        unit=draw(st.one_of(maybe, st.sampled_from(sorted(UM_OF)))),
        said=draw(maybe),
        condition=draw(st.sampled_from(["", "good", "damaged", "short", "over"])),
        answer=draw(st.sampled_from(["", "accept", "provisional", "decline"])),
        reason=draw(maybe),
        schedule=tuple(scheduled),
        **fields,
    )


@st.composite
def messages(draw: st.DrawFn, kind: MessageKind) -> ResourceMessage:
    """A message of this kind within reach of the standard."""
    recalls = draw(said if kind == "recall" else maybe)
    return ResourceMessage(
        id=draw(said),
        kind=kind,
        sent=draw(times),
        status=draw(st.sampled_from(["Actual", "Exercise", "System", "Test"])),
        sender=draw(said),
        recipients=tuple(draw(st.lists(said, max_size=3))),
        originating=draw(maybe),
        preceding=draw(maybe),
        recalls=recalls,
        replaces=draw(st.booleans()) if kind == "recall" else bool(recalls),
        incidents=tuple(draw(st.lists(said, max_size=3))),
        incident=draw(maybe),
        language=draw(st.sampled_from(["", "ro", "kk", "sr-Cyrl", "tr"])),
        note=draw(maybe),
        contacts=tuple(draw(st.lists(contacts, max_size=3))),
        lines=tuple(draw(st.lists(lines(kind), min_size=bool(KINDS[kind].moment), max_size=3))),
    )


def one(kind: MessageKind, **changes: Any) -> ResourceMessage:
    """A plain message of this kind."""
    line: dict[str, Any] = {"id": "L1", "name": "Cort", "item": "HSHETENTF16C", "quantity": Decimal(40), "unit": "H87"}
    line |= {"about": "L1", "terms": "loan", "lot": "A7", "expiry": "2027-03"}
    if kind == "offer":
        line["answer"] = "accept"
    if moment := KINDS[kind].moment:
        line["schedule"] = (Schedule(moment=moment, at=1_800_000_000, place=Place(description="Albița")),)
    line |= changes.pop("line", {})
    fields: dict[str, Any] = {
        "id": f"id-{kind}",
        "sent": 1_800_000_000,
        "sender": "ro.redcross",
        "originating": "id-request",
        "preceding": "" if kind in ("request", "unsolicited-offer") else "id-request",
        "recalls": "id-request" if kind == "recall" else "",
        "incidents": ("FL-2026-000051-ROU",),
        "note": "Corturi pentru Bălți",
        "contacts": (Contact(description="Duty desk", role="sender"),),
        "lines": (Resource(**line),),
    }
    return ResourceMessage(kind=kind, **(fields | changes))
