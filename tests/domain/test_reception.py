"""What a country lets in, on which terms, where and with which truck; and what of it has grown old."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from xstock_node.domain.consignments import HandlingClass
from xstock_node.domain.fields import FieldError
from xstock_node.domain.reasons import Reason, sentence
from xstock_node.domain.reception import Goods, ReceptionProfile, notices, objections, read_profile
from xstock_node.domain.terms import Regime, Terms

FILE = """
country = "MK"
signed_on = 2027-02-01
signed_by = "head of relief reception"
valid_until = 2027-12-31
source = "written answer of the customs administration"
consignee = "relief reception desk"
notify_party = "customs agent on duty"
may_be_consignee = ["national society", "crisis management centre"]
languages = ["mk", "en"]
labels = ["mk", "en"]
regimes = ["relief", "temporary_admission", "t1", "t2"]
clearance_lead_hours = 6
unloading_hours = ["06-22"]
night_unloading = false
curfew = "23-05"
forklift = false
handling_equipment = ["pallet jack"]
largest_truck_t = "18"
wood_packaging = "ISPM 15 mark"
[papers]
donation = ["consent of the ministry"]
[shelf_life_days]
medicines = 365
[simplification]
decision = "Government decision 1/2027"
eases = "oral declaration at the border"
valid_until = 2027-04-30
[[entry_points]]
code = "X-PRE"
name = "Tabanovce"
hours = ["00-24"]
largest_truck_t = "40"
inspections = [{service = "veterinary", hours = ["07-19"]}]
[[entry_points]]
code = "X-DEL"
largest_truck_t = "12"
[[restrictions]]
rule = "permission"
handling = "medicines"
permission = "consent for medicines"
authority = "medicines agency"
lead_hours = 24
[[restrictions]]
rule = "forbidden"
handling = "medicines"
terms = ["loan"]
[[restrictions]]
rule = "forbidden"
kind = "used_clothing"
"""
TODAY = date(2027, 3, 28)
MEDICINES = Goods(handling=(HandlingClass.GENERAL, HandlingClass.MEDICINES))


@pytest.fixture(scope="module")
def profile() -> ReceptionProfile:
    return read_profile(FILE.encode())


def codes(found: list[Reason]) -> list[str]:
    assert all("{" not in sentence(one) and sentence(one) != one.code for one in found)
    return [one.code for one in found]


def test_a_profile_is_the_same_from_toml_and_json(profile: ReceptionProfile) -> None:
    assert read_profile(msgspec.json.encode(profile)) == profile
    point = profile.entry_point("X-PRE")
    assert point is not None and point.inspections[0].service == "veterinary"


def test_blankets_may_come(profile: ReceptionProfile) -> None:
    found = objections(
        profile, Goods(), Terms.LOAN, TODAY, entry="X-PRE", truck_t=Decimal(18), regime=Regime.TEMPORARY_ADMISSION
    )
    assert found == []


@pytest.mark.parametrize(
    ("goods", "terms", "rest", "why"),
    [
        (MEDICINES, Terms.DONATION, {}, ["permission_missing"]),
        (msgspec.structs.replace(MEDICINES, permissions=("consent for medicines",)), Terms.DONATION, {}, []),
        (MEDICINES, Terms.LOAN, {}, ["permission_missing", "goods_forbidden"]),
        (Goods(kinds=("used_clothing",)), Terms.DONATION, {}, ["goods_forbidden"]),
        (Goods(), Terms.LOAN, {"entry": "X-BAJ"}, ["entry_not_open"]),
        (Goods(), Terms.LOAN, {"truck_t": Decimal(40), "entry": "X-PRE"}, ["truck_above_limit"]),
        (Goods(), Terms.LOAN, {"truck_t": Decimal(18), "entry": "X-DEL"}, ["truck_above_limit"]),
        (Goods(), Terms.LOAN, {"regime": Regime.TIR}, ["regime_not_accepted"]),
        (Goods(), Terms.LOAN, {"today": date(2028, 1, 1)}, ["profile_over"]),
    ],
)
def test_each_objection_is_said(
    profile: ReceptionProfile, goods: Goods, terms: Terms, rest: dict[str, object], why: list[str]
) -> None:
    rest = {"today": TODAY} | rest
    assert codes(objections(profile, goods, terms, **rest)) == why  # type: ignore[arg-type]


def test_a_permission_that_is_missing_says_who_issues_it_and_how_long_it_takes(profile: ReceptionProfile) -> None:
    said = sentence(objections(profile, MEDICINES, Terms.DONATION, TODAY)[0])
    assert "medicines agency" in said and "24 h" in said


def test_after_90_days_a_profile_is_shown_as_stale_and_an_easing_as_over(profile: ReceptionProfile) -> None:
    assert codes(notices(profile, date(2027, 4, 30))) == ["simplified"]
    assert codes(notices(profile, date(2027, 5, 2))) == ["simplification_over"]
    assert codes(notices(profile, date(2027, 5, 3))) == ["profile_stale", "simplification_over"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('country = "MK"', 'country = "Mk"', "ISO 3166-1"),
        ('languages = ["mk", "en"]', "languages = []", "languages of the papers"),
        ('rule = "permission"', 'rule = "maybe"', "rule"),
        ('permission = "consent for medicines"', "", "name of the permission"),
        ('kind = "used_clothing"', "", "a class, items or a kind"),
        ("valid_until = 2027-12-31", "valid_until = 2027-01-31", "an end from"),
        ('largest_truck_t = "18"', 'largest_truck_t = "big"', "largest_truck_t"),
    ],
)
def test_a_file_that_is_no_profile_is_refused_by_its_field(before: str, after: str, expected: str) -> None:
    assert before in FILE
    with pytest.raises(FieldError, match=expected):
        read_profile(FILE.replace(before, after, 1).encode())


def test_a_decimal_is_read_exactly_as_a_figure_too() -> None:
    profile = read_profile(FILE.replace('largest_truck_t = "18"', "largest_truck_t = 18.1", 1).encode())
    assert profile.largest_truck_t == read_profile(msgspec.json.encode(profile)).largest_truck_t == Decimal("18.1")
