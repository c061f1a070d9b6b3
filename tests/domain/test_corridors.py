"""Right regimes and right papers: the same two ends ask for other papers by another road."""

from datetime import date
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import xstock_node.domain.corridors as room
from xstock_node.domain.consignments import HandlingClass
from xstock_node.domain.corridors import Corridor, Movement, Stage, corridor, parse_facts
from xstock_node.domain.fields import FieldError
from xstock_node.domain.reasons import sentence
from xstock_node.domain.reception import EntryPoint, ReceptionProfile, Restriction, Rule
from xstock_node.domain.terms import Regime, Terms

DATA = (Path(room.__file__).parent / "data" / "papers.toml").read_bytes()
FACTS = parse_facts(DATA)
TODAY = date(2027, 1, 10)
ALWAYS = {
    "packing_list", "waybill", "cmr_sheet", "drivers_sheet", "goods_received_note", "end_use_report", "closing_report",
}  # fmt: skip
AT_A_BORDER = {"green_light", "clearance_sheet", "pro_forma"}


def profile(country: str, *languages: str, **rest: object) -> ReceptionProfile:
    return ReceptionProfile(
        country=country, signed_on=date(2027, 1, 1), signed_by="head of reception", valid_until=date(2027, 12, 31),
        source="written answer", consignee="relief reception desk", entry_points=(EntryPoint(code="X-1"),),
        languages=languages, **rest,
    )  # type: ignore[arg-type]  # fmt: skip


def way(countries: str, terms: Terms, receiver: ReceptionProfile | None = None, **rest: object) -> Corridor:
    fields: dict[str, object] = {"sender_languages": ("bg",)} | rest
    movement = Movement(countries=tuple(countries.split()), terms=terms, **fields)  # type: ignore[arg-type]
    return corridor(movement, FACTS, TODAY, receiver)


def regimes(found: Corridor) -> str:
    return " ".join(one.regime for one in found.out)


def papers(found: Corridor) -> set[str]:
    return {paper.code for paper in found.papers}


def test_bulgaria_to_romania_lies_inside_the_union_and_asks_for_no_customs_paper() -> None:
    found = way("BG RO", Terms.LOAN, profile("RO", "ro", "en"))
    assert regimes(found) == "none none"
    assert papers(found) == ALWAYS | {"loan_inventory", "loan_discharge"}
    assert not found.clearance_needed
    assert [reason.code for reason in found.clearance_why] == ["no_clearance_union"]
    assert "BG, RO" in sentence(found.clearance_why[0])
    assert found.arrival == "from_union"


def test_bulgaria_to_croatia_through_serbia_keeps_the_union_status_under_t2() -> None:
    found = way("BG RS HR", Terms.LOAN, profile("HR", "hr", "en"))
    assert regimes(found) == "t2 t2 t2"
    assert [stretch.regime for stretch in found.back] == [Regime.T2] * 3
    assert papers(found) == ALWAYS | AT_A_BORDER | {"transit_t2", "loan_inventory", "loan_discharge"}
    assert found.clearance_needed
    assert found.arrival == "union_goods_through_a_third_country"


def test_bulgaria_to_croatia_through_romania_and_hungary_asks_for_nothing_at_a_border() -> None:
    found = way("BG RO HU HR", Terms.LOAN, profile("HR", "hr", "en"))
    assert regimes(found) == "none none none none"
    assert papers(found) == ALWAYS | {"loan_inventory", "loan_discharge"}
    assert not found.clearance_needed


