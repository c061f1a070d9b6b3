"""Pictures: every word is whole, escaped and in the twin, and the sums of their parts are right."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.console.gallery import LEVELS, PEERS, SCENE, TURNS, Plain, drawings
from xstock_node.console.pictures import flow, levels, matrix, measure, peers, places, turns
from xstock_node.console.pictures.outlines import Outlines
from xstock_node.console.pictures.svg import figure
from xstock_node.domain.counters import Counters

READER = Plain()
HOSTILE = "\"><script>alert(1)</script> & ' </svg>"
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=60)


def svgs(drawn: str) -> list[ET.Element]:
    """The two drawings of a picture; fails where it is no XML."""
    return list(ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}svg"))  # noqa: S314


def said(drawn: ET.Element) -> list[str]:
    """The words of a drawing, line by line."""
    return ["".join(text.itertext()) for text in drawn.iter("{http://www.w3.org/2000/svg}tspan")]


@pytest.mark.parametrize(("name", "drawn"), list(drawings(READER)), ids=[name for name, _ in drawings(READER)])
def test_every_picture_has_a_title_and_a_description_and_takes_its_colours_from_classes(name: str, drawn: str) -> None:
    ids: list[str] = []
    for svg in svgs(drawn):
        named = [svg.find(f"{{http://www.w3.org/2000/svg}}{tag}") for tag in ("title", "desc")]
        assert all(one is not None and (one.text or "").strip() for one in named)
        assert svg.get("role") == "img"
        assert svg.get("aria-labelledby") == " ".join(str(n.get("id")) for n in named if n is not None)
        for element in svg.iter():
            assert "style" not in element.attrib and "stroke" not in element.attrib
            assert element.get("fill") in (None, *(f"url(#{i})" for i in all_ids(svg)))
            assert float(element.get("font-size", "12")) >= 11
        ids += all_ids(svg)
    assert len(ids) == len(set(ids)), "an id stands twice on the page"


def all_ids(svg: ET.Element) -> list[str]:
    return [str(element.get("id")) for element in svg.iter() if element.get("id")]


def hostile() -> list[str]:
    tents = flow.stages(
        HOSTILE, HOSTILE, Counters(requested=D(5), offered=D(4), accepted=D(3), dispatched=D(3)), True, READER
    )
    return [
        peers.draw_peers("a", [peers.Peer(HOSTILE, 3, 1, "stale")], READER),
        levels.draw_levels("a", [levels.Level(HOSTILE, HOSTILE, D(1), D(2), D(0), D(0))], READER),
        flow.draw_flow("a", [tents], READER),
        turns.draw_turns("a", [turns.Turn(HOSTILE, HOSTILE, "ours", -5)], READER),
        matrix.draw_matrix("a", [matrix.ItemRow(HOSTILE, HOSTILE, {HOSTILE: D(1)})], [HOSTILE], READER),
        places.draw_places(
            "a", places.Scene(HOSTILE, [places.Spot(HOSTILE, (20, 44), D(1), D(2))]), Outlines(), READER
        ),
    ]


@pytest.mark.parametrize("drawn", hostile(), ids=("peers", "levels", "flow", "turns", "matrix", "places"))
def test_words_of_others_stay_words(drawn: str) -> None:
    assert "<script" not in drawn and len(svgs(drawn)) == 2
    squeezed = "".join("".join(said(svgs(drawn)[1])).split())
    assert "".join(HOSTILE.split()) in squeezed, "a name is cut, or changed"


@given(WORDS, st.floats(20, 400), st.booleans())
def test_lines_are_never_wider_than_their_room_and_lose_no_letter(text: str, room: float, bold: bool) -> None:
    lines = measure.wrapped(text, room, 12, bold)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(measure.width(line, 12, bold) <= room or len(line) == 1 for line in lines)


def test_what_a_no_break_space_joins_stays_together() -> None:
    assert measure.wrapped("received good 5\u00a0030", 90, 13) == ["received", "good 5\u00a0030"]


AMOUNTS = st.integers(0, 1000).map(D)


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, st.booleans())
def test_each_stage_of_a_flow_is_as_long_as_what_came_through_before(
    asked: D, withheld: D, left: D, unsent: D, good: D, damaged: D, lost: D, runs: bool
) -> None:
    sent = good + damaged + lost
    accepted = sent + unsent
    counters = Counters(
        requested=accepted + left + withheld + asked,
        offered=accepted + left,
        accepted=accepted,
        dispatched=sent,
        received=good,
        damaged=damaged,
        lost_out=lost,
    )
    found = flow.stages("tent", "pcs", counters, runs, READER).stages
    wholes = [sum((part.quantity for part in stage.parts), D(0)) for stage in found]
    assert wholes[1:] == [stage.through for stage in found[:-1]], "a part is missing, or counted twice"
    assert all(part.quantity >= 0 for stage in found for part in stage.parts)


def test_a_load_that_was_refused_and_left_again_is_not_lost() -> None:
    again = Counters(
        requested=D(10), offered=D(10), accepted=D(10), dispatched=D(20), refused=D(10), reloaded=D(10), received=D(10)
    )
    waiting = Counters(requested=D(10), offered=D(10), accepted=D(10), dispatched=D(10), refused=D(10), at_border=D(10))
    found = flow.stages("tent", "pcs", again, True, READER).stages
    assert [(stage.words, len(stage.parts), stage.through) for stage in found][3:] == [
        ("sent", 1, 10),
        ("received good", 1, 10),
    ]
    held = flow.stages("tent", "pcs", waiting, True, READER).stages[3]
    assert [(part.kind, part.words, part.quantity) for part in held.parts] == [
        ("through", "sent", 0),
        ("open", "waits at the border", 10),
    ]


def test_the_figures_of_a_picture_stand_in_its_twin() -> None:
    for twin, rows in (
        (peers.twin(PEERS, READER), len(PEERS)),
        (levels.twin(LEVELS, READER), len(LEVELS)),
        (turns.twin(TURNS, READER), len(TURNS)),
        (places.twin(SCENE, READER), len(SCENE.spots)),
        (places.twin_of_trips(SCENE, READER), len(SCENE.trips)),
    ):
        assert len(twin.rows) == rows and all(len(row) == len(twin.headings) for row in twin.rows)
    blankets = levels.twin(LEVELS, READER).rows[1]
    assert list(blankets[2:]) == ["12\u00a0400", "15\u00a0000", "3\u00a0000", "0", "9\u00a0400", "2\u00a0600"]


def test_who_is_overdue_is_said_in_words_and_by_a_shape() -> None:
    drawn = turns.draw_turns("a", [turns.Turn("Tents", "HR", "ours", -7200)], READER)
    assert any(line == "overdue by 2 ч" for line in said(svgs(drawn)[0]))
    assert 'class="mark is-late"' in drawn and "<polygon" in drawn
    assert [turn.due for turn in turns.ordered(TURNS)][:2] == [-7800, 5400], "ours first, the most urgent first"


@pytest.mark.parametrize(
    ("hours", "share"), [(0, 1.0), (6, 1.0), (7, 0.66), (24, 0.66), (72, 0.33), (73, 0.0), (None, 0.0)]
)
def test_the_ring_tells_how_soon(hours: int | None, share: float) -> None:
    assert places.closed(hours) == share


@given(st.floats(-1e5, 1e5))
def test_a_coordinate_is_short_and_close(value: float) -> None:
    assert abs(float(figure(value)) - value) <= 0.0501 and figure(value) != "-0"


@given(st.lists(st.tuples(st.floats(-20, 80), st.floats(35, 65), st.integers(0, 9), st.integers(0, 9)), max_size=25))
def test_marks_never_cover_each_other_and_stay_on_the_map(found: Sequence[tuple[float, float, int, int]]) -> None:
    spots = [places.Spot(f"Place {n}", (lon, lat), D(o), D(d)) for n, (lon, lat, o, d) in enumerate(found)]
    for room in (340.0, 720.0):
        frame = places.projection.fitted((spot.at for spot in spots), room, 1.0)
        edges = places.Box(4, 4, frame.width - 4, frame.height - 4)
        discs = [one.disc for one in places._marks(places.Scene("x", spots), frame, edges, 8.0)]
        for n, disc in enumerate(discs):
            assert disc.box.left >= 3.9 and disc.box.right <= frame.width - 3.9
            for other in discs[n + 1 :]:
                distance = ((disc.x - other.x) ** 2 + (disc.y - other.y) ** 2) ** 0.5
                assert distance >= (disc.reach + other.reach) * 0.6, "one mark hides another"


def test_a_map_of_nothing_is_a_map() -> None:
    assert len(svgs(places.draw_places("a", places.Scene("tents", []), Outlines(), READER))) == 2
