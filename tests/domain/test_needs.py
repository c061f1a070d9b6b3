"""From "shelter for 500 people for 30 days" to a list of goods, and the flag of over-asking."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import xstock_node.domain.needs as room
from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.needs import (
    Climate,
    Need,
    NeedError,
    NeedLine,
    Per,
    Ratios,
    Topic,
    above_ratio,
    by_ratio,
    parse_need,
    parse_ratios,
    propose_goods,
)
from xstock_node.domain.plan_reasons import PLAN_MESSAGES, sentence

DATA = (Path(room.__file__).parent / "data" / "ratios.toml").read_bytes()
RATIOS = parse_ratios(DATA)
TENT = "HSHETENTF16C"


def lines(phrase: str, catalogue: Catalogue, climate: Climate = Climate.MILD, size: int = 5) -> dict[str, NeedLine]:
    found = propose_goods(parse_need(phrase, climate, Decimal(size)), RATIOS, catalogue)
    return {line.ratio: line for line in found.lines}


def test_tents_by_area_and_by_household_are_both_computed_and_the_larger_is_proposed(shipped: Catalogue) -> None:
    tent = lines("shelter for 500 people for 30 days", shipped)["tent"]
    assert (tent.item, tent.quantity, tent.unit) == (TENT, 110, "H87")
    assert [(one.per, one.quantity) for one in tent.workings] == [(Per.PERSON, 110), (Per.HOUSEHOLD, 100)]
    told = [sentence(one.how) for one in tent.workings]
    assert told[0] == "500 people x 3.5 m2 = 1750 m2; 16 m2 each: 110"
    assert told[1] == "100 households x 1 units = 100 units; 1 units each: 100"
    assert "3.5 m2" in tent.source and "Sphere 2018" in tent.source


def test_the_cold_needs_more_space_and_gives_a_range(shipped: Catalogue) -> None:
    tent = lines("shelter for 500 people for 30 days", shipped, Climate.COLD)["tent"]
    assert (tent.quantity, tent.least, tent.most) == (141, None, 172)
    assert tent.workings[0].how.params["total"] == "2250"


def test_small_households_need_more_tents_than_the_area_says(shipped: Catalogue) -> None:
    tent = lines("shelter for 500 people for 30 days", shipped, size=3)["tent"]
    assert tent.quantity == 167 and tent.workings[0].per is Per.HOUSEHOLD


FIGURES = {
    "shelter": {"tent": 110, "site-area": 22_500},
    "water": {
        "drinking-water": 4_500, "water-supply": 225_000, "water-container": 200, "tap": 2, "hand-pump": 1,
        "open-well": 2,
    },
    "sanitation": {"toilet": 25, "bathing": 10, "laundry": 5},
    "blankets": {"blanket": 500, "bedding": 500, "camp-bed": 500},
    "kitchen": {"kitchen-set": 100},
    "hygiene": {"hygiene-parcel": 100, "soap": 225},
    "food": {"food-parcel": 100, "energy": 31_500_000},
}  # fmt: skip


@pytest.mark.parametrize("topic", list(FIGURES))
def test_the_figures_of_every_ratio(topic: str, shipped: Catalogue) -> None:
    found = lines(f"{topic} for 500 people for 30 days", shipped)
    assert {code: line.quantity for code, line in found.items()} == FIGURES[topic]


def test_ranges_of_the_sources_are_shown(shipped: Catalogue) -> None:
    water = lines("water for 500 people for 30 days", shipped)
    assert (water["water-supply"].least, water["water-supply"].most) == (112_500, None)
    assert water["drinking-water"].least == 3_750
    assert lines("blankets for 500 people for 2 days", shipped, Climate.COLD)["blanket"].quantity == 1_000


def test_days_count_where_goods_are_used_up_and_bottles_only_the_first_three(shipped: Catalogue) -> None:
    assert lines("hygiene for 500 people for 31 days", shipped)["hygiene-parcel"].quantity == 104
    assert lines("water for 500 people for 2 days", shipped)["drinking-water"].quantity == 3_000
    assert lines("kitchen for 500 people for 300 days", shipped)["kitchen-set"].quantity == 100
    how = sentence(lines("food for 7 people for 31 days", shipped)["food-parcel"].workings[0].how)
    assert how == "2 households x 1/30 units x 31 days = 2.07 units; 1 units each: 3"


def test_what_the_catalogue_has_not_says_so_and_alternatives_are_named(shipped: Catalogue) -> None:
    water = lines("water for 500 people for 30 days", shipped)
    assert water["tap"].item is None and [note.code for note in water["tap"].notes] == ["no_item"]
    assert [note.code for note in water["hand-pump"].notes] == ["no_item", "instead"]
    assert water["hand-pump"].instead_of == "tap"
    tent = lines("shelter for 5 people for 3 days", Catalogue([]))["tent"]
    assert tent.item is None and [note.code for note in tent.notes] == ["unknown_item"]
    bed = lines("blankets for 5 people for 3 days", shipped)["camp-bed"]
    assert [note.code for note in bed.notes] == ["instead", "to_confirm"]


def test_the_proposal_keeps_what_it_was_computed_from(shipped: Catalogue) -> None:
    need = parse_need("shelter for 501 people for 30 days", Climate.COLD, Decimal("4.5"))
    found = propose_goods(need, RATIOS, shipped)
    assert (found.need, found.households, found.ratio_version) == (need, 112, "sphere-2018.1")
    assert (need.topic, need.people, need.days, need.climate) == (Topic.SHELTER, 501, 30, Climate.COLD)


def test_every_shipped_ratio_fits_the_catalogue_and_has_a_source(shipped: Catalogue) -> None:
    assert {ratio.topic for ratio in RATIOS.ratio} == set(Topic)
    codes = {ratio.code for ratio in RATIOS.ratio}
    for ratio in RATIOS.ratio:
        assert ratio.source
        assert ratio.instead_of is None or ratio.instead_of in codes
        if ratio.item is not None:
            item = shipped.get(ratio.item)
            assert item is not None and item.unit == ratio.unit, ratio.code


@pytest.mark.parametrize(
    "phrase",
    ["  Shelter for 1,200 PEOPLE for 1 day", "shelter for 1200 persons for 1 day", "SHELTER for 1200 people for 1 day"],
)
def test_spelling_and_spacing_do_not_matter(phrase: str) -> None:
    need = parse_need(phrase)
    assert (need.topic, need.people, need.days) == (Topic.SHELTER, 1200, 1)


@pytest.mark.parametrize(
    "phrase",
    ["", "shelter", "tents for 5 people for 3 days", "shelter for five people for 3 days", "shelter for 5 people",
     "shelter for 5,00 people for 3 days", "shelter for -5 people for 3 days", "shelter for 5 people for 3 days now",
     "shelter for ٥ people for 3 days", "shelter for 5.5 people for 3 days"],
)  # fmt: skip
def test_other_wording_is_refused_with_what_is_expected(phrase: str) -> None:
    with pytest.raises(NeedError, match=r"TOPIC for N people for D days.*shelter, water, sanitation") as refused:
        parse_need(phrase)
    assert refused.value.came == phrase


@pytest.mark.parametrize(
    ("phrase", "what"),
    [
        ("food for 0 people for 3 days", "people"),
        ("food for 10000001 people for 3 days", "people"),
        ("food for 5 people for 0 days", "days"),
        ("food for 5 people for 367 days", "days"),
        (f"food for {'9' * 5000} people for 3 days", "people"),
    ],
)
def test_figures_out_of_bounds_are_refused(phrase: str, what: str) -> None:
    with pytest.raises(NeedError, match=what):
        parse_need(phrase)


def test_the_bounds_themselves_are_taken() -> None:
    need = parse_need("food for 10000000 people for 366 days", household_size=Decimal(50))
    assert (need.people, need.days, need.households) == (10_000_000, 366, 200_000)
    assert parse_need("food for 1 people for 1 day", household_size=Decimal(1)).households == 1
    for size in ("0.5", "51", "NaN"):
        with pytest.raises(NeedError, match="household"):
            Need(topic=Topic.FOOD, people=1, days=1, household_size=Decimal(size))


def test_over_asking_is_flagged_only_above_the_ratio() -> None:
    assert above_ratio(Decimal(36), Decimal(36)) is None
    assert above_ratio(Decimal(90), None) is None
    flag = above_ratio(Decimal(90), Decimal(36))
    assert flag is not None and sentence(flag).startswith("90 asked, 36 by the agreed ratio")


def test_the_ratio_of_an_item_is_summed_over_needs_and_unknown_where_there_is_none() -> None:
    needs = [parse_need(f"shelter for {people} people for 3 days") for people in (500, 16)]
    assert by_ratio(TENT, needs, RATIOS) == 114
    assert by_ratio("CP-BOAT-5M", needs, RATIOS) is None
    assert by_ratio(TENT, [parse_need("food for 500 people for 3 days")], RATIOS) is None


def test_an_operators_ratios_replace_and_stand_beside() -> None:
    own = parse_ratios(
        b'version = "ours"\n[[ratio]]\ncode = "tent"\ntopic = "shelter"\nitem = "HSHETENTF16C"\nunit = "H87"\n'
        b'source = "ours"\n[[ratio.basis]]\nper = "person"\nquantity = "1"\nof = "4"\n'
    )
    merged = RATIOS.overlay(own)
    assert merged.version == "sphere-2018.1+ours" and len(merged.ratio) == len(RATIOS.ratio)
    assert by_ratio(TENT, [parse_need("shelter for 500 people for 3 days")], merged) == 125


GOOD = b'version = "v"\n[[ratio]]\ncode = "a"\ntopic = "food"\nunit = "H87"\nsource = "s"\n'
BASIS = b'[[ratio.basis]]\nper = "person"\nquantity = "1"\n'


@pytest.mark.parametrize(
    "data",
    [b"\xff", b"[[ratio]", GOOD + BASIS.replace(b"person", b"dog"), GOOD + BASIS.replace(b'"1"', b'"0"'),
     GOOD + BASIS.replace(b'"1"', b'"NaN"'), GOOD + BASIS + b'of = "-1"\n', GOOD + BASIS + b"colour = 1\n",
     GOOD + b"basis = []\n", GOOD + BASIS + GOOD[14:] + BASIS],
)  # fmt: skip
def test_a_broken_list_of_ratios_is_refused(data: bytes) -> None:
    with pytest.raises(NeedError, match=r"expected .*; came "):
        parse_ratios(data)


@given(st.integers(1, 100_000), st.integers(1, 366), st.sampled_from(Topic), st.integers(1, 12))
def test_more_people_never_need_less(people: int, days: int, topic: Topic, size: int) -> None:
    def quantities(count: int) -> list[Decimal]:
        need = Need(topic=topic, people=count, days=days, household_size=Decimal(size))
        found = propose_goods(need, RATIOS, Catalogue([]))
        assert all(line.quantity == max(one.quantity for one in line.workings) for line in found.lines)
        return [line.quantity for line in found.lines]

    fewer, more = quantities(people), quantities(people + 1)
    assert all(0 < one <= other for one, other in zip(fewer, more, strict=True))


def test_every_sentence_has_its_figures() -> None:
    assert all(template and code == code.lower() for code, template in PLAN_MESSAGES.items())
    assert isinstance(RATIOS, Ratios)
