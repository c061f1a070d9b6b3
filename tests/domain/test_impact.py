"""Counters of a disaster: revised counter by counter, unknown is not 0, few people have no figure, CSV comes back."""

from decimal import Decimal
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.domain import impact_csv
from xstock_node.domain.impact import COUNTERS, ImpactNote, objection, standing, without_small
from xstock_node.protocol import limits

EVENT = "EQ-2027-000021-KAZ"
KAZAKH = "Шығыс Қазақстан облысы"
TEXTS = (KAZAKH, "Ысык-Көл облусу", "Восточный Казахстан", "Iași; Bălți", "Shkodër", "Ђурђево", "Ізмаїл", 'İzmir "Ğ"')


def note(date: str = "2027-03-28", area: str = "KZ-63", source: str = "ТЖМ", **more: Any) -> ImpactNote:
    figures = {name: None if value is None else Decimal(value) for name, value in more.pop("figures", {}).items()}
    return ImpactNote(event=EVENT, area=area, date=date, source=source, figures=figures, **more)


def figures_of(*notes: ImpactNote) -> dict[str, Decimal | None]:
    return {one.counter: one.figure for one in standing(notes)}


def test_a_later_note_revises_what_it_speaks_of_and_leaves_the_rest() -> None:
    first = note(figures={"deaths": 3, "injured": 40, "missing": 5})
    second = note("2027-03-29", figures={"deaths": 4, "missing": None})
    assert figures_of(first, second) == figures_of(second, first) == {"deaths": 4, "missing": None, "injured": 40}


def test_of_two_notes_of_one_day_the_later_one_holds() -> None:
    assert figures_of(note(figures={"deaths": 3}), note(figures={"deaths": 2})) == {"deaths": 2}


def test_unknown_is_not_zero_and_silence_is_neither() -> None:
    found = figures_of(note(figures={"deaths": 0, "missing": None}))
    assert found == {"deaths": 0, "missing": None} and "injured" not in found


def test_few_people_have_no_figure_but_few_things_have() -> None:
    found = without_small(standing([note(figures={"deaths": 9, "injured": 10, "missing": 0, "schools": 2})]))
    assert {one.counter: (one.figure, one.hidden) for one in found} == {
        "deaths": (None, True),
        "injured": (10, False),
        "missing": (0, False),
        "schools": (2, False),
    }


@pytest.mark.parametrize(
    ("figures", "currency", "word"),
    [
        ({"wounded": 1}, "", "counters of deaths"),
        ({"deaths": -1}, "", "from 0"),
        ({"deaths": "1.5"}, "", "whole number"),
        ({"deaths": "1e20"}, "", "below 10"),
        ({"deaths": "NaN"}, "", "from 0"),
        ({"loss": 5}, "", "currency"),
        ({"loss": "5.125"}, "KZT", "two places"),
    ],
)
def test_a_figure_that_makes_no_sense_is_refused(figures: dict[str, Any], currency: str, word: str) -> None:
    assert word in objection(note(figures=figures, currency=currency))


@pytest.mark.parametrize("date", ["2027-02-30", "2027-13-01"])
def test_a_day_that_is_none_is_refused(date: str) -> None:
    assert "a day" in objection(note(date, figures={"deaths": 1}))


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("hxl", [False, True])
def test_what_is_written_reads_back_as_it_was(text: str, hxl: bool) -> None:
    said = note(
        figures={"deaths": 31, "missing": None, "loss": "1234567.89"}, currency="KZT", title=text, area_name=text
    )
    other = note("2027-03-29", "KG-Y", text, figures={"injured": 12, "loss_housing": 7}, currency="KGS", title=text)
    written = impact_csv.write(EVENT, text, standing([said, other]), hxl)
    assert ("#affected+killed" in written) == hxl
    again = impact_csv.read(written.encode())
    assert standing(again) == standing([said, other]) and {one.title for one in again} == {text}
    assert impact_csv.write(EVENT, text, standing(again), hxl) == written


def test_losses_in_two_currencies_of_one_report_are_two_rows() -> None:
    notes = [
        note(figures={"loss_housing": 5}, currency="KZT"),
        note(figures={"loss_agriculture": 6, "deaths": 11}, currency="USD"),
    ]
    written = impact_csv.write(EVENT, "", standing(notes))
    assert len(written.splitlines()) == 3 and standing(impact_csv.read(written.encode())) == standing(notes)


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@SUM(A1)", "'=x", "'quoted"])
def test_no_text_is_a_formula_and_each_comes_back(text: str) -> None:
    written = impact_csv.write(EVENT, text, standing([note(source=text, figures={"deaths": 10})]))
    assert f",{text}" not in written and f'"{text}' not in written
    (again,) = impact_csv.read(written.encode())
    assert (again.source, again.title) == (text, text)


def test_hidden_cells_are_told_as_such_and_read_as_nothing() -> None:
    found = without_small(standing([note(figures={"deaths": 3, "injured": 40})]))
    written = impact_csv.write(EVENT, "", found)
    assert "<10" in written and ",3," not in written
    (again,) = impact_csv.read(written.encode())
    assert again.figures == {"injured": 40}


@given(st.dictionaries(st.sampled_from([one.name for one in COUNTERS]), st.integers(0, 10**9) | st.none(), min_size=1))
def test_any_counters_come_back(figures: dict[str, int | None]) -> None:
    said = note(figures=figures, currency="KZT")
    written = impact_csv.write(EVENT, "", standing([said]), hxl=True)
    assert figures_of(*impact_csv.read(written.encode())) == figures_of(said)


HEAD = ",".join(impact_csv.HEADER) + "\n"
ATTACKS = {
    "no UTF-8": b"event\xff",
    "UTF-16": HEAD.encode("utf-16"),
    "gzip": b"\x1f\x8b\x08\x00" + b"\x00" * 100,
    "huge": b"a" * (limits.IMPACT_FILE + 1),
    "huge cell": (HEAD + '"' + "x" * 3_000_000).encode(),
    "unclosed": (HEAD + '"EQ-1').encode(),
    "wide": ("event," * 500_000).encode(),
    "many rows": (HEAD + ("EQ-1,,KZ,,2027-03-28,x,,1" + "," * 19 + "\n") * 60_000).encode(),
    "other headers": b"event,area,date,source,wounded\n",
    "one header twice": b"event,area,date,source,deaths,deaths\n",
    "short row": (HEAD + "EQ-1,,KZ\n").encode(),
    "a word for a figure": (HEAD + "EQ-1,,KZ,,2027-03-28,x,,many" + "," * 19).encode(),
    "Arabic digits": (HEAD + "EQ-1,,KZ,,2027-03-28,x,,٣" + "," * 19).encode(),
    "long digits": (HEAD + "EQ-1,,KZ,,2027-03-28,x,," + "9" * 100_000 + "," * 19).encode(),
    "no day": (HEAD + "EQ-1,,KZ,,today,x,,1" + "," * 19).encode(),
    "xml": b"<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/hosts'>]><r>&x;</r>",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_file_that_means_ill_is_refused_in_a_second(attack: str) -> None:
    begun = process_time()
    with pytest.raises(ValueError, match=r"[Ee]xpected"):
        impact_csv.read(ATTACKS[attack])
    assert process_time() - begun < 1


def test_every_counter_has_an_indicator_and_a_hashtag_of_its_own() -> None:
    assert len({one.indicator for one in COUNTERS}) == len({one.hxl for one in COUNTERS}) == len(COUNTERS)
    assert all(one.hxl.startswith("#") and one.hxl == one.hxl.lower() for one in COUNTERS)
