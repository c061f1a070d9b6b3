"""An operation as messages: each answers its own, whatever the clocks say; a correction replaces what it mends."""

import hashlib
from decimal import Decimal
from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.domain import steps
from xstock_node.domain.message_chain import KINDS, Partner, Told, chain_of
from xstock_node.domain.message_loads import told_apart
from xstock_node.domain.message_order import gaps, in_order
from xstock_node.domain.messages import HandlingUnit, Packed, Resource, ResourceMessage, Shipment
from xstock_node.domain.operation import Event
from xstock_node.domain.operations import Side

BG, HR = Partner("redcross.bg", "БЧК", "BG"), Partner("redcross.hr", "HCK", "HR")
TENT = steps.Line(item="TENT", unit="H87", qty=(50, 0))
TOLD = Told("case1", BG, HR, exercise=False, names={"TENT": "Family tent"})


def hash_of(side: Side, n: int) -> str:
    return hashlib.sha256(f"{side} {n}".encode()).hexdigest()


def event(side: Side, verb: str, n: int, seen: int, time: int = 0, **fields: object) -> Event:
    body = steps.body_of(verb, msgspec.to_builtins(fields))
    return Event(side, verb, body, n, seen, time, hash_of(side, n))


def gift(**times: int) -> list[Event]:
    """A gift of fifty tents, counted with two broken ones."""
    lines = [TENT]
    return [
        event("requester", "request", 1, 0, times.get("request", 10), lines=lines, event="FL-1", place="Vidin"),
        event("supplier", "offer", 1, 1, times.get("offer", 20), lines=lines, ready_at=60),
        event("requester", "accept", 2, 1, times.get("accept", 30), terms="donation"),
        event("supplier", "confirm", 2, 2, times.get("confirm", 40)),
        event("supplier", "dispatch", 3, 2, times.get("dispatch", 50), consignment="c1", lines=lines),
        event(
            "requester", "received", 3, 3, times.get("received", 60), consignment="c1",
            counts=[{"item": "TENT", "unit": "H87", "good": [48, 0], "damaged": [2, 0]}],
        ),
    ]  # fmt: skip


def test_each_message_answers_the_one_before_and_says_what_its_step_said() -> None:
    request, offer, acceptance, confirmation, dispatch, receipt = chain = chain_of(TOLD, gift())
    assert [m.kind for m in chain] == ["request", "offer", "acceptance", "confirmation", "dispatch", "receipt"]
    assert [m.preceding for m in chain[1:]] == [m.id for m in chain[:-1]] and {m.originating for m in chain} == {
        request.id
    }
    assert {m.sender for m in (request, acceptance, receipt)} == {BG.node} and offer.sender == HR.node
    assert [r.quantity for m in (offer, acceptance, confirmation, dispatch) for r in m.lines] == [50] * 4
    assert [(r.condition, r.quantity) for r in receipt.lines] == [("good", 48), ("damaged", 2)]
    assert {m.incidents for m in chain} == {("FL-1",)} and gaps(chain) == ()
    assert request.lines[0].name == "Family tent" and request.lines[0].schedule[0].place.description == "Vidin"  # type: ignore[union-attr]


@given(st.lists(st.integers(0, 9), min_size=6, max_size=6), st.permutations(range(6)))
def test_neither_clocks_nor_the_order_of_arrival_change_the_chain(clocks: list[int], order: list[int]) -> None:
    names = ("request", "offer", "accept", "confirm", "dispatch", "received")
    events = gift(**dict(zip(names, clocks, strict=True)))
    chain = chain_of(TOLD, [events[n] for n in order])
    assert [m.kind for m in chain] == ["request", "offer", "acceptance", "confirmation", "dispatch", "receipt"]
    assert in_order(reversed(chain)) == chain


def test_messages_that_come_in_whatever_order_are_put_in_theirs() -> None:
    chain = chain_of(TOLD, gift())[:4]
    assert {in_order(some) for some in permutations(chain)} == {chain}
    loop = tuple(ResourceMessage(id=a, kind="information", sent=0, preceding=b) for a, b in (("x", "y"), ("y", "x")))
    assert len(in_order(loop)) == 2, "references in a ring end"


def test_a_corrected_count_takes_the_place_of_the_first() -> None:
    counts = [{"item": "TENT", "unit": "H87", "good": [50, 0]}]
    events = [*gift(), event("requester", "correct", 4, 3, 70, of=hash_of("requester", 3), counts=counts)]
    *_, receipt, corrected = chain_of(TOLD, events)
    assert (corrected.kind, corrected.recalls, corrected.replaces) == ("receipt", receipt.id, True)
    assert [(r.condition, r.quantity) for r in corrected.lines] == [("good", 50)]


