"""Operations made up by the steps of both sides: told as events and advices that are valid, the same, and whole."""

import hashlib
from typing import Any

import msgspec
from epcis_schemas import judge as judge_events
from hypothesis import given, settings
from hypothesis import strategies as st
from ubl_neutral import TEXTS
from ubl_schemas import judge as judge_ubl
from xstock_shipment.documents import read_document as read_ubl
from xstock_shipment.documents import write_documents as write_ubl
from xstock_shipment.epcis.documents import read_document as read_events
from xstock_shipment.epcis.documents import write_documents as write_events
from xstock_shipment.epcis.words import STEPS

from xstock_node.domain import steps
from xstock_node.domain.message_chain import Partner, Told, chain_of
from xstock_node.domain.operation import Event
from xstock_node.domain.operations import Side
from xstock_node.domain.sscc import make_sscc

ITEMS = (("TENT", "H87"), ("FLOUR", "KGM"), ("WATER", "LTR"))
texts = st.sampled_from(TEXTS)
quantities = st.tuples(st.integers(1, 10**9), st.integers(-3, 3))
lines = st.builds(
    lambda what, qty, lot: steps.Line(item=what[0], unit=what[1], qty=qty, lot=lot),
    st.sampled_from(ITEMS),
    quantities,
    st.sampled_from(["", "A", *TEXTS]),
)
packed = st.lists(lines, max_size=3)


def event(side: Side, verb: str, n: int, seen: int, **fields: Any) -> Event:
    body = steps.body_of(verb, msgspec.to_builtins(fields))
    return Event(side, verb, body, n, seen, 1_806_211_800 + n, hashlib.sha256(f"{side} {n}".encode()).hexdigest())


@st.composite
def operations(draw: st.DrawFn) -> list[Event]:
    """A loan: its load on pallets, counted by pallet with some damaged and some short, and perhaps corrected."""
    out = draw(st.lists(lines, min_size=1, max_size=4))
    units = [
        {"sscc": make_sscc("3850000", n), "lines": inner, "kg": draw(st.none() | quantities), "serials": (draw(texts),)}
        for n, inner in enumerate(draw(st.lists(packed, max_size=3)))
    ]
    load = {"seal": draw(texts), "carrier": draw(texts), "mode": "3", "crossing": draw(st.just("") | texts)}

    def counted(damaged: bool) -> list[Any]:
        part = "damaged" if damaged else draw(st.sampled_from(["good", "damaged", "short"]))
        return [{"item": one.item, "unit": one.unit, part: one.qty, "reason": "wet"} for one in out]

    told = [
        event("requester", "request", 1, 0, lines=out, event="FL-1", place=draw(texts), terms=["loan"]),
        event("supplier", "offer", 1, 1, lines=out),
        event("requester", "accept", 2, 1, terms="loan"),
        event("supplier", "confirm", 2, 2),
        event("supplier", "stage", 3, 2, consignment="c1", units=units),
        event("supplier", "dispatch", 4, 2, consignment="c1", lines=out, note=draw(texts), **load),
        event("supplier", "departed", 5, 2, consignment="c1", place=draw(texts), at=1_806_300_000),
        event("requester", "received", 3, 5, consignment="c1", counts=counted(damaged=False)),
        event("requester", "returned", 4, 5, consignment="b1", lines=out),
        event("supplier", "return-received", 6, 4, consignment="b1", counts=counted(damaged=False)),
    ]
    if draw(st.booleans()):
        of = told[7].hash
        told.append(event("requester", "correct", 5, 6, of=of, counts=counted(damaged=True)))
    return told


@settings(max_examples=60, deadline=None)
@given(operations(), st.booleans())
def test_an_operation_is_told_alike_valid_and_whole(events: list[Event], exercise: bool) -> None:
    told = Told("case1", Partner("bg", "БЧК", "BG"), Partner("hr", "HCK", "HR"), exercise, {"TENT": TEXTS[2]})
    chain = chain_of(told, events)
    assert chain == chain_of(told, events[::-1])
    documents = write_events(chain)
    for one in documents:
        judge_events(one.content)
    readings = [read_events(one.content) for one in documents]
    found = [message for one in readings if one for message in one.messages]
    assert found == [message for message in chain if message.kind in STEPS] and len(found) in (7, 8)
    assert [one.content for one in write_events(found)] == [one.content for one in documents]
    advices = write_ubl(chain)
    kinds = [judge_ubl(one.content) for one in advices]
    assert kinds.count("ReceiptAdvice") == len(found) - 5 and kinds.count("DespatchAdvice") == 2
    again = [message for one in advices if (reading := read_ubl(one.content)) for message in reading.messages]
    assert [one.content for one in write_ubl(again)] == [one.content for one in advices]
    (out,) = [message for message in again if message.kind == "dispatch"]
    (meant,) = [message for message in chain if message.kind == "dispatch"]
    assert out.shipment == meant.shipment and out.lines == _without_terms(meant, out)


def _without_terms(meant: Any, read: Any) -> Any:
    """The lines as UBL tells them: with the terms of the operation, which stand in its request."""
    terms = [line.terms for line in read.lines]
    return tuple(msgspec.structs.replace(line, terms=one) for line, one in zip(meant.lines, terms, strict=True))
