"""Warnings in a node: kept once, told once for each rank, opened as a draft that follows them and is never sent."""

from collections.abc import AsyncIterator
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.domain.alert_words import HOUR, area, block, word
from tests.services.warning_desk import WarningDesk, warning_desk
from xstock_node.domain.alerts import Alert, Reference
from xstock_node.plugins import Unauthorised, Unavailable
from xstock_node.plugins.interchange import Reading, Skipped
from xstock_node.protocol import limits
from xstock_node.services.alert_feeds import FEEDS, alert_findings
from xstock_node.services.alert_views import import_alerts
from xstock_node.services.alerting import look_again
from xstock_node.services.alerts_held import ALERTS, all_warnings
from xstock_node.services.draft_desk import Dismissal, TakeDraft, dismiss_draft, take_draft
from xstock_node.services.drafts import DraftRequest, put_draft
from xstock_node.services.errors import Refusal
from xstock_node.services.office import OPERATOR, AlertRules
from xstock_node.services.plugging import list_plugins
from xstock_node.services.requesting import list_requests
from xstock_node.testing.clock import START

DAY = 24 * HOUR


def said(name: str = "a", kind: str = "Alert", after: int = 0, refers: tuple[str, ...] = (), **more: Any) -> Alert:
    """A word on a flood in Romania, by the clock of the desk; severity, level and the like go into its block."""
    fields = {
        key: more.pop(key) for key in ("severity", "level", "expires", "onset", "headline", "areas") if key in more
    }
    alert = word(name, kind, refers=refers, **({"countries": ("RO",)} | more))
    blocks = (
        (block(**({"expires": START + 12 * HOUR} | fields)),) if kind != "Cancel" and "blocks" not in more else None
    )
    changed: dict[str, Any] = {"sent": START + after} | ({"blocks": blocks} if blocks else {})
    return msgspec.structs.replace(alert, **changed)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[WarningDesk]:
    async with warning_desk(tmp_path) as made:
        yield made


async def test_a_feed_polled_twice_creates_nothing_twice(desk: WarningDesk) -> None:
    assert await desk.poll(said()) == ["feed"]
    calls = await desk.calls()
    before = await desk.listed(), await desk.queue(), await desk.drafts()
    await desk.poll(said(), said())
    assert await desk.calls() == calls == 1
    assert (await desk.listed(), await desk.queue(), await desk.drafts()) == before
    (warning,) = before[0]
    assert (warning.state, warning.rank, warning.level, warning.event, warning.here) == (
        "active",
        2,
        "orange",
        "Flood",
        "yes",
    )
    assert warning.source == "desk@cp.example" and warning.feed == "feed" and warning.areas == ["Lower town"]
    assert await list_requests(desk.office, OPERATOR) == [], "a draft is never sent"


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_alert_update_and_cancel_give_one_state_in_all_six_orders_of_arrival(
    desk: WarningDesk, order: tuple[int, ...]
) -> None:
    words = [said(), said("u", "Update", 60, ("a",)), said("c", "Cancel", 120, ("u",))]
    for n in order:
        await desk.poll(words[n])
    (warning,) = await desk.listed(every=True)
    assert warning.state == "cancelled" and await desk.listed() == [] and await desk.queue() == []
    assert "Flood" in warning.event, "what is over is named by what it warned of"
    assert [one.stands for one in (await desk.shown(warning.id)).alerts] == [True, False, False]
    assert all(one.state == "dropped" for one in await desk.drafts())


async def test_green_to_red_escalates_once_and_the_draft_follows(desk: WarningDesk) -> None:
    await desk.poll(said(level="green", severity="Unknown"))
    (waiting,) = await desk.queue()
    assert waiting.calm and await desk.calls() == 0 and await desk.drafts() == []
    red = said("u", "Update", 60, ("a",), level="red", severity="Unknown", headline="The dyke breaks")
    await desk.poll(red)
    assert (
        await desk.calls() == 1
        and "warning of desk@cp.example: Flood, Lower town (red)" in desk.told.notices[0].subject
    )
    (draft,) = await desk.drafts()
    assert draft.note.startswith("The dyke breaks") and (draft.event, draft.severity, draft.country) == ("u", 0, "RO")
    await desk.poll(red)
    await desk.poll(said("u2", "Update", 120, ("u",), level="orange", severity="Severe", headline="It holds"))
    assert await desk.calls() == 1
    (draft,) = await desk.drafts()
    assert draft.note.startswith("It holds") and draft.severity == 2 and draft.state == "open"
    await desk.poll(said("u3", "Update", 180, ("u2",), level="red", severity="Extreme"))
    assert await desk.calls() == 1 and len(await desk.queue()) == 1


