"""The agreements and reception profiles of the exercise fit the types, and object where its story says so."""

import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.shared import sample
from xstock_node.domain import agreements, reception
from xstock_node.domain.agreements import Agreement, read_agreement
from xstock_node.domain.consignments import HandlingClass
from xstock_node.domain.corridors import Movement, corridor
from xstock_node.domain.reception import Goods, ReceptionProfile, read_profile
from xstock_node.domain.terms import Terms
from xstock_node.services.documents.library import customs_facts, documents

DAY = date(2027, 3, 28)
CLASSES = {"medical": "medicines", "food": "animal_food"}
MEDICINES = Goods(handling=(HandlingClass.MEDICINES,))


@pytest.fixture(scope="module")
def exercise() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sample("exercise-flood.json").read_bytes())
    return found


@pytest.fixture(scope="module")
def settled(exercise: dict[str, Any]) -> dict[str, Agreement]:
    """Every agreement of the exercise, written as a file of ours and read back."""
    found = {}
    for raw in exercise["agreements"]:
        known = {"valid_from", "valid_until", "name", "parties", "accessions", "loan_days", "cost_rule", "items"}
        own = {name: value for name, value in raw.items() if name in known} | {"id": raw["agreement"]}
        own["terms"] = [term for term in raw["terms"] if term in list(Terms)]
        own |= {"hold_hours": raw.get("hold_h"), "answer_hours": raw.get("answer_within_h")}
        own |= {"insurer": raw.get("insurance"), "risk_passes": raw.get("liability")}
        own["reference_needed"] = raw.get("reference_needed", False)
        if "fairness" in raw:
            own["fairness"] = {"class_order": raw["fairness"]["class_order"], "tie": raw["fairness"]["tie"]}
        found[raw["agreement"]] = read_agreement(json.dumps(own).encode())
    return found


@pytest.fixture(scope="module")
def profiles(exercise: dict[str, Any]) -> dict[str, ReceptionProfile]:
    """Every reception profile of the exercise, written as a file of ours and read back."""
    return {raw["node"]: read_profile(json.dumps(_profile(raw)).encode()) for raw in exercise["reception"]}


def _profile(raw: dict[str, Any]) -> dict[str, Any]:
    truck = raw.get("largest_truck_at_destination")
    return {
        "country": raw["node"], "signed_on": raw["signed_on"], "signed_by": "relief reception desk",
        "valid_until": raw["valid_until"], "source": raw["source"], "consignee": raw["consignee"],
        "notify_party": raw["notify_party"], "entry_points": [{"code": code} for code in raw["entry_points"]],
        "languages": raw["documents_in"], "labels": raw["labels_in"], "papers": raw["papers"],
        "clearance_lead_hours": raw["clearance_request_lead_h"], "wood_packaging": raw["wood_packaging"],
        "forklift": raw.get("forklift_at_destination"), "largest_truck_t": truck and re.sub(r"\D", "", truck),
        "shelf_life_days": {CLASSES[name]: days for name, days in raw["minimum_shelf_life_days"].items()},
        "restrictions": [one for text in raw["restrictions"] if (one := _restriction(text))],
    }  # fmt: skip


def _restriction(text: str) -> dict[str, Any] | None:
    if text == "no loan of medical goods":
        return {"rule": "forbidden", "handling": "medicines", "terms": ["loan"]}
    if text == "no used clothing":
        return {"rule": "forbidden", "kind": "used_clothing"}
    if text.startswith("medicines") or "medicines" in text:
        return {"rule": "permission", "handling": "medicines", "permission": text, "authority": "medicines agency"}
    if text.startswith("food of animal origin"):
        return {"rule": "permission", "handling": "animal_food", "permission": text, "authority": "veterinary service"}
    return None


def test_montenegro_may_act_under_the_regional_agreement_until_its_accession_ends(
    settled: dict[str, Agreement],
) -> None:
    regional = settled["A1"]
    assert not agreements.objections(regional, Terms.LOAN, date(2027, 3, 27), between=("ME", "BG"))
    after = agreements.objections(regional, Terms.LOAN, DAY, between=("ME", "BG"))
    assert [reason.code for reason in after] == ["accession_over"]
    again = msgspec.structs.replace(regional, accessions={"ME": date(2028, 6, 6)})
    assert not agreements.objections(again, Terms.LOAN, DAY, between=("ME", "BG"))


def test_a_bilateral_agreement_on_gifts_knows_no_loan(settled: dict[str, Agreement]) -> None:
    found = agreements.objections(settled["A2"], Terms.LOAN, DAY, between=("RS", "ME"))
    assert [reason.code for reason in found] == ["terms_not_agreed"]


def test_requests_through_the_coordinating_body_name_its_number(settled: dict[str, Agreement]) -> None:
    found = agreements.objections(settled["A4"], Terms.DONATION, DAY, between=("RO", "HR"), items=("pump_dirty",))
    assert [reason.code for reason in found] == ["reference_needed"]


def test_north_macedonia_takes_no_medical_goods_on_loan(profiles: dict[str, ReceptionProfile]) -> None:
    loan = reception.objections(profiles["MK"], MEDICINES, Terms.LOAN, DAY, entry="X-PRE")
    assert {reason.code for reason in loan} == {"goods_forbidden", "permission_missing"}
    gift = reception.objections(profiles["MK"], MEDICINES, Terms.DONATION, DAY, entry="X-PRE")
    assert {reason.code for reason in gift} == {"permission_missing"}


def test_a_semi_trailer_does_not_reach_the_place_of_montenegro(profiles: dict[str, ReceptionProfile]) -> None:
    found = reception.objections(profiles["ME"], Goods(), Terms.DONATION, DAY, entry="X-KAR", truck_t=Decimal(40))
    assert [reason.code for reason in found] == ["truck_above_limit"]


def test_every_pair_of_countries_has_papers_in_the_receiver_s_language(
    exercise: dict[str, Any], profiles: dict[str, ReceptionProfile]
) -> None:
    for route in ("BG RO HU HR", "BG RS HR", "BG RS", "AT HU RS", "RS MK", "RS ME", "RS HR", "HR HU AT", "MK BG"):
        countries = tuple(route.split())
        profile = profiles[countries[-1]]
        way = corridor(Movement(countries=countries, terms=Terms.DONATION), customs_facts(), DAY, profile)
        drawn = [paper for paper in way.papers if paper.code in documents().documents and paper.signs[0] != "authority"]
        assert drawn
        assert all(profile.languages[0] in paper.languages for paper in drawn), route
        wanted = profile.papers[way.arrival]
        assert [paper.text for paper in way.papers if paper.code == "as_profile"] == list(wanted), route


def test_profiles_and_agreements_are_the_same_after_writing_and_reading(
    settled: dict[str, Agreement], profiles: dict[str, ReceptionProfile]
) -> None:
    assert all(read_agreement(msgspec.json.encode(one)) == one for one in settled.values())
    assert all(read_profile(msgspec.json.encode(one)) == one for one in profiles.values())
