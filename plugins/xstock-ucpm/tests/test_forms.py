"""What each form says of made-up facts: figures, references, what is unknown, what is covered twice."""

import json
from decimal import Decimal
from typing import Any

import pytest
from ucpm_facts import TEXTS, facts, operation, unit
from xstock_ucpm.offers import OffersOfAssistance
from xstock_ucpm.request import AssistanceRequest
from xstock_ucpm.resilience import Resilience, goals
from xstock_ucpm.transport import FIELDS, TransportSupport

from xstock_node.domain.documents.facts import Line
from xstock_node.domain.items import BaseUnit
from xstock_node.plugins import Declined
from xstock_node.plugins.forms import FormData, FormFacts, FormMaker
from xstock_node.testing.plugin_context import plugin_context


async def made(form: FormMaker, given: FormFacts) -> tuple[FormData, Any]:
    async with plugin_context(None) as context:
        found = await form.make(context, given)
    return found, json.loads(found.data)


async def test_a_request_has_its_references_and_what_is_still_open() -> None:
    form, said = await made(AssistanceRequest(), facts())
    assert (form.reference, said["references"]) == ("2027-EX-014", ["FL-2027-000033-BGR", "2027-EX-014"])
    (item,) = said["items"]
    assert (item["asked"], item["promised"], item["offered"], item["open"]) == ("40", "0", "50", "40")
    assert "contact" in form.open and "requesting_body" not in form.open
    assert any("not connected" in text for text in form.says) and any("2025/704" in text for text in form.says)


async def test_what_is_covered_twice_is_seen_in_the_offers() -> None:
    _, said = await made(OffersOfAssistance(), facts())
    assert [(one["offered"], one["over"]) for one in said["lines"]] == [("50", "10")]
    first, second = said["offers"]
    item = first["items"][0]
    assert (item["module"], item["persons"], item["self_sufficiency_days"]) == ("WP", 4, 7)
    assert second["items"][0]["persons"] is None and second["answer"] == "offered"


async def test_a_weight_that_nobody_knows_is_unknown_and_not_nought() -> None:
    units = (unit(1, Decimal("120.5")), unit(2, None))
    lines = (Line(item="PUMP", names={}, unit=BaseUnit.PIECE, accepted=Decimal(2)),)
    one = operation("one", "RO", 30, units=units, lines=lines)
    form, said = await made(TransportSupport(), facts(operations=(one,)))
    assert (said["load"]["kg"], said["load"]["unknown_kg"], said["load"]["unknown_m3"]) == ("120.5", 1, 2)
    assert said["load"]["m3"] == "unknown" and {e.label: e.value for e in form.entries}["Volume, m3"] == "unknown"
    (item,) = said["items"]
    assert (item["quantity"], item["kg"], item["hazards"]) == ("2", "unknown", ["UN 1202, 3, III"])
    assert next(e.value for e in form.entries if e.label == "Gross weight, kg") == "120.5 + 1 x unknown"


async def test_nothing_to_move_is_declined_with_what_to_do() -> None:
    with pytest.raises(Declined, match="wait for an offer"):
        await made(TransportSupport(), facts(operations=(operation("one", "RO", 0, lines=()),)))
    with pytest.raises(Declined, match="xstock request list"):
        await made(AssistanceRequest(), facts(request=None))


@pytest.mark.parametrize("text", TEXTS)
async def test_a_persons_word_goes_before_what_the_node_knows(text: str) -> None:
    form, said = await made(TransportSupport(), facts(filled={"recipient": text, "why_transport": text}))
    assert said["fields"]["recipient"] == said["fields"]["why_transport"] == text
    assert sum(entry.value == text for entry in form.entries) == 2
    assert said["fields"]["requesting_body"] == "Bulgarian Red Cross, BG"
    plain, _ = await made(TransportSupport(), facts())
    assert set(form.open) == set(plain.open) - {"recipient", "why_transport"} < {one.name for one in FIELDS}


async def test_every_act_is_counted_once_and_what_no_goal_names_is_shown() -> None:
    given = facts(request=None, operations=(), references=())
    _, said = await made(Resilience(), given)
    assert [one["goal"] for one in said["goals"]] == ["anticipate", "prepare", "alert", "respond", "secure"]
    every = [m for one in said["goals"] for m in one["measures"]] + said["other"]
    assert sum(one["count"] for one in every) == sum(deed.count for deed in given.deeds) == 19
    (offers,) = [one for one in every if one["label"].startswith("Offers made")]
    assert (offers["count"], offers["exercise"], offers["first"]) == (7, 4, "1970-01-01T00:00:10Z")
    assert [(one["label"], one["count"]) for one in said["other"]] == [("something.else", 9)]


def test_no_act_belongs_to_two_measures() -> None:
    measures = [measure for goal in goals() for measure in goal.measure]
    words = [act.removesuffix("*") for measure in measures for act in measure.acts]
    twice = [word for word in words if sum(measure.has(word) for measure in measures) > 1]
    assert twice == []