async def test_an_expired_warning_drops_its_draft_and_a_new_word_opens_it_again(desk: WarningDesk) -> None:
    await desk.poll(said(expires=START + 2 * HOUR))
    assert [one.state for one in await desk.drafts()] == ["open"]
    await desk.poll(after=2 * HOUR)
    assert await desk.listed() == [] and await desk.queue() == []
    (draft,) = await desk.drafts()
    assert (draft.state, draft.reason) == ("dropped", "the warning expired")
    await desk.poll(said("u", "Update", 3 * HOUR, ("a",)))
    assert [one.state for one in await desk.drafts()] == ["open"] and len(await desk.queue()) == 1


async def test_what_a_person_dismissed_stays_so_and_what_one_changed_is_left_alone(desk: WarningDesk) -> None:
    await desk.poll(said())
    (draft,) = await desk.drafts()
    await dismiss_draft(desk.office, OPERATOR, Dismissal(id=draft.id, reason="own stock covers it"))
    await desk.poll(said("u", "Update", 60, ("a",), severity="Extreme"))
    await desk.poll(said("c", "Cancel", 120, ("u",)))
    (draft,) = await desk.drafts()
    assert (draft.state, draft.reason) == ("dropped", "own stock covers it")
    with pytest.raises(Refusal) as refused:
        await dismiss_draft(desk.office, OPERATOR, Dismissal(id=draft.id, reason="again"))
    assert refused.value.code == "draft-dropped"


@pytest.mark.parametrize("status", ["Exercise", "Test", "System", "Draft"])
async def test_what_is_not_real_opens_nothing_on_a_node_of_real_stock_and_keeps_its_mark(
    desk: WarningDesk, status: str
) -> None:
    await desk.poll(said(status=status, severity="Extreme"))
    assert await desk.queue() == [] and await desk.drafts() == [] and await desk.calls() == 0
    (warning,) = await desk.listed()
    assert warning.marks[0] == status.lower()
    await desk.poll(said("r"), said("c", "Cancel", 60, ("r",), status=status))
    assert [one.state for one in await desk.listed() if one.status == "Actual"] == ["active"]


async def test_an_exercise_network_takes_exercises_and_opens_no_real_draft(tmp_path: Path) -> None:
    async with warning_desk(tmp_path, log="x-see.x-flood") as desk:
        await desk.poll(said("x", status="Exercise"), said("t", status="Test"), said("r"))
        (draft,) = await desk.drafts()
        assert draft.exercise and draft.event == "x"
        assert sorted(one.exercise for one in await desk.queue()) == [False, True]
        assert await desk.calls() == 2 and any(one.subject.startswith("EXERCISE") for one in desk.told.notices)


async def test_what_is_elsewhere_is_kept_and_not_told_and_what_may_be_here_is_listed_calmly(desk: WarningDesk) -> None:
    await desk.poll(said("far", countries=("JP",), severity="Extreme"), said("lost", countries=(), severity="Extreme"))
    (warning,) = await desk.listed()
    assert warning.here == "unknown" and "place-unknown" in warning.marks and len(await desk.listed(every=True)) == 2
    (waiting,) = await desk.queue()
    assert waiting.calm and await desk.calls() == 0 and await desk.drafts() == []


async def test_unknown_gravity_calls_and_opens_no_draft(desk: WarningDesk) -> None:
    await desk.poll(said(severity="Unknown"))
    (warning,) = await desk.listed()
    assert warning.rank is None and "rank-unknown" in warning.marks
    assert await desk.calls() == 1 and await desk.drafts() == []


async def test_an_update_without_its_alert_is_told_at_once_and_marked(desk: WarningDesk) -> None:
    await desk.poll(said("u", "Update", 60, ("a",)))
    (warning,) = await desk.listed()
    assert warning.state == "active" and "first-not-seen" in warning.marks and await desk.calls() == 1
    await desk.poll(said())
    (after,) = await desk.listed()
    assert after.id == warning.id and "first-not-seen" not in after.marks and await desk.calls() == 1


async def test_a_thread_needs_no_references(desk: WarningDesk) -> None:
    await desk.poll(said("gdacs:FL1/9.1-green", "Update", thread="gdacs:FL1", level="green", severity="Unknown"))
    await desk.poll(said("gdacs:FL1/10.1-red", "Update", thread="gdacs:FL1", level="red", severity="Unknown"))
    (warning,) = await desk.listed()
    assert warning.level == "red" and warning.marks == [] and await desk.calls() == 1


