"""Events of others: the examples of GS1 are read as far as they say something, and what nobody knows is flagged."""

import json
from decimal import Decimal
from typing import Any

import pytest
from epcis_schemas import EXAMPLES, needed
from xstock_shipment.epcis.documents import read_document, write_documents

from xstock_node.plugins.interchange import Reading, ResourceMessage


def example(name: str) -> Reading:
    reading = read_document(needed(EXAMPLES / f"{name}.jsonld").read_bytes())
    assert reading is not None and not reading.error, reading
    return reading


def held(messages: tuple[ResourceMessage, ...]) -> list[tuple[Any, ...]]:
    return [(line.quantity, line.unit, line.codes[0].value) for one in messages for line in one.lines]


def test_goods_that_were_shipped_and_received() -> None:
    out, receipt = example("Example_9.6.1-ObjectEvent").messages
    assert (out.kind, receipt.kind, receipt.preceding) == (
        "dispatch",
        "receipt",
        "urn:epcglobal:cbv:bt:0614141073467:1152",
    )
    assert out.id == "ni:///sha-256;df7bb3c352fef055578554f09f5e2aa41782150ced7bd0b8af24dd3ccb30ba69?ver=CBV2.0"
    assert out.originating == receipt.originating == "http://transaction.acme.com/po/12345678"
    assert held((out,)) == [(1, "H87", f"urn:epc:id:sgtin:0614141.107346.{n}") for n in (2017, 2018)]
    (moment,) = out.lines[0].schedule
    assert (moment.moment, moment.at) == ("actual-departure", 1112582011)
    assert moment.place is not None and moment.place.code == "urn:epc:id:sgln:0614141.07346.1234"


def test_a_lot_by_weight_with_its_parties() -> None:
    (receipt,) = example("Example_9.6.2-ObjectEvent").messages
    (line,) = receipt.lines
    assert (line.quantity, line.unit, line.lot, line.condition) == (200, "KGM", "998877", "good")
    assert (receipt.sender, receipt.recipients) == (
        "urn:epc:id:sgln:0614141.00001.0",
        ("urn:epc:id:sgln:4012345.00001.0",),
    )
    assert [m for one in write_documents((receipt,)) for m in (read_document(one.content) or Reading()).messages] == [
        receipt
    ], "restated by us with its own id"


def test_what_is_in_a_unit_is_received() -> None:
    (receipt,) = example("Example_9.6.3-AggregationEvent").messages
    assert [(q, u) for q, u, _ in held((receipt,))] == [(10, "H87"), (Decimal("200.5"), "KGM"), (1, "H87"), (1, "H87")]


def test_an_event_that_was_declared_wrong_is_replaced_by_the_other() -> None:
    reading = example("ErrorDeclarationAndCorrectiveEvent")
    (found,) = reading.messages
    assert (found.id, found.recalls, found.replaces) == (
        "urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8",
        "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
        True,
    )
    assert (500, "KGM") in [(q, u) for q, u, _ in held((found,))]
    assert (found.kind, reading.flags) == ("information", ("unknown-code: bizStep commissioning",))


def test_an_error_declared_alone_recalls_its_event() -> None:
    raw = json.loads(needed(EXAMPLES / "ErrorDeclarationAndCorrectiveEvent.jsonld").read_bytes())
    raw["epcisBody"]["eventList"].pop()
    reading = read_document(json.dumps(raw).encode())
    assert reading is not None
    (found,) = reading.messages
    assert (found.kind, found.recalls, found.note) == (
        "recall",
        "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
        "incorrect_data",
    )


def test_a_train_that_passes_is_a_passage_and_has_the_same_id_each_time() -> None:
    first = example("Example-TransactionEvents-2020_07_03y")
    other, passage = first.messages
    assert passage.kind == "passage" and other.kind == "information" and len(first.flags) == 1
    assert "summarising_discharge" in first.flags[0]
    assert [one.id for one in first.messages] == [
        one.id for one in example("Example-TransactionEvents-2020_07_03y").messages
    ]
    assert passage.id != other.id and passage.id.startswith("urn:uuid:")


@pytest.mark.parametrize(
    ("step", "disposition", "kind"),
    [
        ("urn:epcglobal:cbv:bizstep:departing", "urn:epcglobal:cbv:disp:in_transit", "dispatch"),
        ("https://ns.gs1.org/cbv/BizStep-shipping", "https://ns.gs1.org/cbv/Disp-returned", "return-dispatch"),
        ("receiving", "damaged", "receipt"),
        ("", "", "information"),
    ],
)
def test_words_are_known_in_every_form_and_in_an_answer_to_a_query(step: str, disposition: str, kind: str) -> None:
    event = {
        "type": "ObjectEvent",
        "eventID": "urn:uuid:1",
        "eventTime": "2027-03-29T08:30:00.5+02:00",
        "eventTimeZoneOffset": "+02:00",
        "action": "OBSERVE",
        "bizStep": step,
        "disposition": disposition,
        "quantityList": [{"epcClass": "https://id.gs1.org/01/04012345123456/10/L%2F7", "quantity": 3}],
    }
    body = {"queryResults": {"queryName": "q", "resultsBody": {"eventList": [event]}}}
    raw = json.dumps({"@context": [], "type": "EPCISQueryDocument", "epcisBody": body}).encode()
    reading = read_document(raw)
    assert reading is not None and not reading.error, reading
    (found,) = reading.messages
    assert (found.kind, found.sent, found.lines[0].lot) == (kind, 1_806_301_800, "L/7")
    assert found.lines[0].condition == ("damaged" if disposition == "damaged" else "")
    assert bool(reading.flags) == (kind == "information")