@pytest.mark.parametrize(("verb", "answer"), [("indicate", "provisional"), ("decline", "decline"), ("offer", "accept")])
def test_an_answer_says_what_kind_it_is_and_why(verb: str, answer: str) -> None:
    more = {"lines": [TENT]} if verb != "decline" else {"reason": "own-need"}
    request, said = chain_of(TOLD, [gift()[0], event("supplier", verb, 1, 1, 20, **more)])
    (line,) = said.lines
    assert (line.answer, line.about, line.quantity) == (answer, request.lines[0].id, 50)
    assert bool(line.reason) == (answer != "accept")


def test_answers_to_a_foreign_request_carry_its_ids() -> None:
    origin = chain_of(TOLD, gift())[0]
    foreign = msgspec.structs.replace(origin, id="CENTRE-7", originating="CENTRE-7", sender="centre.example")
    told = TOLD._replace(origin=foreign, lines={("TENT", "H87"): "ResourceInfoElementID.1"})
    chain = chain_of(told, gift())
    assert chain[0] == foreign and {m.originating for m in chain} == {"CENTRE-7"} and chain[1].preceding == "CENTRE-7"
    assert chain[1].lines[0].about == "ResourceInfoElementID.1"


def test_what_has_no_counterpart_is_not_told() -> None:
    events = [*gift()[:4], event("supplier", "stage", 3, 2, 45, consignment="c1")]
    assert len(chain_of(TOLD, events)) == 4 and "stage" not in KINDS
    assert chain_of(TOLD, [event("supplier", "standby", 1, 0, 5, lines=[TENT])]) == ()


def lot(name: str, quantity: int) -> steps.Line:
    return steps.Line(item="TENT", unit="H87", qty=(quantity, 0), lot=name)


def test_two_lots_of_one_item_are_two_lines_with_ids_of_their_own() -> None:
    events = gift()[:4]
    lines = [lot("A", 30), lot("B", 15), lot("C", 5)]
    events.append(event("supplier", "dispatch", 3, 2, 50, consignment="c1", lines=lines))
    counts = [
        {"item": "TENT", "unit": "H87", "good": [28, 0], "damaged": [2, 0], "sscc": "0" * 18},
        {"item": "TENT", "unit": "H87", "good": [20, 0], "sscc": "1" * 18},
    ]
    events.append(event("requester", "received", 3, 3, 60, consignment="c1", counts=counts))
    chain = chain_of(TOLD, events)
    assert chain == chain_of(TOLD, events[::-1]), "the same on both sides"
    told, receipt = chain[-2:]
    assert [(r.id, r.about, r.lot, r.quantity) for r in told.lines] == [
        ("1", "1", "A", 30),
        ("1.2", "1", "B", 15),
        ("1.3", "1", "C", 5),
    ]
    assert [(r.id, r.about, r.quantity) for r in receipt.lines] == [
        ("1-good", "1", 28),
        ("1-damaged", "1", 2),
        ("1-good.2", "1", 20),
    ]


@given(st.lists(st.sampled_from(["1", "1.2", "1.3", "2", "1.2.2"]), max_size=8))
def test_lines_are_told_apart_and_who_is_alone_keeps_its_id(ids: list[str]) -> None:
    found = [line.id for line in told_apart(Resource(id=one) for one in ids)]
    assert len(set(found)) == len(found) and all(one.startswith(was) for was, one in zip(ids, found, strict=True))
    assert all(found[ids.index(one)] == one for one in set(ids)), "the first keeps it"


def test_a_dispatch_tells_its_units_seal_carrier_mode_and_crossing_and_no_vehicle() -> None:
    unit = steps.HandlingUnit(
        sscc="038500001234567893", lines=(lot("B", 15), lot("Z", 1), steps.Line(item="OTHER", unit="H87", qty=(1, 0))),
        kg=(4125, -1), serials=("S-1",),
    )  # fmt: skip
    lines = [lot("A", 30), lot("B", 15)]
    staged = event("supplier", "stage", 3, 2, 45, consignment="c1", units=[unit], crossings=["Vidin"], vehicle="a" * 64)
    out = event(
        "supplier", "dispatch", 4, 2, 50, consignment="c1", lines=lines, seal="SEAL-7", carrier="HŽ Cargo", mode="2",
        vehicle="b" * 64,
    )  # fmt: skip
    *_, told = chain_of(TOLD, [*gift()[:4], staged, out])
    packed = (Packed(line="1.2", quantity=Decimal(15)), Packed(line="1", quantity=Decimal(1)))
    assert told.shipment == Shipment(
        units=(HandlingUnit(id="038500001234567893", kg=Decimal("412.5"), serials=("S-1",), contents=packed),),
        seals=("SEAL-7",),
        carrier="HŽ Cargo",
        mode="2",
        crossings=("Vidin",),
    )
    assert b"aaaa" not in msgspec.json.encode(told) and b"bbbb" not in msgspec.json.encode(told)
    again = event("supplier", "correct", 5, 2, 70, of=out.hash, lines=[lot("A", 31), lot("B", 15)])
    *_, corrected = chain_of(TOLD, [*gift()[:4], staged, out, again])
    assert corrected.shipment == told.shipment and corrected.lines[0].resource == "c1"
    assert chain_of(TOLD, gift())[4].shipment is None
