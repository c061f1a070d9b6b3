"""MeteoAlarm, as JSON and as Atom: the same warnings, read by the rules of CAP."""

import json
from typing import Any

import msgspec
import pytest
from cap_feeds import answer, atom, cap, linked
from cap_shared import shared_file
from xstock_cap.harvest import Harvest
from xstock_cap.meteoalarm import FEEDS, MeteoAlarm, MeteoAlarmSettings, read_json

from xstock_node.plugins import Unavailable
from xstock_node.plugins.interchange import Coded, Reading
from xstock_node.plugins.markup import BadMarkup
from xstock_node.testing.plugin_context import plugin_context
from xstock_node.testing.recorded import recorded_answers

WARNING: dict[str, Any] = {
    "identifier": "2.49.0.0.642.0.RO.270301.1",
    "sender": "met@ro.example",
    "sent": "2027-03-01T05:20:00+02:00",
    "status": "Actual",
    "msgType": "Alert",
    "scope": "Public",
    "info": [
        {
            "language": "ro",
            "category": ["Met"],
            "event": "Ploaie torențială",
            "urgency": "Expected",
            "severity": "Moderate",
            "certainty": "Likely",
            "expires": "2027-03-01T18:00:00+02:00",
            "parameter": [{"valueName": "awareness_level", "value": "2; yellow; Moderate"}],
            "area": [{"areaDesc": "Tulcea", "polygon": ["45,28 45,29 46,29 45,28"], "geocode": []}],
        }
    ],
}


def reading(*warnings: Any, country: str = "RO") -> Reading:
    harvest = Harvest()
    read_json(json.dumps({"warnings": list(warnings)}).encode(), country, harvest)
    return harvest.reading()


def test_the_sample_of_bosnia() -> None:
    harvest = Harvest()
    read_json(shared_file("meteoalarm/em-jov-bosnia-herzegovina.json").read_bytes(), "BA", harvest)
    found = harvest.reading()
    assert len(found.alerts) == 22 and not found.skipped
    assert all(one.countries == ("BA",) and one.incidents == () for one in found.alerts)
    assert all("incidents-misused: Alert" in flag for flag in found.flags) and len(found.flags) == 22
    first = found.alerts[0]
    assert [one.language for one in first.blocks] == ["en", "bs"] and first.sent == 1_704_440_389
    assert {one.level for alert in found.alerts for one in alert.blocks} == {"yellow"}
    assert first.blocks[1].areas[0].codes == (Coded(scheme="EMMA_ID", value="BA003"),)
    assert first.blocks[0].expires == 1_704_668_399


def test_a_warning_that_lacks_something_is_skipped_and_the_rest_is_read() -> None:
    found = reading({"alert": WARNING | {"sent": None}}, {"uuid": "1"}, 7, {"alert": WARNING})
    assert len(found.alerts) == 1 and [one.reason for one in found.skipped] == ["no-time", "no-document", "no-document"]
    assert "2.49.0.0.642" in found.skipped[0].text


def test_the_same_warning_twice_in_a_feed_is_one() -> None:
    assert len(reading({"alert": WARNING}, {"alert": WARNING}).alerts) == 1


def test_the_country_is_that_of_the_identifier_or_else_of_the_feed() -> None:
    assert reading({"alert": WARNING}, country="BG").alerts[0].countries == ("RO",)
    assert reading({"alert": WARNING | {"identifier": "x"}}, country="BG").alerts[0].countries == ("BG",)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"warnings": {}}', b"<feed/>", b'{"warnings": [NaN]}'])
def test_what_is_no_feed_is_refused(raw: bytes) -> None:
    with pytest.raises(BadMarkup):
        read_json(raw, "RO", Harvest())


def json_of(**changed: Any) -> str:
    return json.dumps({"warnings": [{"alert": WARNING | changed}]})


RO, BG = "/api/v1/warnings/feeds-romania", "/api/v1/warnings/feeds-bulgaria"


async def test_polled_twice_it_creates_nothing_twice() -> None:
    answers = [
        answer(RO, json_of(), etag='"r1"'),
        answer(RO, status=304),
        answer(BG, json_of(identifier="bg-1")),
    ]
    async with recorded_answers(answers) as server:
        told = MeteoAlarmSettings(countries=("RO", "BG"), url=server.url)
        async with plugin_context(told) as context:
            first, second = await MeteoAlarm().poll(context), await MeteoAlarm().poll(context)
    assert [one.identifier for one in first.alerts] == [WARNING["identifier"], "bg-1"]
    assert second.alerts == first.alerts[1:]


async def test_one_country_that_is_away_does_not_keep_the_other_back() -> None:
    answers = [answer(RO, status=503, retry_after="60"), answer(BG, json_of())]
    async with (
        recorded_answers(answers) as server,
        plugin_context(MeteoAlarmSettings(countries=("RO", "BG"), url=server.url)) as context,
    ):
        found = await MeteoAlarm().poll(context)
    assert len(found.alerts) == 1 and [one.reason for one in found.skipped] == ["unavailable"]


async def test_where_all_are_away_it_says_how_long_to_wait() -> None:
    answers = [answer(RO, status=503, retry_after="60"), answer(BG, status=429, retry_after="90")]
    async with (
        recorded_answers(answers) as server,
        plugin_context(MeteoAlarmSettings(countries=("RO", "BG"), url=server.url)) as context,
    ):
        with pytest.raises(Unavailable) as raised:
            await MeteoAlarm().poll(context)
    assert raised.value.retry_after == 90


async def test_the_atom_feed_leads_to_its_documents_each_once() -> None:
    entries = [linked(f"/api/v1/warnings/feeds-romania/1{more}") for more in ("", "", "?index_area=1")]
    answers = [
        answer("/feeds/meteoalarm-legacy-atom-romania", atom(*entries)),
        answer("/api/v1/warnings/feeds-romania/1", cap("awareness-level")),
    ]
    async with recorded_answers(answers) as server:
        told = MeteoAlarmSettings(countries=("RO",), form="atom", url=server.url)
        async with plugin_context(told) as context:
            first, second = await MeteoAlarm().poll(context), await MeteoAlarm().poll(context)
        assert len(first.alerts) == 1 and first.alerts[0].blocks[0].level == "orange"
        assert second.alerts == ()
        assert [one.path for one in server.requests].count("/api/v1/warnings/feeds-romania/1") == 2


@pytest.mark.parametrize("countries", [(), ("XX",), ("ro",), ("UK",)])
def test_countries_are_those_that_have_a_feed(countries: tuple[str, ...]) -> None:
    with pytest.raises((ValueError, msgspec.ValidationError)):
        msgspec.convert({"countries": list(countries)}, MeteoAlarmSettings)
    assert {"BA", "BG", "HR", "ME", "MK", "RS", "RO", "MD", "SI", "UA"} <= set(FEEDS)