def test_bulgaria_to_serbia_on_loan_goes_under_temporary_admission_and_finds_its_relief_at_home() -> None:
    found = way("BG RS", Terms.LOAN, profile("RS", "sr-Latn", "sr-Cyrl", "en"))
    assert regimes(found) == "temporary_export temporary_admission"
    assert [(one.country, one.regime) for one in found.back] == [
        ("RS", Regime.REEXPORT), ("BG", Regime.RETURNED_GOODS),
    ]  # fmt: skip
    assert papers(found) == ALWAYS | AT_A_BORDER | {
        "temporary_export_declaration", "loan_inventory", "reexport_undertaking", "reexport_declaration",
        "returned_goods_evidence", "loan_discharge",
    }  # fmt: skip
    undertaking = next(paper for paper in found.papers if paper.code == "reexport_undertaking")
    assert undertaking.signs == ("requester.signatory",)
    assert undertaking.languages == ("bg", "sr-Latn", "en")
    assert "Annex B.9" in undertaking.source.text
    at_home = next(one for one in found.back if one.country == "BG")
    assert "Art. 203" in at_home.source.text


def test_bulgaria_to_ukraine_a_donation_with_medicines() -> None:
    found = way(
        "BG RO UA", Terms.DONATION, profile("UA", "uk", "en"),
        handling=(HandlingClass.GENERAL, HandlingClass.MEDICINES), kinds=("temperature",),
    )  # fmt: skip
    assert regimes(found) == "export export relief"
    assert found.back == ()
    assert papers(found) == ALWAYS | AT_A_BORDER | {
        "export_declaration", "gift_certificate", "duty_relief_letter", "humanitarian_code", "distribution_plan",
        "batch_list", "medicines_permission", "temperature_log", "donation_receipt",
    }  # fmt: skip
    assert found.arrival == "donation"


@pytest.mark.parametrize(
    ("countries", "terms", "expected"),
    [
        ("BG BG", Terms.LOAN, "none none"),
        ("BG", Terms.LOAN, "none"),
        ("BG RS ME", Terms.DONATION, "export t2 relief"),
        ("BG RS BA", Terms.DONATION, "export tir relief"),
        ("BG RO UA", Terms.COST_RECOVERY, "export export import"),
        ("RS HR", Terms.LOAN, "temporary_export oral"),
        ("RS HU SI AT", Terms.LOAN, "temporary_export t1 t1 oral"),
        ("RS HR", Terms.DONATION, "export relief"),
        ("MK RS ME", Terms.LOAN, "temporary_export t1 temporary_admission"),
        ("MK RS BA", Terms.DONATION, "export tir relief"),
        ("HR BA HR", Terms.LOAN, "tir tir tir"),
        ("BG RS HU UA", Terms.DONATION, "export t2 t2 relief"),
    ],
)  # fmt: skip
def test_every_kind_of_way(countries: str, terms: Terms, expected: str) -> None:
    assert regimes(way(countries, terms)) == expected


def test_union_goods_under_tir_prove_their_status() -> None:
    found = papers(way("HR BA HR", Terms.LOAN))
    assert {"tir_carnet", "union_status"} <= found and "transit_t2" not in found
    assert "union_status" not in papers(way("MK RS BA", Terms.DONATION))


def test_a_loan_into_the_union_is_declared_orally_as_disaster_relief_material() -> None:
    found = way("RS HR", Terms.LOAN)
    assert "oral_declaration" in papers(found) and "reexport_undertaking" not in papers(found)
    assert "Art. 221, 136, 139" in next(paper.source.text for paper in found.papers if paper.code == "oral_declaration")


def test_a_donation_into_the_union_cites_the_relief_for_disaster_victims() -> None:
    found = way("RS HR", Terms.DONATION)
    assert "1186/2009, Art. 74-80" in found.out[-1].source.text
    assert "duty_relief_letter" in papers(found)


def test_membership_counts_from_its_date() -> None:
    movement = Movement(countries=("SI", "HR"), terms=Terms.DONATION)
    assert corridor(movement, FACTS, date(2013, 6, 30)).clearance_needed
    assert not corridor(movement, FACTS, date(2013, 7, 1)).clearance_needed


def test_serbia_wants_the_donor_s_statement_and_only_of_a_donation() -> None:
    assert "donors_statement" in papers(way("BG RS", Terms.DONATION))
    assert "donors_statement" not in papers(way("BG RS", Terms.LOAN))


