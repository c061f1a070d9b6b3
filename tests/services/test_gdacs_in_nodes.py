"""GDACS through the real plugin into real nodes: every country that an item names is warned, and no other."""

from pathlib import Path

from tests.services.warning_desk import warning_desk
from tests.shared import sample
from xstock_node.services.alert_feeds import alert_findings
from xstock_node.testing.recorded import RecordedAnswer, recorded_answers

NIGHT = 1_577_671_200
"""2019-12-30 02:00 UTC, half an hour after the recorded feed."""


def gdacs(level: str = "Green", episode: str = "1", sent: str = "Mon, 30 Dec 2019 01:00:00 GMT", **more: str) -> str:
    fields = {
        "eventtype": "FL", "eventid": "1103000", "episodeid": episode, "version": "1", "alertlevel": level,
        "country": "Romania, Moldova", "datemodified": sent,
    } | more  # fmt: skip
    inside = "".join(f"<gdacs:{name}>{text}</gdacs:{name}>" for name, text in fields.items() if text)
    return f"<item><title>{level} flood</title><pubDate>{sent}</pubDate><guid>FL</guid>{inside}</item>"


def feed(*items: str) -> RecordedAnswer:
    body = f'<rss version="2.0" xmlns:gdacs="http://www.gdacs.org"><channel>{"".join(items)}</channel></rss>'
    return RecordedAnswer(path="/rss.xml", body=body)


async def test_the_drought_of_four_countries_reaches_the_node_of_each_and_no_other(tmp_path: Path) -> None:
    recorded = sample("..", "standards", "gdacs", "gdacs-1.xml").read_text("utf-8")
    async with recorded_answers([RecordedAnswer(path="/rss.xml", body=recorded)]) as server:
        for country in ("BG", "TR", "IQ", "IR", "RO", "GR"):
            async with warning_desk(
                tmp_path / country, country, NIGHT, gdacs=f"{server.url}/rss.xml", apart=country == "TR"
            ) as desk:
                assert await desk.alerting.look() == ["gdacs"]
                found = [one for one in await desk.listed() if one.event == "Drought"]
                queued = [one for one in await desk.queue() if "Drought" in one.state]
                warned = country in ("BG", "TR", "IQ", "IR")
                assert (len(found), len(queued)) == ((1, 1) if warned else (0, 0)), country
                assert len(await desk.listed(every=True)) == 4
                assert await desk.drafts() == [], "green opens no draft"
                if warned:
                    assert found[0].areas == ["Bulgaria, Iraq, Iran, Turkey"] and found[0].level == "green"
                    assert found[0].source.startswith("Global Disaster Alert") and "no-end" in found[0].marks


async def test_episodes_revise_one_warning_and_green_to_red_calls_once(tmp_path: Path) -> None:
    later, latest = "Mon, 30 Dec 2019 01:30:00 GMT", "Mon, 30 Dec 2019 01:45:00 GMT"
    answers = [
        feed(gdacs()),
        feed(gdacs("Red", "2", later)),
        feed(gdacs("Red", "2", later)),
        feed(gdacs("Green", "9", latest), gdacs("Orange", "10", latest)),
        feed(gdacs("Red", "10", latest, version="2")),
    ]
    calls, levels = [], []
    async with (
        recorded_answers(answers) as server,
        warning_desk(tmp_path, "MD", NIGHT, gdacs=f"{server.url}/rss.xml") as desk,
    ):
        for _ in answers:
            await desk.alerting.look()
            (warning,) = await desk.listed()
            calls.append(await desk.calls())
            levels.append(warning.level)
            desk.later(301)
        assert calls == [0, 1, 1, 1, 1] and levels == ["green", "red", "red", "orange", "red"]
        (draft,) = await desk.drafts()
        assert (draft.state, draft.country, draft.severity) == ("open", "MD", 0)


async def test_an_item_that_lacks_fields_is_skipped_and_told_and_the_others_are_read(tmp_path: Path) -> None:
    async with (
        recorded_answers([feed(gdacs(alertlevel=""), gdacs("Red", "2"))]) as server,
        warning_desk(tmp_path, "RO", NIGHT, gdacs=f"{server.url}/rss.xml") as desk,
    ):
        await desk.alerting.look()
        assert [one.level for one in await desk.listed()] == ["red"]
        (finding,) = await alert_findings(desk.office)
        assert finding.state == "ok" and "1 items could not be read" in finding.found
