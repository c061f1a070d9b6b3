"""EPCIS: what is written validates and comes back as it was; ids are stable; what was wrong is declared and mended."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from epcis_schemas import judge
from hypothesis import given, settings
from hypothesis import strategies as st
from ubl_neutral import TEXTS, line, loan, message
from xstock_shipment.epcis.documents import read_document, write_documents

from xstock_node.domain.message_order import in_order
from xstock_node.plugins import Declined
from xstock_node.plugins.interchange import Coded, Document, Place, Point, Resource, ResourceMessage, Schedule

EVENTS = ("acceptance", "dispatch", "passage", "receipt", "return-dispatch", "return-receipt")


def read(documents: tuple[Document, ...]) -> list[ResourceMessage]:
    """What a node that knew nothing reads."""
    found: list[ResourceMessage] = []
    for one in documents:
        reading = read_document(one.content)
        assert reading is not None and not reading.error, reading
        found += reading.messages
    return found


def events(*messages: ResourceMessage) -> list[list[Any]]:
    return [judge(one.content) for one in write_documents(messages)]


def test_a_loan_is_told_from_the_reservation_until_the_goods_are_home() -> None:
    documents = write_documents(loan())
    assert documents[0].name == "002-acceptance-accept-1.jsonld"
    told = [[(e["bizStep"], e["disposition"]) for e in judge(one.content)] for one in documents]
    assert told == [
        [("reserving", "reserved")],
        [("departing", "in_transit")],
        [("transporting", "in_transit")],
        [("receiving", "in_progress"), ("receiving", "damaged")],
        [("departing", "returned")],
        [("receiving", "available")],
    ]
    assert read(documents) == [one for one in loan() if one.kind in EVENTS]


def test_a_receipt_says_what_came_what_was_damaged_and_that_some_is_missing() -> None:
    ((good, damaged),) = events(loan()[4])
    assert [e["quantityList"][0]["quantity"] for e in (good, damaged)] == [95, 2]
    assert good["persistentDisposition"] == {"set": ["mismatch_quantity"]} and "persistentDisposition" not in damaged
    assert "uom" not in good["quantityList"][0], "pieces have no unit"
    assert (good["eventTime"], good["eventTimeZoneOffset"]) == ("2027-03-29T08:30:00Z", "+00:00")
    assert [one["type"] for one in good["bizTransactionList"][:2]] == ["po", "desadv"]
    assert good["sourceList"][0]["source"].endswith("redcross.hr")
    ((whole,),) = events(loan(95, 95, 0, 0)[4])
    assert "persistentDisposition" not in whole
    ((nothing,),) = events(loan(3, 0, 0, 3)[4])
    assert nothing["epcList"] == [] and "quantityList" not in nothing, "nobody saw what is short"


def test_a_corrected_receipt_declares_the_error_and_stands_in_its_place() -> None:
    counted = (line(97, "good"), line(1, "damaged"), line(2, "short"))
    corrected = message(
        "receipt", "in-2", *counted, preceding="out-1", recalls="in-1", replaces=True, sent=1_806_400_000
    )
    told = (*loan()[:5], corrected)
    *_, (good, damaged), (wrong, wrong_damaged, right, right_damaged) = events(*told)
    for before, after in ((good, wrong), (damaged, wrong_damaged)):
        declared = after.pop("errorDeclaration")
        assert after == before, "the event that was wrong, with the same id"
        assert declared["reason"] == "incorrect_data" and declared["declarationTime"] == "2027-03-30T09:46:40Z"
        assert declared["correctiveEventIDs"] == [right["eventID"], right_damaged["eventID"]]
    assert len({one["eventID"] for one in (good, damaged, right, right_damaged)}) == 4
    documents = write_documents(told)
    found = read(documents)
    assert found[-1] == corrected and write_documents(in_order(found)) == renumbered(documents)
    once_more = message("receipt", "in-3", line(100, "good"), preceding="out-1", recalls="in-2", replaces=True)
    *_, last = events(*told, once_more)
    assert [one["eventID"] for one in last[:2]] == [right["eventID"], right_damaged["eventID"]]
    assert read(write_documents((*told, once_more)))[-1] == once_more


def renumbered(documents: tuple[Document, ...]) -> tuple[Document, ...]:
    """The same documents where messages without one are not in the chain."""
    return tuple(
        msgspec.structs.replace(one, name=f"{number:03}-{one.name.split('-', 1)[1]}")
        for number, one in enumerate(documents, 1)
    )


def test_what_is_called_off_did_not_occur() -> None:
    recall = message("recall", "stop-1", line(100), preceding="accept-1", recalls="accept-1", note="cancelled")
    told = (*loan()[:2], recall)
    (reserved,), (declared,) = events(*told)
    assert declared["eventID"] == reserved["eventID"] and declared["errorDeclaration"]["reason"] == "did_not_occur"
    assert "correctiveEventIDs" not in declared["errorDeclaration"]
    assert read(write_documents(told))[-1] == recall
    of_request = message("recall", "stop-2", line(100), preceding="request-1", recalls="request-1")
    assert write_documents((loan()[0], of_request)) == (), "a request is no event, nor is its recall"


def test_ids_are_the_same_on_every_export_and_those_of_before() -> None:
    ids = [one["eventID"] for many in events(*loan()) for one in many]
    assert ids == [one["eventID"] for many in events(*loan(text=TEXTS[1], sent=7)) for one in many]
    assert len(set(ids)) == len(ids) == 7
    assert ids[0] == "urn:uuid:a1a26795-1354-5779-9bc7-c6e653529810", "as exported before"


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("status", ["Actual", "Exercise"])
def test_what_an_empty_node_read_it_writes_as_it_was(text: str, status: Any) -> None:
    told = [msgspec.structs.replace(one, status=status, incident=text) for one in loan(text=text)]
    first = write_documents(told)
    found = read(first)
    assert found == [one for one in told if one.kind in EVENTS] and {one.status for one in found} == {status}
    second = write_documents(in_order(found))
    assert second == renumbered(first) == write_documents(read(second))
    assert all(text.encode() in one.content for one in first)


quantities = st.one_of(
    st.none(),
    st.integers(0, 10**6).map(Decimal),
    st.decimals(0, 10**18, places=6, allow_nan=False),
    st.sampled_from(["0.1", "1234567890123456789", "0.000000000000000001", "123456789012345.6", "1E+3", "1.50"]).map(
        Decimal
    ),
)
words = st.one_of(
    st.sampled_from(["", "a b%2F:c", "urn:xstock:ref:x", "urn:uuid:1", "<&\"'\x00\u2028>", *TEXTS]),
    st.text(max_size=20),
)
places = st.builds(
    Place,
    description=words,
    country=st.sampled_from(["", "BG"]),
    code=words,
    point=st.one_of(st.none(), st.builds(Point, st.floats(-90, 90), st.floats(-180, 180))),
)
schedules = st.builds(
    Schedule,
    moment=st.sampled_from(["actual-departure", "actual-arrival", "estimated-arrival", "current"]),
    at=st.integers(0, 4_000_000_000),
    place=st.one_of(st.none(), places),
)
resources = st.builds(
    Resource,
    id=words,
    about=words,
    resource=words,
    name=words,
    item=words,
    codes=st.lists(st.builds(Coded, st.sampled_from(["epc", "epcClass", "own"]), words), max_size=2).map(tuple),
    quantity=quantities,
    unit=st.sampled_from(["", "H87", "KGM", "LTR", "box", "Ā1"]),
    condition=st.sampled_from(["", "good", "damaged", "short", "over"]),
    lot=words,
    reason=words,
    schedule=st.lists(schedules, max_size=2).map(tuple),
)
neutral = st.builds(
    ResourceMessage,
    id=words.filter(bool),
    kind=st.sampled_from([*EVENTS, "confirmation"]),
    sent=st.integers(0, 4_000_000_000),
    sender=words,
    recipients=st.lists(words, max_size=2).map(tuple),
    originating=words,
    preceding=words,
    recalls=words,
    replaces=st.booleans(),
    note=words,
    lines=st.lists(resources, max_size=4).map(tuple),
)


@settings(max_examples=150, deadline=None)
@given(neutral)
def test_whatever_a_message_says_validates_and_comes_back(said: ResourceMessage) -> None:
    (document,) = write_documents((said,))
    judge(document.content)
    assert read((document,)) == [said]


@pytest.mark.parametrize(
    ("quantity", "number"),
    [
        ("100.000", 100),
        ("0.5", 0.5),
        ("999999999999999", 999999999999999),
        ("1234567890123456", None),
        ("0.1234567890123456", None),
    ],
)
def test_a_figure_that_a_number_may_not_hold_is_text_beside_it(quantity: str, number: Any) -> None:
    told = message("dispatch", "out-1", line(Decimal(quantity)))
    (document,) = write_documents((told,))
    (event,) = judge(document.content)
    assert event["quantityList"][0].get("quantity") == number
    assert (f'"{quantity}"' in document.content.decode()) == (number is None)
    assert read((document,))[0].lines[0].quantity == Decimal(quantity)


def test_what_no_document_can_say_is_declined() -> None:
    for wrong in ({"sent": 10**12}, {"note": "\ud800"}, {"id": "\ud800"}):
        with pytest.raises(Declined, match="message "):
            write_documents((msgspec.structs.replace(loan()[2], **wrong),))  # type: ignore[arg-type]


def changed(documents: tuple[Document, ...], change: Any) -> bytes:
    found = json.loads(documents[0].content)
    change(found, found["epcisBody"]["eventList"][0])
    return json.dumps(found).encode()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda d, e: e["quantityList"][0].update(quantity=-4), "wrong-value"),
        (lambda d, e: e["quantityList"][0].update(quantity=1e99), "wrong-value"),
        (lambda d, e: e["quantityList"][0].update(quantity="many"), "wrong-value"),
        (lambda d, e: e.update(eventTime="yesterday"), "wrong-time"),
        (lambda d, e: e.update(quantityList=7), "wrong-value"),
        (lambda d, e: e["quantityList"].append({"epcClass": "urn:a:b"}), "wrong-value"),
        (lambda d, e: e["xstock:message"]["lines"][0].update(quantity="7"), "contradiction"),
        (lambda d, e: e["xstock:message"]["line"].update(item="OTHER"), "contradiction"),
        (lambda d, e: e["xstock:message"]["message"].update(kind="receipt"), "contradiction"),
        (lambda d, e: e["xstock:message"]["message"].update(kind=["x"]), "contradiction"),
        (lambda d, e: e["xstock:message"]["message"].update(id="out-2"), "contradiction"),
        (lambda d, e: e["xstock:message"]["message"].update(lines=[]), "contradiction"),
        (lambda d, e: e["xstock:message"]["message"].update(note="x" * 20_001), "wrong-value"),
        (lambda d, e: d["epcisBody"].update(eventList=[e] * 201), "too-much"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_word(change: Any, word: str) -> None:
    reading = read_document(changed(write_documents(loan()[2:3]), change))
    assert reading is not None and (reading.error, reading.messages) == (word, ()), reading
    assert "came" in reading.error_text


def test_an_extension_of_others_under_our_prefix_is_not_ours() -> None:
    def foreign(document: Any, event: Any) -> None:
        document["@context"][1]["xstock"] = "https://example.org/other#"

    reading = read_document(changed(write_documents(loan()[2:3]), foreign))
    assert reading is not None
    (found,) = reading.messages
    assert (found.id, found.incidents, found.lines[0].quantity) == ("urn:uuid:" + found.id[9:], (), Decimal(100))
