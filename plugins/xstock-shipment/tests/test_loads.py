"""How goods travel: in UBL and EPCIS valid, whole, back as it was, and never with a vehicle."""

import json

import pytest
from epcis_schemas import judge as judge_events
from ubl_neutral import TEXTS, line, loaded, message
from ubl_schemas import etree
from ubl_schemas import judge as judge_ubl
from xstock_shipment.documents import read_document as read_ubl
from xstock_shipment.documents import write_documents as write_ubl
from xstock_shipment.epcis.documents import read_document as read_events
from xstock_shipment.epcis.documents import write_documents as write_events

from xstock_node.plugins.interchange import ResourceMessage

NS = {
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
}
FIRST, SECOND = "038500001234567893", "038500001234567909"


@pytest.mark.parametrize("text", TEXTS)
def test_a_despatch_advice_has_units_seals_carrier_mode_and_crossings(text: str) -> None:
    (document,) = write_ubl((loaded(text),))
    assert judge_ubl(document.content) == "DespatchAdvice"
    reading = read_ubl(document.content)
    assert reading is not None and reading.messages[0].shipment == loaded(text).shipment
    assert write_ubl(reading.messages) == (document,)
    root = etree().fromstring(document.content)
    (first, *_, seals) = root.findall("cac:Shipment/cac:TransportHandlingUnit", NS)
    measures = [one.findtext("cbc:Measure", namespaces=NS) for one in first.findall("cac:MeasurementDimension", NS)]
    assert (first.findtext("cbc:ID", namespaces=NS), measures) == (FIRST, ["412.5", "1.92"])
    sealed = seals.findall("cac:TransportEquipment/cac:TransportEquipmentSeal/cbc:ID", NS)
    assert [one.text for one in sealed] == ["SEAL-7", text]
    stage = root.find("cac:Shipment/cac:ShipmentStage", NS)
    assert stage.findtext("cbc:TransportModeCode", namespaces=NS) == "3"
    assert stage.findtext("cac:CarrierParty/cac:PartyName/cbc:Name", namespaces=NS) == text


@pytest.mark.parametrize("text", TEXTS)
def test_what_was_packed_is_an_aggregation_of_the_same_event(text: str) -> None:
    (document,) = write_events((loaded(text),))
    departed, first, second = judge_events(document.content)
    assert departed["epcList"] == [f"https://id.gs1.org/00/{one}" for one in (FIRST, SECOND)]
    assert [one["parentID"] for one in (first, second)] == departed["epcList"]
    assert {one["bizStep"] for one in (first, second)} == {"packing"} and first["action"] == "ADD"
    item = {"epcClass": "urn:xstock:catalogue:HSHETENTF16C"}
    assert first["childQuantityList"] == [{**item, "quantity": 40}, {**item, "quantity": 5, "uom": "KGM"}]
    reading = read_events(document.content)
    assert reading is not None and reading.messages == (loaded(text),)


def test_a_corrected_and_a_recalled_dispatch_take_their_units_along() -> None:
    corrected = message("dispatch", "out-2", line(59), preceding="accept-1", recalls="out-1", replaces=True)
    recall = message("recall", "stop-1", line(59), preceding="out-2", recalls="out-2")
    told = (loaded(), corrected, recall)
    _, mended, stopped = [judge_events(one.content) for one in write_events(told)]
    assert ["errorDeclaration" in one for one in mended] == [True, True, True, False] and len(stopped) == 1
    found: list[ResourceMessage] = []
    for document in write_events(told):
        reading = read_events(document.content)
        found += reading.messages if reading else ()
    assert found == list(told)


def test_units_of_others_are_known_by_their_sscc_in_either_form() -> None:
    (document,) = write_events((loaded(),))
    raw = json.loads(document.content)
    event = raw["epcisBody"]["eventList"][0]
    raw["epcisBody"]["eventList"] = [event]
    del event["xstock:message"]
    event["epcList"] = ["urn:epc:id:sscc:3850000.0123456789", "https://example.org/00/038500001234567909"]
    reading = read_events(json.dumps(raw).encode())
    assert reading is not None and reading.messages[0].shipment is not None
    assert [one.id for one in reading.messages[0].shipment.units] == ["038500001234567893", SECOND]
    assert len(reading.messages[0].lines) == 2, "a unit is no line"


def test_units_that_say_otherwise_than_their_message_are_refused() -> None:
    (document,) = write_events((loaded(),))
    raw = json.loads(document.content)
    raw["epcisBody"]["eventList"][1]["childQuantityList"][0]["quantity"] = 41
    reading = read_events(json.dumps(raw).encode())
    assert reading is not None and (reading.error, reading.messages) == ("contradiction", ())
    del raw["epcisBody"]["eventList"][0]
    reading = read_events(json.dumps(raw).encode())
    assert reading is not None and (reading.error, reading.messages) == ("missing", ())