async def test_two_warnings_that_turn_out_to_be_one_have_one_draft(desk: WarningDesk) -> None:
    await desk.poll(said("a"))
    await desk.poll(said("b", after=60))
    assert len(await desk.listed()) == 2
    await desk.poll(said("u", "Update", 120, ("a", "b")))
    (warning,) = await desk.listed()
    assert sorted((one.state, one.reason) for one in await desk.drafts()) == [
        ("dropped", "the warning is part of another"), ("open", ""),
    ]  # fmt: skip
    shown = await desk.shown(warning.id)
    assert [await desk.shown(one.id) for one in shown.alerts] == [shown] * 3


async def test_the_same_identifier_with_other_words_is_kept_as_it_was_and_flagged(desk: WarningDesk) -> None:
    await desk.poll(said(headline="The river rises"))
    await desk.poll(said(headline="All is well", severity="Minor"))
    (warning,) = await desk.listed()
    assert warning.rank == 2 and "said-otherwise" in warning.marks
    (part,) = (await desk.shown(warning.id)).said
    assert part.headline == "The river rises"


async def test_texts_are_in_the_wanted_language_and_what_has_none_is_shown_and_marked(desk: WarningDesk) -> None:
    blocks = (
        block("en", expires=START + DAY), block("ro", event="Inundație", expires=START + DAY),
        block("ro", event="Vânt", expires=START + DAY, areas=(area("RO002", words="Delta"),), severity="Minor"),
    )  # fmt: skip
    await desk.poll(said(blocks=blocks))
    (english,), (romanian,) = await desk.listed(), await desk.listed(language="ro")
    assert (english.event, english.language) == ("Flood", "en") and (romanian.event, romanian.language) == (
        "Inundație",
        "ro",
    )
    assert {"other-language", "unpaired"} <= set(english.marks) and "other-language" not in romanian.marks
    assert [(one.event, one.marks) for one in (await desk.shown(english.id)).said] == [
        ("Flood", []), ("Vânt", ["other-language", "unpaired"]),
    ]  # fmt: skip


async def test_characters_that_turn_a_line_reach_no_page_and_no_notice(desk: WarningDesk) -> None:
    await desk.poll(said(headline="a\u202eb\x1b[2J", areas=(area("RO001", words="To\x1bwn"),)))
    (warning,) = await desk.listed()
    text = msgspec.json.encode(
        [warning, await desk.shown(warning.id), await desk.drafts(), await desk.queue()]
    ).decode()
    assert "\\u202e" not in text and "\u202e" not in text and "\\u001b" not in text


async def test_a_feed_that_cannot_be_read_is_told_and_asked_again_later_and_later(desk: WarningDesk) -> None:
    await desk.poll(said())
    desk.feed.error = Unavailable("down", 3000)
    assert await desk.poll() == ["feed"]
    (finding,) = await alert_findings(desk.office)
    assert finding.state == "error" and "down" in finding.found and "feed.toml" in finding.do
    (tally,) = [t for p in await list_plugins(desk.office, OPERATOR) for t in p.adapters if t.name == "feed"]
    assert tally.errors == 1 and "down" in tally.last_error
    assert await desk.poll(after=2000) == [] and len(await desk.listed()) == 1, "what is known stays"
    desk.feed.error = None
    assert await desk.poll(said(), after=1001) == ["feed"]
    assert [one.state for one in await alert_findings(desk.office)] == ["ok"]


async def test_what_is_no_feed_and_what_refuses_us_counts_as_an_error(desk: WarningDesk) -> None:
    desk.feed.said = Reading(error="not-feed", error_text="expected RSS; came <html>")
    await desk.alerting.look()
    (tally,) = [t for p in await list_plugins(desk.office, OPERATOR) for t in p.adapters if t.name == "feed"]
    assert tally.errors == 1 and "not-feed" in tally.last_error
    desk.feed.error = Unauthorised("401")
    for _ in range(3):
        await desk.poll(after=2000)
    assert desk.feed.asked == 2, "a refused key is tried once"


async def test_items_that_lack_something_are_counted_for_the_doctor(desk: WarningDesk) -> None:
    desk.feed.said = Reading(alerts=(said(),), skipped=(Skipped(reason="missing", text="x"),))
    await desk.alerting.look()
    (finding,) = await alert_findings(desk.office)
    assert finding.state == "ok" and "1 items could not be read" in finding.found


async def test_every_five_minutes_unless_the_settings_say_otherwise(desk: WarningDesk) -> None:
    assert await desk.alerting.look() == ["feed"]
    assert await desk.poll(after=299) == [] and await desk.poll(after=2) == ["feed"]
    (desk.office.home / "plugins" / "feed.toml").write_text("[host]\nevery_minutes = 60\n")
    await desk.poll()
    assert await desk.poll(after=3500) == [] and await desk.poll(after=101) == ["feed"]


