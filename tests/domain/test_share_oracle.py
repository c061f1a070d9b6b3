"""The oracle for the share rules that came with the example files: a small store with medicines.

The lines and rules are those of 24_medical_expiry_rules.csv and its expected.json.
"""

from datetime import date
from decimal import Decimal

import msgspec

from xstock_node.domain.catalogue import Catalogue, Category, Item, Storage
from xstock_node.domain.items import BaseUnit
from xstock_node.domain.mapping import Mapping, MappingKey, MappingState
from xstock_node.domain.sharing import Proposal, SharedLine, ShareRules, propose
from xstock_node.domain.stock import StockLine

# The oracle lends insulin, so its society has allowed the cold chain.
RULES = {
    "allow_cold_chain": True,
    "min_remaining_days": 180,
    "locations": ["Central"],
    "exclude_storage": ["controlled"],
    "keep_back": {"default": {"percent": "20"}, "M1": {"absolute": "250"}, "T1": {"absolute": "15"}},
}
LINES = [
    ("M1", "Saline 500 ml", "S1", "2026-10-31", "100", "bottle", "Central", "ambient"),
    ("M1", "Saline 500 ml", "S2", "2026-12-31", "200", "bottle", "Central", "ambient"),
    ("M1", "Saline 500 ml", "S3", "2027-11-30", "500", "bottle", "Central", "ambient"),
    ("M2", "Insulin 10 ml", "I1", "2027-12-31", "80", "vial", "Central", "2-8C"),
    ("M3", "Morphine 10 mg", "X1", "2028-01-31", "60", "ampoule", "Central", "controlled"),
    ("B1", "Blanket", None, None, "1000", "pcs", "Central", None),
    ("B1", "Blanket", None, None, "300", "pcs", "Branch Vidin", None),
    ("T1", "Tent", None, None, "12", "pcs", "Central", None),
]


def medicine(code: str, name: str, storage: Storage = Storage.AMBIENT) -> Item:
    return Item(
        code=code, scheme="local:oracle", names={"en": name}, category=Category.MEDICAL, medical=True,
        expirable=True, storage=storage,
    )  # fmt: skip


CATALOGUE = Catalogue(
    [
        medicine("M1", "Saline"),
        medicine("M2", "Insulin", Storage.COLD_CHAIN),
        medicine("M3", "Morphine"),
        Item(code="B1", scheme="local:oracle", names={"en": "Blanket"}, category=Category.BEDDING),
        Item(code="T1", scheme="local:oracle", names={"en": "Tent"}, category=Category.SHELTER),
    ]
)


def proposal() -> Proposal:
    shared = []
    for number, (code, name, lot, expiry, quantity, unit, location, storage) in enumerate(LINES, 2):
        line = StockLine(
            item_code=code, item_name=name, quantity=Decimal(quantity), unit=unit, location=location, lot=lot,
            expiry=expiry, storage=storage,
        )  # fmt: skip
        mapping = Mapping(
            key=MappingKey.of("oracle", line), code=code, base_unit=BaseUnit.PIECE, factor=Decimal(1),
            state=MappingState.CONFIRMED, by="human", at=0,
        )  # fmt: skip
        shared.append(SharedLine(line, str(number), mapping))
    rules = msgspec.convert(RULES, ShareRules)
    return propose(shared, rules, CATALOGUE, {}, {}, {}, date(2026, 11, 15))


def test_what_is_offered() -> None:
    offers = [(offer.code, str(offer.quantity), offer.earliest_expiry) for offer in proposal().offers]
    assert offers == [("B1", "800", None), ("M1", "250", "2027-11-30"), ("M2", "64", "2027-12-31")]


def test_why_the_rest_is_not_offered() -> None:
    told = {(note.ref, note.code, note.rule, note.reason.code, note.partly) for note in proposal().not_offered}
    assert told == {
        ("2", "M1", 5, "expired", False),
        ("3", "M1", 5, "short_dated", False),
        ("4", "M1", 7, "kept_absolute", True),
        ("5", "M2", 7, "kept_percent", True),
        ("6", "M3", 4, "controlled", False),
        ("7", "B1", 7, "kept_percent", True),
        ("8", "B1", 2, "location_not_shared", False),
        ("9", "T1", 7, "kept_absolute", False),
    }


def test_the_sentence_for_the_tents_names_both_figures() -> None:
    tent = next(note for note in proposal().not_offered if note.code == "T1")
    assert tent.reason.params == {"kept": "12", "usable": "12", "unit": "H87", "minimum": "15"}


def test_everything_offered_is_new_and_waits_for_a_person() -> None:
    assert all(offer.needs_release for offer in proposal().offers)
