"""The samples of the profile, and messages as a centre may send them."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from dispatch_schemas import SAMPLES, needed
from xstock_dispatch.documents import FORMS, read_document

from xstock_node.plugins.interchange import Contact, Point, Reading, Schedule


@pytest.mark.parametrize("name", ["EMSI-OPG-message", "emsi-DC-message"])
def test_a_sample_says_the_same_in_both_forms(name: str) -> None:
    xml, json = (read_document(needed(SAMPLES / f"{name}.{form}").read_bytes()) for form in FORMS)
    assert xml == json and xml is not None and len(xml.messages) == 1 and not xml.error


def test_what_the_samples_say() -> None:
    under_way = read_document(needed(SAMPLES / "EMSI-OPG-message.xml").read_bytes())
    asked = read_document(needed(SAMPLES / "emsi-DC-message.json").read_bytes())
    assert under_way is not None and asked is not None
    (first,), (second,) = under_way.messages, asked.messages
    assert (first.kind, first.sender, first.sent) == ("dispatch", "fr.health.samu690", 1_704_812_400)
    assert first.incidents == ("DRFR15690240430050", "fr.health.samu690.DRFR15690240430050")
    assert first.contacts == (Contact(description="SAMU 69", role="sender"),)
    (line,) = first.lines
    assert (line.id, line.quantity, line.unit, line.item) == ("77_22245#VSAV2", Decimal(1), "", "")
    assert under_way.flags == ("no-envelope", "unknown-unit: LSV")
    assert (second.kind, second.lines[0].id, second.lines[0].quantity) == ("request", "ABC1YU3454", None)
    (when,) = second.lines[0].schedule
    assert isinstance(when, Schedule) and when.place is not None
    assert (when.moment, when.at, when.place.point) == ("requested-arrival", 1_699_003_200, Point(45.760169, 4.830608))


def test_an_envelope_without_emsi_is_of_another_format() -> None:
    assert read_document(needed(SAMPLES / "edxl_envelope_fire_to_health.json").read_bytes()) is None


def centre(context: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    return {
        "CONTEXT": {"ID": "C1", "MODE": "ACTUAL", "MSGTYPE": "ALERT"} | (context or {}),
        "EVENT": {"ID": "E1"},
        **parts,
    }


def resource(code: str, status: str = "AVAILB", **more: Any) -> dict[str, Any]:
    return {"RTYPE": {"RCLASS": [code]}, "ID": "R1", "NAME": "cort", "STATUS": status, **more}


def read(found: dict[str, Any]) -> Reading:
    reading = read_document(msgspec.json.encode({"emsi": found}))
    assert reading is not None
    return reading


MISSION = {"TYPE": "FSTT/TA", "ID": "M1", "NAME": "corturi", "STATUS": "NST", "START_TIME": "2026-05-02T06:00:00+03:00"}


@pytest.mark.parametrize(
    ("code", "item", "flags"),
    [
        ("MAT/EQ/OTH/TENT", "HSHETENTF16C", ("item-presumed: MAT/EQ/OTH/TENT = HSHETENTF16C",)),
        ("MAT/EQ/OTH/BLNKT", "HSHEBLANPHT1", ("item-presumed: MAT/EQ/OTH/BLNKT = HSHEBLANPHT1",)),
        ("MAT/EQ/ELC/POWGN", "EGENDIGE006T", ("item-presumed: MAT/EQ/ELC/POWGN = EGENDIGE006T",)),
        ("MAT/EQ/OTH/WATPUR", "KWATTREAUNITTW6", ()),
        ("MAT/CM/MEDICN/1STAID", "KMEDKFAI01B", ()),
        ("MAT/CM/MEDSPL", "", ()),
        ("MAT/EQ/OTH/GADGET", "", ("unknown-code: MAT/EQ/OTH/GADGET = MAT/EQ/OTH",)),
        (
            "MAT/EQ/OTH/WATPUR/BIG",
            "KWATTREAUNITTW6",
            (
                "unknown-code: MAT/EQ/OTH/WATPUR/BIG = MAT/EQ/OTH/WATPUR",
                "item-presumed: MAT/EQ/OTH/WATPUR/BIG = KWATTREAUNITTW6",
            ),
        ),
        ("XYZ/ABC", "", ("unknown-code: XYZ/ABC",)),
    ],
)
def test_a_code_is_an_item_or_falls_back_with_a_mark(code: str, item: str, flags: tuple[str, ...]) -> None:
    reading = read(centre(MISSION=[MISSION], RESOURCE=[resource(code, "VIRTUAL", QUANTITY=40, UM="OTH/EA")]))
    (line,) = reading.messages[0].lines
    assert (line.item, line.quantity, line.unit) == (item, Decimal(40), "H87")
    assert line.codes[0].value == code
    assert reading.flags == ("no-envelope", *flags)
    assert line.schedule == (Schedule(moment="requested-arrival", at=1_777_690_800),)


@pytest.mark.parametrize(
    ("context", "missions", "resources", "kind"),
    [
        ({}, [MISSION], [], "request"),
        ({}, [], ["AVAILB"], "unsolicited-offer"),
        ({}, [], ["UNAV"], "unsolicited-offer"),
        ({"MSGTYPE": "ACK"}, [MISSION], ["AVAILB"], "offer"),
        ({"MSGTYPE": "ACK"}, [], [], "information"),
        ({"MSGTYPE": "ERROR"}, [MISSION], ["AVAILB"], "information"),
        ({"MSGTYPE": "UPDATE"}, [MISSION], ["RESRVD"], "acceptance"),
        ({"MSGTYPE": "UPDATE"}, [MISSION | {"STATUS": "IPR"}], [], "confirmation"),
        ({"MSGTYPE": "UPDATE"}, [MISSION | {"STATUS": "IPR"}], ["IN_USE/MOBILE"], "dispatch"),
        ({"MSGTYPE": "UPDATE"}, [MISSION | {"STATUS": "IPR"}], ["IN_USE/MOBILE", "IN_USE/ON_SCENE"], "receipt"),
        ({"MSGTYPE": "UPDATE"}, [MISSION | {"STATUS": "COM"}], ["AVAILB"], "return-receipt"),
        ({"MSGTYPE": "CANCEL", "LINK": [{"ID": "C0"}]}, [], [], "recall"),
    ],
)
def test_what_a_message_of_others_is(
    context: dict[str, Any], missions: list[Any], resources: list[str], kind: str
) -> None:
    parts = {"MISSION": missions, "RESOURCE": [resource("MAT/EQ/OTH/TENT", one) for one in resources]}
    (message,) = read(centre(context, **parts)).messages
    assert message.kind == kind
    assert message.recalls == ("C0" if kind == "recall" else "")


@pytest.mark.parametrize("mode", ["EXERCS", "EXCERCS"])
def test_an_exercise_is_one_in_both_spellings(mode: str) -> None:
    assert read(centre({"MODE": mode})).messages[0].status == "Exercise"


def test_nothing_of_persons_is_kept() -> None:
    contacts = [{"TYPE": "PHNADD", "DETAIL": "+40 700 000 000"}]
    reading = read(centre(RESOURCE=[resource("MAT/EQ/OTH/TENT", CONTACTS=contacts)]))
    assert "700" not in str(reading) and reading.skipped[0].reason == "person"


@pytest.mark.parametrize(
    ("found", "error"),
    [
        (centre({"MODE": "REAL"}), "wrong-value"),
        (centre({"MSGTYPE": "HELLO"}), "wrong-value"),
        (centre({"CREATION": "yesterday"}), "wrong-time"),
        (centre({"MSGTYPE": "CANCEL"}), "missing"),
        (centre(EVENT={"ID": ""}), "missing"),
        (centre(EVENT={}), "missing"),
        (centre({"ID": "x" * 301}), "too-much"),
        (centre(RESOURCE=[resource("MAT", QUANTITY=-1)]), "wrong-value"),
        (centre(RESOURCE=[resource("MAT", QUANTITY=1e300)]), "wrong-value"),
    ],
)
def test_what_breaks_the_standard_is_refused_with_a_word(found: dict[str, Any], error: str) -> None:
    reading = read(found)
    assert (reading.error, reading.messages) == (error, ()) and "expected" in reading.error_text
