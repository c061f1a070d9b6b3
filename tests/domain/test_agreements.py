"""What an agreement allows, and that a file which cannot be one is refused with the field's name."""

from datetime import date

import msgspec
import pytest

from xstock_node.domain.agreements import (
    Agreement,
    ClassOrder,
    DeliveryTerm,
    Disclosure,
    Tier,
    beyond,
    objections,
    read_agreement,
)
from xstock_node.domain.fields import FieldError
from xstock_node.domain.reasons import sentence
from xstock_node.domain.steps import Accept, Body, Line, Promise
from xstock_node.domain.terms import Terms

FILE = """
id = "A1"
name = "Regional agreement"
parties = ["ns.bg.example", "ns.hr.example", "ns.me.example"]
valid_from = 2023-06-07
valid_until = 2028-06-06
accessions = {"ns.me.example" = 2028-03-27}
terms = ["loan", "donation", "replacement"]
loan_days = 90
cost_rule = "supplier pays loading, requester pays transport and return"
liability_sha256 = "%s"
hold_hours = 6
answer_hours = 3
delivery_term = "FCA"
risk_passes = "at loading, on the signed waybill"
insurer = "requester"
pays_duty = "requester"
claim_days = 14
law = "AT"
forum = "arbitration in Vienna"
disclosure = {before = "band", after = "exact"}
fairness = {class_order = "floor_first", floor = "0.2", tie = "node"}
""" % ("0a" * 32)
TODAY = date(2027, 3, 28)
NOW = 1_806_192_000
BG, HR, ME = "ns.bg.example", "ns.hr.example", "ns.me.example"


@pytest.fixture(scope="module")
def agreement() -> Agreement:
    return read_agreement(FILE.encode())


def codes(agreement: Agreement, terms: Terms = Terms.LOAN, today: date = TODAY, **rest: object) -> list[str]:
    found = objections(agreement, terms, today, **rest)  # type: ignore[arg-type]
    assert all("{" not in sentence(one) and sentence(one) != one.code for one in found)
    return [one.code for one in found]


def test_every_field_is_read_and_the_same_from_json(agreement: Agreement) -> None:
    assert agreement.delivery_term is DeliveryTerm.FCA
    assert agreement.disclosure.before is Tier.BAND
    assert agreement.fairness.class_order is ClassOrder.FLOOR_FIRST
    assert read_agreement(msgspec.json.encode(agreement)) == agreement


def test_what_is_agreed_meets_no_objection(agreement: Agreement) -> None:
    assert codes(agreement, between=(BG, ME)) == []


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"terms": Terms.COST_RECOVERY}, ["terms_not_agreed"]),
        ({"today": date(2023, 6, 6)}, ["agreement_not_yet"]),
        ({"today": date(2028, 6, 6)}, []),
        ({"today": date(2028, 6, 7)}, ["agreement_over"]),
        ({"between": (BG, "ns.xx.example")}, ["no_party"]),
        ({"between": (BG, ME), "today": date(2028, 3, 28)}, ["accession_over"]),
        ({"between": (BG, ME), "today": date(2027, 3, 27)}, []),
    ],
)
def test_each_bound_of_an_agreement_says_why_not(
    agreement: Agreement, wanted: dict[str, object], why: list[str]
) -> None:
    assert codes(agreement, **wanted) == why  # type: ignore[arg-type]


def test_an_agreement_for_some_items_wants_them_and_the_mechanism_s_number(agreement: Agreement) -> None:
    narrow = msgspec.structs.replace(agreement, items=("pump",), reference_needed=True)
    assert codes(narrow, items=("pump", "tent")) == ["item_not_agreed", "reference_needed"]
    assert codes(narrow, items=("pump",), reference="UCPM-1") == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("hold_hours = 6", 'hold_hours = "six"', "hold_hours"),
        ("hold_hours = 6", "hold_hours = 0", "hold_hours from 1"),
        ('terms = ["loan", "donation", "replacement"]', 'terms = ["gift"]', "terms"),
        ('terms = ["loan", "donation", "replacement"]', "terms = []", "one of loan"),
        ("valid_until = 2028-06-06", "valid_until = 2022-06-06", "an end from 2023-06-07"),
        ('delivery_term = "FCA"', 'delivery_term = "EXW"', "delivery_term"),
        ('law = "AT"', 'lwa = "AT"', "lwa"),
        ("0a0a", "0A0A", "SHA-256"),
        ('floor = "0.2"', 'floor = "20"', "a floor from 0 to 1"),
        ('id = "A1"', "id = ", "TOML or JSON"),
        ('"ns.hr.example", "ns.me.example"]', '"ns.bg.example", "ns.me.example"]', "each once"),
        ('{"ns.me.example" =', '{"ns.xx.example" =', "accessions of parties"),
    ],
)
def test_a_file_that_is_no_agreement_is_refused_by_its_field(before: str, after: str, expected: str) -> None:
    assert before in FILE
    with pytest.raises(FieldError, match=expected):
        read_agreement(FILE.replace(before, after, 1).encode())


def promise(hold_hours: float, lot: str = "") -> Promise:
    line = Line(item="TENT", unit="H87", qty=(5, 0), lot=lot)
    return Promise(lines=(line,), hold_until=NOW + int(hold_hours * 3600))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (promise(6), []),
        (promise(6.001), ["hold_beyond"]),
        (promise(1, lot="B-77"), ["lots_not_yet"]),
        (Accept(terms="loan", due="2027-06-26"), []),
        (Accept(terms="loan", due="2027-06-27"), ["loan_beyond"]),
        (Accept(terms="donation", due="2027-06-27"), []),
        (Accept(terms="loan"), []),
        (Body(), []),
    ],
)
def test_a_step_stays_within_what_was_settled(agreement: Agreement, body: Body, why: list[str]) -> None:
    assert [reason.code for reason in beyond(agreement, body, TODAY, NOW, False)] == why


def test_lots_are_told_once_an_operation_binds(agreement: Agreement) -> None:
    assert beyond(agreement, promise(1, lot="B-77"), TODAY, NOW, True) == []


def test_what_is_not_settled_bounds_nothing(agreement: Agreement) -> None:
    exact = Disclosure(before=Tier.EXACT)
    bare = msgspec.structs.replace(agreement, hold_hours=None, loan_days=None, disclosure=exact)
    for body in (promise(9999, lot="B-77"), Accept(terms="loan", due="2099-01-01")):
        assert beyond(bare, body, TODAY, NOW, False) == []
