"""Any feed of CAP documents: inside entries or behind links, of listed hosts alone, a bounded number at a poll."""

from typing import Any

import pytest
from cap_feeds import answer, atom, cap, holding, linked
from xstock_cap.documents import AT_A_POLL
from xstock_cap.feeds import CapFeed, CapFeedSettings

from xstock_node.plugins import Unavailable
from xstock_node.plugins.interchange import Reading
from xstock_node.testing.plugin_context import plugin_context
from xstock_node.testing.recorded import RecordedAnswer, RecordedServer, recorded_answers


async def polled(answers: list[RecordedAnswer], clock: Any, *pauses: int) -> tuple[list[Reading], RecordedServer]:
    async with recorded_answers(answers) as server:
        settings = CapFeedSettings(url=f"{server.url}/feed")
        async with plugin_context(settings, hosts=(server.url.removeprefix("http://"),), now=clock) as context:
            found = []
            for pause in pauses:
                clock.at += pause
                found.append(await CapFeed().poll(context))
        return found, server


def names(reading: Reading) -> list[str]:
    return [one.identifier for one in reading.alerts]


async def test_documents_behind_links_are_fetched_once(clock: Any) -> None:
    answers = [answer("/feed", atom(linked("/1.xml"), linked("2.xml"))), answer("/1.xml", cap())]
    answers.append(answer("/2.xml", cap("update-before-alert")))
    (first, second), server = await polled(answers, clock, 0, 300)
    assert names(first) == ["desk.example-2027-014", "desk.example-2027-015"] and second == Reading()
    assert [one.path for one in server.requests] == ["/feed", "/1.xml", "/2.xml", "/feed"]


async def test_a_document_that_changed_is_fetched_again(clock: Any) -> None:
    answers = [answer("/feed", atom(linked("/1.xml"))), answer("/feed", atom(linked("/1.xml", "later")))]
    (_, second), _ = await polled([*answers, answer("/1.xml", cap())], clock, 0, 300)
    assert names(second) == ["desk.example-2027-014"]


async def test_after_an_hour_what_the_node_may_have_lost_comes_again(clock: Any) -> None:
    (first, _, third), _ = await polled(
        [answer("/feed", atom(linked("/1.xml"))), answer("/1.xml", cap())], clock, 0, 300, 3600
    )
    assert third.alerts == first.alerts


async def test_documents_inside_entries_of_atom_and_links_of_rss(clock: Any) -> None:
    (inside,), _ = await polled([answer("/feed", atom(holding(cap("kazakh"))))], clock, 0)
    assert inside.alerts[0].blocks[0].event == "Су тасқыны"
    item = "<item><guid>1</guid><link>/1.xml</link><pubDate>now</pubDate></item>"
    rss = f'<rss version="2.0"><channel><link>/not-this</link>{item}</channel></rss>'
    (outside,), _ = await polled([answer("/feed", rss), answer("/1.xml", cap())], clock, 0)
    assert names(outside) == ["desk.example-2027-014"]


async def test_links_to_hosts_that_are_not_listed_are_not_followed(clock: Any) -> None:
    feed = atom(linked("http://169.254.169.254/latest"), linked("file:///etc/passwd"), linked("/1.xml"))
    (found,), server = await polled([answer("/feed", feed), answer("/1.xml", cap())], clock, 0)
    assert len(found.alerts) == 1
    assert [one.reason for one in found.skipped] == ["no-document", "host-not-listed"]
    assert [one.path for one in server.requests] == ["/feed", "/1.xml"]


async def test_bad_documents_are_told_one_by_one(clock: Any) -> None:
    answers = [
        answer("/feed", atom(*(linked(f"/{n}.xml") for n in range(1, 6)))),
        answer("/1.xml", "<html/>"),
        answer("/2.xml", "<!DOCTYPE alert><alert/>"),
        answer("/3.xml", cap("status-unknown")),
        answer("/5.xml", cap()),
    ]
    (found,), _ = await polled(answers, clock, 0)
    assert [one.reason for one in found.skipped] == ["not-cap", "doctype", "unknown-status", "no-document"]
    assert all(f"/{n}.xml" in one.text for n, one in enumerate(found.skipped, 1)) and len(found.alerts) == 1


async def test_what_is_more_than_a_poll_takes_comes_with_the_next_though_the_feed_did_not_change(clock: Any) -> None:
    many = AT_A_POLL + 20
    answers = [answer("/feed", atom(*(linked(f"/{n}.xml") for n in range(many))), etag='"e"')]
    answers += [answer(f"/{n}.xml", cap().replace("2027-014", f"2027-{n}")) for n in range(many)]
    (first, second), server = await polled(answers, clock, 0, 300)
    assert (len(first.alerts), len(second.alerts)) == (AT_A_POLL, 20)
    assert not set(names(first)) & set(names(second))
    assert all("if-none-match" not in one.headers for one in server.requests)


async def test_a_server_that_grows_busy_keeps_the_rest_for_later(clock: Any) -> None:
    answers = [answer("/feed", atom(*(linked(f"/{n}.xml") for n in range(6))))]
    answers += [answer(f"/{n}.xml", cap().replace("2027-014", f"2027-{n}")) for n in range(4)]
    answers += [answer("/4.xml", status=503), answer("/4.xml", cap()), answer("/5.xml", status=503)]
    answers += [answer("/5.xml", cap("cancel-of-unknown"))]
    (first, second), _ = await polled(answers, clock, 0, 300)
    assert len(first.alerts) == 4 and "documents-wait" in first.flags[0]
    assert names(second) == ["desk.example-2027-014", "desk.example-2027-016"]


async def test_a_server_that_gives_no_document_at_all_is_away(clock: Any) -> None:
    with pytest.raises(Unavailable):
        await polled([answer("/feed", atom(linked("/1.xml"))), answer("/1.xml", status=500)], clock, 0)


async def test_what_is_no_feed_is_an_error(clock: Any) -> None:
    (found,), _ = await polled([answer("/feed", cap())], clock, 0)
    assert found.error == "not-feed"


def test_settings() -> None:
    assert CapFeedSettings(url="https://cp.example/feed", country="RO").country == "RO"
    with pytest.raises(ValueError, match="country"):
        CapFeedSettings(url="https://cp.example/feed", country="Romania")
