"""Share rules 1 to 5, one line at a time: which rule objects, and with which words."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import msgspec
import pytest

from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.items import BaseUnit
from xstock_node.domain.mapping import Mapping, MappingKey, MappingState
from xstock_node.domain.reasons import MESSAGES, Reason, sentence
from xstock_node.domain.share_lines import Judged, judge, storage_class
from xstock_node.domain.share_rules import SharedLine, ShareRules
from xstock_node.domain.stock import Component, StockLine

Make = Callable[..., StockLine]
TODAY = date(2027, 3, 28)
OPEN = ShareRules()


def confirmed(line: StockLine, code: str, unit: str = "H87", state: str = "confirmed") -> Mapping:
    return Mapping(
        key=MappingKey.of("store", line), code=code, base_unit=BaseUnit(unit), factor=Decimal(1),
        state=MappingState(state), by="human", at=0,
    )  # fmt: skip


def judged(
    line: StockLine, catalogue: Catalogue, code: str = "HSHETENTF16C", rules: ShareRules = OPEN, **mapping: str
) -> Judged:
    return judge(SharedLine(line, "1", confirmed(line, code, **mapping)), rules, catalogue, TODAY)


def told(one: Judged) -> tuple[int, str]:
    assert one.why is not None
    assert "{" not in sentence(one.why)
    return one.rule, one.why.code


def test_a_line_without_objection_is_usable(make_line: Make, shipped: Catalogue) -> None:
    one = judged(make_line("Šator", "12"), shipped)
    assert (one.why, one.quantity) == (None, 12)


@pytest.mark.parametrize(
    ("state", "code", "why"),
    [
        ("proposed", "HSHETENTF16C", "mapping_proposed"),
        ("rejected", "HSHETENTF16C", "mapping_rejected"),
        ("confirmed", "GONE", "unknown_code"),
        ("confirmed", "CP-DIESEL", "other_measure"),
    ],
)
def test_rule_1(make_line: Make, shipped: Catalogue, state: str, code: str, why: str) -> None:
    assert told(judged(make_line(), shipped, code, state=state)) == (1, why)


def test_rule_1_without_mapping_tells_why_it_was_voided(make_line: Make, shipped: Catalogue) -> None:
    voided = Reason("unit_changed", {"before": "pcs", "now": "bale"})
    assert told(judge(SharedLine(make_line(), "1", None), OPEN, shipped, TODAY)) == (1, "unmapped")
    assert told(judge(SharedLine(make_line(), "1", None, voided), OPEN, shipped, TODAY)) == (1, "unit_changed")


@pytest.mark.parametrize(
    ("location", "owner", "why"),
    [
        ("Branch Vidin", "NS", "location_not_shared"),
        ("Centralno skladište", "NS", "location_not_shared"),
        (None, "NS", "location_unknown"),
        ("Central", "State reserve", "owner_not_shared"),
        ("Central", None, "owner_unknown"),
        ("CENTRAL/Rack 3/Bin 1", "ns", None),
    ],
)
def test_rule_2(make_line: Make, shipped: Catalogue, location: str | None, owner: str | None, why: str | None) -> None:
    rules = ShareRules(locations=("Central",), owners=("NS",))
    one = judged(make_line(location=location, owner=owner), shipped, rules=rules)
    assert (one.why.code if one.why else None) == why
    assert one.rule == (2 if why else 0)


@pytest.mark.parametrize(
    ("quantity", "fields", "why"),
    [
        ("NaN", {}, "quantity_unknown"),
        ("1E+30", {}, "quantity_unknown"),
        ("-3", {}, "negative_balance"),
        ("0", {}, "nothing_on_hand"),
        ("10", {"reserved": Decimal(6), "damaged": Decimal(4)}, "all_reserved"),
        ("10", {"reserved": Decimal(12), "flags": ("over_reserved",)}, "all_reserved"),
        ("10", {"available": Decimal(0)}, "all_reserved"),
        ("10", {"flags": ("needs_confirmation",)}, "needs_confirmation"),
        ("10", {"status": "Quarantine"}, "status_blocked"),
        ("10", {"status": "у карантину"}, "status_blocked"),
        ("10", {"status": "neispravno"}, "status_blocked"),
        ("10", {"status": "in Reparatur"}, "status_blocked"),
    ],
)
def test_rule_3(make_line: Make, shipped: Catalogue, quantity: str, fields: dict[str, object], why: str) -> None:
    assert told(judged(make_line("Šator", quantity, **fields), shipped)) == (3, why)


def test_rule_3_takes_what_is_free_and_never_what_is_on_its_way(make_line: Make, shipped: Catalogue) -> None:
    line = make_line("Šator", "10", reserved=Decimal(3), damaged=Decimal(1), incoming=Decimal(50), status="OK")
    assert judged(line, shipped).quantity == 6
    assert judged(msgspec.structs.replace(line, available=Decimal(5)), shipped).quantity == 5


@pytest.mark.parametrize(
    ("code", "storage", "why"),
    [
        ("CP-MORPHINE", None, "controlled"),
        ("HSHETENTF16C", "Suchtgift", "controlled"),
        ("DINJINSH10VR", None, "cold_chain"),
        ("HSHETENTF16C", "2-8 °C", "cold_chain"),
        ("HSHETENTF16C", "Хладилник", "cold_chain"),
        ("HSHETENTF16C", "blood", "blood"),
        ("CP-CLOTHES-USED", None, "class_excluded"),
        ("HSHETENTF16C", "secret", "storage_excluded"),
    ],
)
def test_rule_4(make_line: Make, shipped: Catalogue, code: str, storage: str | None, why: str) -> None:
    rules = ShareRules(exclude_storage=("secret",))
    unit = "KGM" if code == "CP-CLOTHES-USED" else "H87"
    line = make_line(expiry="2029-01-31", storage=storage)
    assert told(judged(line, shipped, code, rules, unit=unit)) == (4, why)


def test_rule_4_the_cold_chain_may_be_allowed_and_controlled_drugs_never(make_line: Make, shipped: Catalogue) -> None:
    rules = ShareRules(allow_cold_chain=True)
    line = make_line(expiry="2029-01-31")
    assert judged(line, shipped, "DINJINSH10VR", rules).why is None
    assert judged(line, shipped, "CP-MORPHINE", rules).why is not None


def test_rule_4_a_kit_is_of_the_classes_of_its_contents(make_line: Make, shipped: Catalogue) -> None:
    line = make_line(expiry="2029-01-31", components=(Component("Bandage"), Component("Morfin 10 mg/ml, amp.")))
    assert told(judged(line, shipped, "KMEDKFAI01B")) == (4, "controlled")
    coded = make_line(expiry="2029-01-31", components=(Component("x", item_code="DVASVTET4A"),))
    assert told(judged(coded, shipped, "KMEDKFAI01B")) == (4, "cold_chain")


@pytest.mark.parametrize(
    ("code", "expiry", "why"),
    [
        ("KMEDKIAE01B", "2028-03-27", None),
        ("KMEDKIAE01B", "2028-03-26", "short_dated"),
        ("KRELFOPA05P", "2027-06-26", None),
        ("KRELFOPA05P", "2027-06-25", "short_dated"),
        ("HSHETENTF16C", "2027-09-24", None),
        ("HSHETENTF16C", "2027-09-23", "short_dated"),
        ("HSHETENTF16C", "2027-03-28", "short_dated"),
        ("HSHETENTF16C", "2027-03-27", "expired"),
        ("KRELFOPA05P", None, "expiry_unknown"),
        ("HSHETENTF16C", None, None),
        ("HSHETENTF16C", "next week", "expiry_unreadable"),
    ],
)
def test_rule_5(make_line: Make, shipped: Catalogue, code: str, expiry: str | None, why: str | None) -> None:
    one = judged(make_line(expiry=expiry), shipped, code)
    assert (one.why.code if one.why else None) == why
    assert one.rule == (5 if why else 0)


def test_rule_5_counts_from_the_arrival_and_a_set_figure_overrides(make_line: Make, shipped: Catalogue) -> None:
    line = make_line(expiry="2027-09-24")
    assert told(judged(line, shipped, rules=ShareRules(transit_days=1))) == (5, "short_dated")
    assert judged(line, shipped, rules=ShareRules(transit_days=1, min_remaining_days=100)).why is None
    medical = make_line(expiry="2027-12-31")
    assert judged(medical, shipped, "KMEDKIAE01B", ShareRules(min_remaining_days=180)).why is None
    strict = ShareRules(min_remaining_days=180, medical_remaining_days=365)
    assert told(judged(medical, shipped, "KMEDKIAE01B", strict)) == (5, "short_dated")
    own = ShareRules(medical_remaining_days=200)
    assert judged(medical, shipped, "KMEDKIAE01B", own).why is None


def test_what_may_not_be_lent_but_serves_at_home(make_line: Make, shipped: Catalogue) -> None:
    home = ShareRules(locations=("Central",))
    assert judged(make_line(location="Vidin"), shipped, rules=home).at_home
    assert judged(make_line(expiry="2027-04-30"), shipped).at_home
    assert not judged(make_line(expiry="2027-01-31"), shipped).at_home
    assert not judged(make_line(expiry="2027-01-31", location="Vidin"), shipped, rules=home).at_home
    assert not judged(make_line(status="karantena"), shipped).at_home
    assert not judged(make_line("Tent", "0", location="Vidin"), shipped, rules=home).at_home


@pytest.mark.parametrize(
    ("words", "storage"),
    [("2-8C", "cold_chain"), ("2–8 °C", "cold_chain"), ("хладни ланац", "hladni"), ("Kühlkette", "cold_chain"),
     ("ambient", "ambient"), ("dry store", "dry_store")],
)  # fmt: skip
def test_the_words_of_lists_for_storage(words: str, storage: str) -> None:
    assert storage_class(words) == ("cold_chain" if storage == "hladni" else storage)


@pytest.mark.parametrize(
    "wrong",
    [
        {"keep_back": {"default": {"percent": "101"}}},
        {"keep_back": {"default": {"absolute": "-1"}}},
        {"step": {"B1": "0"}},
        {"own_need": {"B1": "-1"}},
        {"min_remaining_days": -1},
        {"medical_remaining_days": -1},
        {"transit_days": -1},
        {"release_threshold_percent": "NaN"},
        {"location": ["Central"]},
    ],
)
def test_rules_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        msgspec.convert(wrong, ShareRules)


def test_every_message_is_a_plain_template() -> None:
    for code, template in MESSAGES.items():
        assert code.replace("_", "").isalpha() and code.islower()
        assert template == template.strip() and not template.endswith(".")
    assert sentence(Reason("never_heard")) == "never_heard"
