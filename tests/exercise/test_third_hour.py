"""The third hour of a flood as data: our own file and the large one fit together; CAP and the choice of data."""

import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest

from tests.shared import sample
from xstock_node.cli.demo_story import data_file, staged
from xstock_node.cli.federation import own_data
from xstock_node.services.errors import Refusal
from xstock_node.testing.exercise.cap_text import cap_of
from xstock_node.testing.exercise.reading import ExerciseFile
from xstock_node.testing.exercise.third_hour import HOUR, Alarm, ThirdHour, read_third_hour
from xstock_node.testing.exercise.third_hour_flood import third_hour_of

NOW = 1_800_000_000


def own() -> ThirdHour:
    """Our own flood."""
    return read_third_hour((own_data() / "flood.toml").read_bytes())


def test_our_own_flood_fits_together() -> None:
    story = own()
    assert list(story.faults()) == []
    assert {one.country for one in story.alarms} == set(story.countries()) == {"AT", "BG", "HR", "ME", "MK", "RS"}
    assert all(need.hour > HOUR for need in story.needs), "deadlines lie ahead"
    tells_the_story(story)


def test_the_large_flood_fits_together_and_its_first_offers_are_those_of_the_plan() -> None:
    file = ExerciseFile(sample("exercise-flood.json").read_bytes())
    story = third_hour_of(file)
    assert list(story.faults()) == []
    asked = {(need.country, line.item): line.quantity for need in story.needs for line in need.lines}
    assert asked == {(need["node"], need["item"]): need["request"] for need in file.requests}
    assert all(need.hour > HOUR for need in story.needs)
    assert {answer.by for answer in story.answers if answer.need == "RS-water"} == {"MK"}
    assert not [answer for answer in story.answers if answer.by == "ME"], "its line is cut"
    tells_the_story(story)


def tells_the_story(story: ThirdHour) -> None:
    """Serbia waits for others, others for Serbia; one need is covered by one of three; one lorry is on the road."""
    serbian = {need.key: need for need in story.needs if need.country == "RS"}
    mine = [one for one in story.answers if one.need in serbian]
    assert {"offered", "accepted", "under-way"} <= {one.reached for one in mine}
    assert sum(1 for one in mine if one.reached == "under-way") == 1
    (covering,) = (one for one in mine if len(story.asked(serbian[one.need])) == 3)
    assert covering.lines == serbian[covering.need].lines and covering.reached == "accepted"
    answered = {(one.need, one.by) for one in story.answers}
    to_answer = [n for n in story.needs if "RS" in story.asked(n) and (n.key, "RS") not in answered]
    assert len(to_answer) >= 3


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"need": "XX-nothing"}, "was not asked"),
        ({"lines": [{"item": "nothing", "quantity": "1"}]}, "did not ask for it"),
        ({"reached": "declined"}, "none where it is declined"),
    ],
)
def test_what_does_not_fit_together_is_said(change: dict[str, object], fault: str) -> None:
    story = own()
    answer = {**msgspec.to_builtins(story.answers[0]), **change}
    answers = [*msgspec.to_builtins(story.answers)[1:], answer]
    story = msgspec.convert({**msgspec.to_builtins(story), "answers": answers}, ThirdHour)
    assert any(fault in one for one in story.faults())


def test_a_warning_is_cap_of_an_exercise_and_replaces_the_one_before() -> None:
    first = Alarm(
        country="RS",
        identifier="A-1",
        hour=-12,
        severity="Severe",
        language="sr-Cyrl",
        headline="Сава <&>",
        area="Мачва",
    )
    second = msgspec.structs.replace(first, identifier="A-2", hour=0.0, replaces="A-1")
    found = ET.fromstring(cap_of(second, first, "EX & 1", NOW))  # noqa: S314 - our own text
    said = {child.tag.partition("}")[2]: child.text for child in found.iter()}
    assert said["status"] == "Exercise" and said["msgType"] == "Update" and said["headline"] == "Сава <&>"
    assert said["references"] == "warnings@exercise.example,A-1,2027-01-14T17:00:00+00:00"
    assert said["sent"] == "2027-01-15T05:00:00+00:00" and said["incidents"] == "EX & 1"
    alone = ET.fromstring(cap_of(first, None, "E", NOW))  # noqa: S314 - our own text
    assert "references" not in {child.tag.partition("}")[2] for child in alone.iter()}


def test_the_data_are_those_that_were_chosen_else_the_shared_ones_else_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "data" / "exercise-flood.json"
    monkeypatch.setenv("XSTOCK_SHARED", str(tmp_path))
    assert data_file("") is None, "no shared data: our own"
    shared.parent.mkdir()
    shared.write_text("{}")
    assert data_file("") == shared and data_file("own") is None
    chosen = tmp_path / "mine.json"
    with pytest.raises(Refusal, match="an exercise file at"):
        data_file(str(chosen))
    chosen.write_text("{}")
    assert data_file(str(chosen)) == chosen


@pytest.mark.parametrize("content", ["{}", "[1]", "no JSON", '{"t0": 5}'])
def test_a_file_that_is_no_exercise_is_refused_in_words(tmp_path: Path, content: str) -> None:
    file = tmp_path / "mine.json"
    file.write_text(content)
    with pytest.raises(Refusal, match="an exercise file such as"):
        staged(tmp_path / "demo", file, NOW)
    assert not (tmp_path / "demo").exists()
