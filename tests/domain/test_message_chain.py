"""An operation as messages: each answers its own, whatever the clocks say; a correction replaces what it mends."""

import hashlib
from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.domain import steps
from xstock_node.domain.message_chain import KINDS, Partner, Told, chain_of
from xstock_node.domain.message_order import gaps, in_order
from xstock_node.domain.messages import ResourceMessage
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
