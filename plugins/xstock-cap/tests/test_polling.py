"""Asking a feed: what is known is not asked for again, for an hour; patience where a server wants it."""

from typing import Any

import pytest
from cap_feeds import answer, gdacs, item
from xstock_cap.gdacs import Gdacs, GdacsSettings

from xstock_node.plugins import Unauthorised, Unavailable
from xstock_node.testing.plugin_context import plugin_context
from xstock_node.testing.recorded import RecordedAnswer, recorded_answers

FEED = gdacs(item())


async def polls(answers: list[RecordedAnswer], clock: Any, *pauses: int) -> list[Any]:
    """What each poll gives or raises, and the headers of each request; before each poll the clock moves on."""
    async with recorded_answers(answers) as server:
        found: list[Any] = []
        async with plugin_context(GdacsSettings(url=f"{server.url}/f"), now=clock) as context:
            for pause in pauses:
                clock.at += pause
                try:
                    found.append(len((await Gdacs().poll(context)).alerts))
                except (Unavailable, Unauthorised) as error:
                    found.append(error)
        return [*found, [one.headers for one in server.requests]]


async def test_after_an_hour_the_whole_feed_is_read_again(clock: Any) -> None:
    one, two, three, asked = await polls([answer("/f", FEED, etag='"e"')], clock, 0, 600, 3600)
    assert (one, two, three) == (1, 1, 1)
    assert ["if-none-match" in headers for headers in asked] == [False, True, False]


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("said", ["120", "Fri, 15 Jan 2027 08:02:00 GMT"])
async def test_a_busy_server_is_left_alone_for_as_long_as_it_says(clock: Any, status: int, said: str) -> None:
    answers = [answer("/f", status=status, retry_after=said), answer("/f", FEED)]
    busy, waits, read, asked = await polls(answers, clock, 0, 60, 60)
    assert isinstance(busy, Unavailable) and busy.retry_after == 120
    assert isinstance(waits, Unavailable) and waits.retry_after == 60
    assert read == 1 and len(asked) == 2


@pytest.mark.parametrize("said", ["", "soon", "-5", "9" * 30])
async def test_a_server_that_says_nonsense_is_asked_at_the_next_poll(clock: Any, said: str) -> None:
    busy, read, _ = await polls([answer("/f", status=503, retry_after=said), answer("/f", FEED)], clock, 0, 0)
    assert isinstance(busy, Unavailable) and busy.retry_after == 0 and read == 1


async def test_waiting_keeps_what_is_known(clock: Any) -> None:
    answers = [answer("/f", FEED, etag='"e"'), answer("/f", status=503, retry_after="60"), answer("/f", status=304)]
    *_, last, asked = await polls(answers, clock, 0, 60, 60)
    assert last == 0 and asked[2]["if-none-match"] == '"e"'


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_is_for_people(clock: Any, status: int) -> None:
    refused, _ = await polls([answer("/f", status=status)], clock, 0)
    assert isinstance(refused, Unauthorised)


@pytest.mark.parametrize("status", [301, 404, 410])
async def test_a_feed_that_is_elsewhere_is_told(clock: Any, status: int) -> None:
    gone, _ = await polls([answer("/f", status=status, location="https://elsewhere.example/")], clock, 0)
    assert isinstance(gone, Unavailable) and str(status) in str(gone) and "settings" in str(gone)


@pytest.mark.parametrize("url", ["http://gdacs.example/f", "https://u:p@gdacs.example/f", "ftp://x/f", "https:///f"])
def test_addresses_of_feeds_are_https(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        GdacsSettings(url=url)
