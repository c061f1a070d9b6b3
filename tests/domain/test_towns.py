"""What towns and the public may know of offers, and what is kept of an application."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.domain.towns import (
    OfferLine,
    Share,
    Town,
    TownApplication,
    countries_of,
    ended,
    is_old,
    offered,
    same,
    shares,
)
from xstock_node.protocol import limits

SAID = TownApplication(
    name="Видин",
    kind="town",
    country="BG",
    areas=("BG311", "RO413"),
    languages=("bg", "ro"),
    contact="duty-officer",
    address="duty@vidin.example",
)
LINES = st.lists(
    st.builds(
        OfferLine,
        st.sampled_from(("tent", "blanket")),
        st.sampled_from(("shelter", "household")),
        st.sampled_from(("BG", "RO", "HR")),
        st.just("H87"),
        st.decimals(min_value=0, max_value=10**12, places=3),
    ),
    max_size=20,
)


def line(quantity: str, country: str = "BG", item: str = "tent", category: str = "shelter") -> OfferLine:
    return OfferLine(item, category, country, "H87", Decimal(quantity))


def test_the_public_reads_in_how_many_countries_and_no_figure() -> None:
    lines = [line("1371"), line("20", "HR"), line("3", "HR"), line("9", item="soap", category="hygiene")]
    assert shares(lines) == (Share("hygiene", 1), Share("shelter", 2))


def test_a_town_reads_bands_over_all_who_offer_in_the_countries_of_its_area() -> None:
    lines = [line("1371"), line("800"), line("50", "RO"), line("7", "HR"), line("0", item="soap")]
    found = offered(lines, countries_of(SAID))
    assert [(one.country, one.least, one.below) for one in found] == [("BG", "2000", "5000"), ("RO", "50", "100")]


@given(LINES)
def test_a_band_holds_the_sum_and_shows_one_digit_of_it(lines: list[OfferLine]) -> None:
    for one in offered(lines, frozenset({"BG", "RO"})):
        total = sum(x.quantity for x in lines if (x.item, x.country) == (one.item, one.country))
        assert Decimal(one.least) <= total < Decimal(one.below)
        assert one.country != "HR" and len(one.least.strip("0.")) == 1


def test_whoever_ends_leaves_no_address_and_no_key() -> None:
    town = Town(id="1", at=0, said=SAID, state="sponsored", tier="town", until=100, key="k")
    assert town.opens(99) and not town.opens(100)
    over = ended(town, "left", 50)
    assert not over.opens(60) and over.key == over.said.address == ""
    assert msgspec.json.decode(msgspec.json.encode(over), type=Town) == over
    assert not is_old(over, 50) and is_old(over, 50 + limits.TOWN_KEPT)
    assert not is_old(town, 99 + limits.TOWN_KEPT) and is_old(town, 100 + limits.TOWN_KEPT)


def test_one_body_is_known_again_however_it_writes_its_name() -> None:
    other = msgspec.structs.replace(SAID, name="ВИДИН", languages=("bg",))
    assert same(SAID, other) and not same(SAID, msgspec.structs.replace(SAID, address="other@vidin.example"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"contact": "Ivan Petrov"},
        {"kind": "police"},
        {"tier": "member"},
        {"areas": []},
        {"areas": ["vidin"]},
        {"country": "bg"},
        {"languages": []},
        {"address": "somewhere"},
        {"nationality": "any"},
        {"name": "x" * 121},
        {"digits": "123"},
        {"node": "BG_VIDIN"},
    ],
)
def test_what_is_not_of_the_form_is_no_application(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(msgspec.to_builtins(SAID) | wrong, TownApplication)