async def test_what_ended_a_month_ago_is_dropped_and_does_not_come_back_with_the_feed(desk: WarningDesk) -> None:
    await desk.poll(said())
    await desk.poll(said(), after=29 * DAY)
    assert len(await desk.listed(every=True)) == 1
    await desk.poll(said(), after=3 * DAY)
    assert await desk.listed(every=True) == []
    assert await desk.office.node.engine.read(ALERTS.list) == []
    (taken,) = await import_alerts(desk.office, OPERATOR, "cap", [said()])
    assert (taken.became, taken.warning) == ("too-old", None)


async def test_where_it_is_full_what_ended_makes_room_and_what_finds_none_is_told(
    desk: WarningDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ALERTS", 2)
    await desk.poll(said("old", expires=START + HOUR), said("b"))
    await desk.poll(said("c"), after=HOUR)
    rows = await desk.office.node.engine.read(all_warnings)
    assert len(rows) == 2 and len(await desk.listed()) == 2
    await desk.poll(said("d"), said("e"))
    assert len(await desk.office.node.engine.read(ALERTS.list)) == 2
    (finding,) = await alert_findings(desk.office)
    assert finding.state == "error" and "2 alerts" in finding.found


async def test_other_settings_are_heeded_at_the_next_start(desk: WarningDesk) -> None:
    await desk.poll(said(countries=("JP",), severity="Moderate"))
    assert await desk.listed() == []
    wider = AlertRules(areas=("RO001",), least=1)
    desk.office.settings = desk.office.settings._replace(alerts=wider)
    await look_again(desk.office, OPERATOR)
    assert [one.here for one in await desk.listed()] == ["yes"] and len(await desk.drafts()) == 1


async def test_the_word_of_another_sender_cancels_nothing(desk: WarningDesk) -> None:
    await desk.poll(said())
    ours = Reference(sender="desk@cp.example", identifier="a", sent=START)
    await desk.poll(said("c", "Cancel", 60, sender="evil@example.org", references=(ours,)))
    assert [one.state for one in await desk.listed()] == ["active"]


async def test_words_on_messages_are_not_kept(desk: WarningDesk) -> None:
    await desk.poll(said(), said("x", "Ack", 60, ("a",)), said("e", "Error", 60, ("a",)))
    assert len(await desk.office.node.engine.read(ALERTS.list)) == 1
    assert [one.state for one in await desk.listed()] == ["active"]
    states = await desk.office.node.engine.read(FEEDS.list)
    assert [(one.name, one.error) for one in states] == [("feed", "")]


async def test_an_unknown_id_says_what_to_type(desk: WarningDesk) -> None:
    with pytest.raises(Refusal) as refused:
        await desk.shown("nothing")
    assert refused.value.code == "no-alert" and "xstock alert list" in refused.value.do


async def test_of_a_warning_that_is_revised_without_end_the_oldest_words_are_forgotten(
    desk: WarningDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ALERT_WORDS", 3)
    await desk.poll(said(), *(said(f"u{n}", "Update", n, (f"u{n - 1}" if n > 1 else "a",)) for n in range(1, 7)))
    (warning,) = await desk.listed()
    assert [one.identifier for one in (await desk.shown(warning.id)).alerts] == ["u6", "u5", "u4"]
    assert len(await desk.office.node.engine.read(ALERTS.list)) == 3 and await desk.calls() == 1


async def test_what_is_real_is_never_asked_for_in_an_exercise(tmp_path: Path) -> None:
    async with warning_desk(tmp_path, log="x-see.x-flood") as desk:
        draft = DraftRequest(id="d", origin="alert", foreign_id="a", about="w", at=1)
        await desk.office.node.engine.write(lambda tx: put_draft(tx, draft, 1), durable=True)
        with pytest.raises(Refusal) as refused:
            await take_draft(desk.office, OPERATOR, TakeDraft(id="d", to=["all"], notify=True))
        assert refused.value.code == "real-draft" and await list_requests(desk.office, OPERATOR) == []


async def test_a_word_of_a_clock_far_ahead_is_not_kept_and_nothing_warns_for_ever(desk: WarningDesk) -> None:
    ahead, endless = said("ahead", after=3 * DAY), said("endless", expires=START + 40_000 * DAY)
    await desk.poll(ahead, endless)
    (warning,) = await desk.listed()
    assert warning.state == "active" and len(await desk.listed(every=True)) == 1
    desk.later(93 * DAY)
    await desk.poll()
    assert await desk.listed() == []