def test_a_permission_of_the_profile_needs_a_green_light_even_inside_the_union() -> None:
    rule = Restriction(
        rule=Rule.PERMISSION, handling=HandlingClass.MEDICINES, permission="agency consent", authority="agency"
    )
    receiver = profile("RO", "ro", "en", restrictions=(rule,))
    found = way("BG RO", Terms.DONATION, receiver, handling=(HandlingClass.MEDICINES,))
    assert [reason.code for reason in found.clearance_why] == ["clearance_permission"]
    assert {"green_light", "clearance_sheet"} <= papers(found) and "pro_forma" not in papers(found)
    assert not way("BG RO", Terms.DONATION, receiver).clearance_needed


def test_the_profile_s_own_papers_come_beside_with_its_source_and_date() -> None:
    receiver = profile(
        "HR", "hr", "en", papers={"union_goods_through_a_third_country": ("consent of the directorate",)}
    )
    own = [paper for paper in way("BG RS HR", Terms.LOAN, receiver).papers if paper.code == "as_profile"]
    assert [(paper.text, paper.source.checked) for paper in own] == [("consent of the directorate", date(2027, 1, 1))]
    assert not [paper for paper in way("BG RO HR", Terms.LOAN, receiver).papers if paper.code == "as_profile"]


def test_facts_are_shown_as_stale_after_90_days_and_where_nobody_has_read_them() -> None:
    movement = Movement(countries=("BG", "UA"), terms=Terms.DONATION)
    fresh = corridor(movement, FACTS, date(2027, 2, 26)).stale(date(2027, 2, 26))
    stale = corridor(movement, FACTS, date(2027, 2, 27)).stale(date(2027, 2, 27))
    assert not any("resolution 953" in reason.params["source"] for reason in fresh)
    assert any("resolution 953" in sentence(reason) and "2026-11-28" in sentence(reason) for reason in stale)
    assert any(reason.params["day"] == "?" for reason in fresh)


def test_an_unknown_country_and_a_profile_of_another_one_are_refused() -> None:
    with pytest.raises(FieldError, match="XX"):
        way("BG XX", Terms.LOAN)
    with pytest.raises(FieldError, match="reception profile of RO"):
        way("BG RO", Terms.LOAN, profile("HR", "hr"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'code = "oral"', b'code = "whispered"'),
        (b"checked = 2026-11-28", b'checked = "soon"'),
        (b"[[regime]]", b"[regime"),
    ],
)
def test_a_file_of_facts_that_cannot_be_read_is_refused(before: bytes, after: bytes) -> None:
    with pytest.raises(FieldError, match="countries, regimes and papers"):
        parse_facts(DATA.replace(before, after, 1))


@given(st.lists(st.sampled_from(sorted(FACTS.countries)), min_size=1, max_size=5), st.sampled_from(Terms))
def test_any_way_has_one_regime_a_country_and_needs_a_green_light_exactly_where_one_is_not_none(
    countries: list[str], terms: Terms
) -> None:
    found = corridor(Movement(countries=tuple(countries), terms=terms), FACTS, TODAY)
    assert [stretch.country for stretch in found.out] == countries
    assert found.clearance_needed == any(stretch.regime is not Regime.NONE for stretch in found.out)
    assert bool(found.back) == (terms is Terms.LOAN)
    inside = all(FACTS.countries[code].in_union(TODAY) for code in countries)
    assert inside <= (not found.clearance_needed)
    assert len(papers(found)) == len(found.papers)


def test_every_rule_of_papers_is_reached_by_some_way() -> None:
    ways = ("BG RO", "BG RS", "BG RS HR", "BG RO UA", "RS HR", "MK RS ME", "HR BA HR")
    reached = set()
    for countries, terms in product(ways, Terms):
        found = way(countries, terms, handling=tuple(HandlingClass), kinds=("engine", "temperature"))
        reached |= papers(found)
        assert all(paper.signs and paper.languages[-1] == "en" and paper.source.text for paper in found.papers)
        assert {paper.stage for paper in found.papers} >= {Stage.DISPATCH, Stage.RECEIPT, Stage.CLOSE}
    assert reached == {rule.code for rule in FACTS.papers}
