"""Arrival of people: counts alone, rounded, and no figure for few."""

from typing import get_args, get_origin

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.domain.arrivals import Arrival, ArrivalCell, cells, shown
from xstock_node.services.arrivals import ArrivalView, NoteArrival

DAY = 86_400
NOTES = st.lists(
    st.builds(
        Arrival,
        id=st.just("1"),
        area=st.sampled_from(("BG311", "RO413")),
        people=st.integers(1, 300),
        at=st.integers(0, 3 * DAY),
        by=st.sampled_from(("sea", "road")),
    ),
    max_size=30,
)


def arrival(people: int, at: int = 0, by: str = "sea", area: str = "BG311") -> Arrival:
    return Arrival(id=str(at), area=area, people=people, at=at, by=by)  # type: ignore[arg-type]


def test_nine_have_no_figure_and_ten_have_one() -> None:
    assert [shown(people) for people in (1, 9, 10, 14, 15, 148)] == [None, None, 10, 10, 20, 150]


def test_notes_of_one_day_area_and_way_are_one_cell_and_the_newest_day_comes_first() -> None:
    notes = [arrival(6), arrival(7, 3600), arrival(4, DAY), arrival(90, by="road")]
    assert cells(notes) == (
        ArrivalCell(area="BG311", day="1970-01-02", by="sea", people=None),
        ArrivalCell(area="BG311", day="1970-01-01", by="road", people=90),
        ArrivalCell(area="BG311", day="1970-01-01", by="sea", people=10),
    )
    assert len(cells(notes, 2)) == 2


@given(NOTES)
def test_whatever_is_noted_every_cell_is_a_whole_ten_or_hidden(notes: list[Arrival]) -> None:
    for cell in cells(notes):
        assert cell.people is None or (cell.people >= 10 and cell.people % 10 == 0)


@pytest.mark.parametrize("type_", [Arrival, NoteArrival, ArrivalView, ArrivalCell])
def test_no_field_can_say_anything_of_a_person(type_: type[msgspec.Struct]) -> None:
    known = {"id", "area", "people", "at", "by", "event", "day"}
    assert set(type_.__struct_fields__) <= known


def test_no_text_of_a_note_takes_a_sentence() -> None:
    said = {"area": "BG311", "people": 20, "by": "sea"}
    for name in ("area", "by", "event"):
        for text in ("two families from the north", "Ivan Petrov", "refugees", "statelEss"):
            with pytest.raises(msgspec.ValidationError):
                msgspec.convert(said | {name: text}, NoteArrival)
    for field in msgspec.structs.fields(NoteArrival):
        assert get_origin(field.type) is not dict and dict not in get_args(field.type)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(said | {"id": "1", "at": 0, "nationality": "any"}, Arrival)
