"""GDACS: every country that an item names, episodes of one event in one thread, items that lack something told."""

import pytest
from cap_feeds import answer, gdacs, item
from cap_shared import shared_file
from xstock_cap.gdacs import Gdacs, GdacsSettings, read

from xstock_node.plugins.interchange import Alert, Coded, Point
from xstock_node.plugins.markup import BadMarkup
from xstock_node.testing.plugin_context import plugin_context
from xstock_node.testing.recorded import recorded_answers


def alert(**changed: str) -> Alert:
    (found,) = read(gdacs(item(**changed)).encode()).alerts
    return found


def test_the_drought_of_the_sample_names_four_countries_and_all_are_told() -> None:
    found = read(shared_file("gdacs/gdacs-1.xml").read_bytes())
    assert (len(found.alerts), found.flags, found.skipped) == (4, (), ())
    drought = next(one for one in found.alerts if one.thread == "gdacs:DR1013682")
    assert drought.countries == ("BG", "IQ", "IR", "TR")
    (block,) = drought.blocks
    assert (block.event, block.level, block.severity, block.expires) == ("Drought", "green", "Unknown", 0)
    (area,) = block.areas
    (ring,) = area.polygons
    assert ring[0] == ring[-1] == Point(35.544, 27.926) and ring[2] == Point(43.544, 35.926)
    assert area.circles == ((Point(39.544, 31.926), 0.0),) and area.description == "Bulgaria, Iraq, Iran, Turkey"
    assert Coded(scheme="ISO 3166-1", value="TR") in area.codes


def test_the_quake_of_the_sample_is_an_alert_though_its_episode_has_a_large_number() -> None:
    found = read(shared_file("gdacs/gdacs-1.xml").read_bytes())
    quake = next(one for one in found.alerts if one.thread == "gdacs:EQ1199929")
    assert (quake.kind, quake.identifier) == ("Alert", "gdacs:EQ1199929/1287798.1-green")


def test_an_episode_revises_in_the_same_thread_and_so_does_another_colour() -> None:
    first, second = alert(), alert(episodeid="2", datemodified="Mon, 01 Mar 2027 09:00:00 GMT")
    red = alert(alertlevel="Red")
    assert first.thread == second.thread == red.thread == "gdacs:FL1103000"
    assert len({first.identifier, second.identifier, red.identifier}) == 3
    assert (first.kind, second.kind, second.references) == ("Alert", "Update", ())
    assert second.sent > first.sent and (first.blocks[0].level, red.blocks[0].level) == ("green", "red")


@pytest.mark.parametrize("missing", ["eventtype", "eventid", "episodeid", "alertlevel"])
def test_an_item_that_lacks_something_is_skipped_and_the_rest_is_read(missing: str) -> None:
    found = read(gdacs(item(guid="broken-one", **{missing: ""}), item()).encode())
    assert len(found.alerts) == 1 and [one.reason for one in found.skipped] == ["missing"]
    assert "broken-one" in found.skipped[0].text and missing in found.skipped[0].text


def test_an_item_without_any_time_is_skipped() -> None:
    raw = gdacs(item(datemodified="")).replace("<pubDate>Sun, 28 Feb 2027 00:00:00 GMT", "<pubDate>Sunday").encode()
    assert [one.reason for one in read(raw).skipped] == ["no-time"]


def test_unknown_countries_and_codes_are_told() -> None:
    found = read(gdacs(item(country="Romania, Atlantis", alertlevel="Purple", eventtype="XX")).encode())
    (one,) = found.alerts
    assert one.countries == ("RO",) and one.blocks[0].level == "" and one.blocks[0].event == "XX"
    assert Coded(scheme="xstock-unread:alertlevel", value="Purple") in one.blocks[0].parameters
    assert [flag.partition(": ")[2] for flag in found.flags] == [
        "unknown-country: Atlantis",
        "unknown-code: eventtype XX",
        "unknown-code: alertlevel Purple",
    ]


def test_the_code_of_one_country_stands_in_where_no_name_is_known() -> None:
    assert alert(country="").countries == ("RO",)
    assert alert(country="", iso3="").countries == ()


def test_a_box_over_the_edge_of_the_map_is_left_out_and_told() -> None:
    found = read(gdacs(item(bbox="170.0 190.0 -20.0 -10.0")).encode())
    assert not found.alerts[0].blocks[0].areas[0].polygons and [one.reason for one in found.skipped] == ["no-box"]


@pytest.mark.parametrize("raw", [b"<html/>", b"", b"<rss>", b'<!DOCTYPE rss [<!ENTITY a "b">]><rss/>'])
def test_what_is_no_feed_is_refused(raw: bytes) -> None:
    with pytest.raises(BadMarkup):
        read(raw)


async def test_polled_twice_it_creates_nothing_twice() -> None:
    answers = [
        answer("/rss.xml", gdacs(item()), etag='"one"', last_modified="Mon, 01 Mar 2027 06:00:00 GMT"),
        answer("/rss.xml", status=304),
        answer("/rss.xml", gdacs(item(), item(episodeid="2")), etag='"two"'),
    ]
    async with recorded_answers(answers) as server:
        async with plugin_context(GdacsSettings(url=f"{server.url}/rss.xml")) as context:
            first, second, third = [await Gdacs().poll(context) for _ in range(3)]
        assert (len(first.alerts), len(second.alerts), len(third.alerts)) == (1, 0, 2)
        assert third.alerts[0] == first.alerts[0]
        asked = server.requests[1].headers
        assert asked["if-none-match"] == '"one"' and asked["if-modified-since"].startswith("Mon, 01 Mar 2027")
        assert "if-none-match" not in server.requests[0].headers


async def test_what_is_no_feed_is_an_error_of_the_reading_and_is_asked_for_again() -> None:
    answers = [answer("/rss.xml", "<html/>", etag='"one"'), answer("/rss.xml", gdacs(item()))]
    async with recorded_answers(answers) as server:
        async with plugin_context(GdacsSettings(url=f"{server.url}/rss.xml")) as context:
            assert (await Gdacs().poll(context)).error == "not-feed"
            assert len((await Gdacs().poll(context)).alerts) == 1
        assert "if-none-match" not in server.requests[1].headers
