"""CAP as others write it: what is read, what is flagged, what is refused, and that nothing of it is guessed."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xstock_cap.cap import read
from xstock_cap.harvest import Harvest
from xstock_cap.meteoalarm import read_json

from xstock_node.plugins.calls import pack
from xstock_node.plugins.interchange import Alert, Coded, Point, Reading, Reference

SAMPLES = Path(__file__).parent / "samples"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((SAMPLES / "expected.toml").read_text("utf-8"))
Sample = Callable[[str], bytes]
FIRST = Reference(sender="desk@cp.example", identifier="desk.example-2027-014", sent=1803871200)


def the_reading(raw: bytes) -> Reading:
    found = read(raw)
    assert found is not None
    return found


def the_alert(raw: bytes) -> Alert:
    (alert,) = the_reading(raw).alerts
    return alert


def test_each_sample_is_expected_and_there() -> None:
    assert {path.stem for path in SAMPLES.glob("*.xml")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_what_comes_of_each_sample(name: str, sample: Sample) -> None:
    found, expected = the_reading(sample(name)), EXPECTED[name]
    assert found.error == expected.get("error", "")
    assert found.flags == tuple(expected.get("flags", ())) and len(found.alerts) == (not found.error)
    assert [one.reason for one in found.skipped] == expected.get("skipped", [])
    assert bool(found.error_text) == bool(found.error)


def test_an_update_names_what_it_revises_whether_or_not_that_came(sample: Sample) -> None:
    assert the_alert(sample("update-before-alert")).references == (FIRST,)
    assert the_alert(sample("alert")).sent == FIRST.sent
    cancel = the_alert(sample("cancel-of-unknown"))
    assert cancel.kind == "Cancel" and cancel.references[0] == FIRST and not cancel.blocks


def test_a_reference_whose_time_is_unknown_keeps_the_rest(sample: Sample) -> None:
    (one,) = the_alert(sample("reference-without-offset")).references
    assert (one.identifier, one.sent) == (FIRST.identifier, 0)


def test_an_identifier_with_commas_is_kept_and_found_in_references(sample: Sample) -> None:
    alert = the_alert(sample("id-with-comma"))
    update = sample("update-before-alert").replace(b",desk.example-2027-014,", b",desk.example,2027,014,")
    assert the_alert(update).references[0].identifier == alert.identifier == "desk.example,2027,014"


def test_a_language_that_is_not_said_is_not_english(sample: Sample) -> None:
    assert the_alert(sample("language-missing")).blocks[0].language == ""
    wrong = the_alert(sample("language-with-underscore")).blocks[0]
    assert wrong.language == "" and wrong.parameters == (Coded(scheme="xstock-unread:language", value="ro_RO"),)


def test_blocks_keep_language_and_area_in_their_order(sample: Sample) -> None:
    blocks = the_alert(sample("two-languages-two-areas")).blocks
    assert [(one.language, one.areas[0].codes[0].value) for one in blocks] == [
        ("en", "RO001"),
        ("en", "RO002"),
        ("ro", "RO001"),
        ("ro", "RO002"),
    ]


def test_times_that_cannot_be_known_are_unknown_and_kept(sample: Sample) -> None:
    block = the_alert(sample("expires-without-offset")).blocks[0]
    assert block.expires == 0
    assert Coded(scheme="xstock-unread:expires", value="2027-03-01T18:00:00") in block.parameters
    assert the_alert(sample("expires-missing")).blocks[0].expires == 0


def test_an_expired_warning_is_read_as_it_stands(sample: Sample) -> None:
    assert the_alert(sample("expired")).blocks[0].expires == 1_577_836_800


def test_z_and_fractions_are_the_same_second(sample: Sample) -> None:
    assert the_alert(sample("time-with-z")).sent == the_alert(sample("time-with-fraction")).sent == FIRST.sent


def test_shapes(sample: Sample) -> None:
    (ring,) = the_alert(sample("polygon-open")).blocks[0].areas[0].polygons
    assert len(ring) == 5 and ring[0] == ring[-1] == Point(45.1, 28.0)
    assert the_alert(sample("circle")).blocks[0].areas[0].circles == ((Point(45.19, 28.8), 12.5),)
    assert not the_alert(sample("polygon-longitude-first")).blocks[0].areas[0].polygons


def test_an_unknown_code_is_kept_raw_and_is_no_category(sample: Sample) -> None:
    block = the_alert(sample("category-unknown")).blocks[0]
    assert block.categories == () and Coded(scheme="xstock-unread:category", value="Water") in block.parameters


def test_lists_in_quotes(sample: Sample) -> None:
    assert the_alert(sample("private")).addresses == ("Duty desk", "redcross.example")
    assert the_alert(sample("incidents-in-quotes")).incidents == ("Spring flood", "FL-2027-000003-ROU")
    assert the_alert(sample("incidents-misused")).incidents == ()


def test_a_colour_is_a_level_and_no_severity(sample: Sample) -> None:
    block = the_alert(sample("awareness-level")).blocks[0]
    assert (block.level, block.severity) == ("orange", "Severe")
    assert the_alert(sample("alert")).blocks[0].level == ""


def test_countries_come_from_areas_or_from_the_identifier(sample: Sample) -> None:
    assert the_alert(sample("area-of-greece")).countries == ("GR",)
    assert the_alert(sample("two-languages-two-areas")).countries == ("RO",)
    raw = sample("altitude-left-out")
    assert the_alert(raw).countries == ()
    assert the_alert(raw.replace(b"desk.example-2027-014", b"2.49.0.0.807.0.MK.270301.7")).countries == ("MK",)
    assert the_alert(sample("area-of-greece").replace(b"EL301", b"UK301")).countries == ("GB",)


def test_an_exercise_stays_one(sample: Sample) -> None:
    assert the_alert(sample("exercise")).status == "Exercise"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no markup",
        b'{"alert": {}}',
        b"<alert/>",
        b'<r xmlns="urn:oasis:names:tc:emergency:cap:1.2"/>',
        b'<alert xmlns="urn:oasis:names:tc:emergency:other"/>',
        b"\x1f\x8b\x08",
        b"<!DOCTYPE html><html/>",
    ],
)
def test_what_is_no_cap_is_left_to_others(raw: bytes) -> None:
    assert read(raw) is None


def test_cap_that_may_not_be_read_is_refused_and_not_left_to_others(sample: Sample) -> None:
    attack = sample("alert").replace(b"<alert", b'<!DOCTYPE alert [<!ENTITY x SYSTEM "file:///etc/passwd">]><alert')
    assert the_reading(attack).error == "doctype"
    assert the_reading(attack.decode().replace(' encoding="UTF-8"', "").encode("utf-16")).error == "doctype"
    assert the_reading(sample("alert")[:-9]).error == "not-xml"
    assert the_reading(sample("alert") + b" " * 4_000_000).error == "too-large"


def test_a_text_that_is_too_long_is_shortened_and_told(sample: Sample) -> None:
    found = the_reading(sample("alert").replace(b"The river rises", b"r" * 3000))
    assert len(found.alerts[0].blocks[0].headline) == 1000 and "shortened: headline had 3000 characters" in found.flags


def test_more_than_the_node_takes_is_refused(sample: Sample) -> None:
    assert the_reading(sample("alert").replace(b"desk.example-2027-014", b"d" * 400)).error == "over-limit"
    many = b"".join(b"<code>c%d</code>" % n for n in range(101))
    assert the_reading(sample("alert").replace(b"<info>", many + b"<info>")).error == "over-limit"


RAW = (SAMPLES / "two-languages-two-areas.xml").read_text("utf-8")
PLACES = [(one.start(1), one.end(1)) for one in re.finditer(r">([^<]*)<", RAW)]
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=10,
)
NAMES = [
    "identifier", "sender", "sent", "status", "msgType", "scope", "references", "incidents", "code", "info", "area",
]  # fmt: skip


@given(place=st.sampled_from(PLACES), text=st.text().map(escape))
@settings(max_examples=300, deadline=None)
def test_whatever_stands_in_a_document_it_is_read_or_refused_within_limits(place: tuple[int, int], text: str) -> None:
    found = read(f"{RAW[: place[0]]}{text}{RAW[place[1] :]}".encode())
    assert found is None or pack(found, Reading)


@given(alert=st.dictionaries(st.sampled_from(NAMES), VALUES), base=st.booleans())
@settings(max_examples=300, deadline=None)
def test_whatever_stands_in_a_feed_of_json_it_is_read_or_skipped(alert: dict[str, Any], base: bool) -> None:
    whole = {
        "identifier": "a",
        "sender": "s",
        "sent": "2027-03-01T05:20:00+02:00",
        "status": "Actual",
        "msgType": "Alert",
        "scope": "Public",
    }
    harvest = Harvest()
    read_json(json.dumps({"warnings": [{"alert": (whole if base else {}) | alert}]}).encode(), "RO", harvest)
    assert pack(harvest.reading(), Reading)
