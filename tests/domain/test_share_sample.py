"""The published list of medicines, read by the plugin as it stands: what the share rules beside it yield."""

import json
from datetime import date
from decimal import Decimal
from importlib import import_module

import msgspec

from tests.shared import sample
from xstock_node.domain.catalogue import Catalogue, Category, Item, Storage
from xstock_node.domain.items import BaseUnit
from xstock_node.domain.mapping import Mapping, MappingKey, MappingState
from xstock_node.domain.sharing import Proposal, SharedLine, ShareRules, propose
from xstock_node.domain.stock import StockLine
from xstock_node.plugins.adapters import ReadHints

NAME = "24_medical_expiry_rules.csv"
STORAGES = {"M2": Storage.COLD_CHAIN}


def expected() -> dict[str, object]:
    found: dict[str, object] = json.loads(sample("messy", f"{NAME}.expected.json").read_text("utf-8"))
    return found


def proposal(allow_cold_chain: bool) -> Proposal:
    """The offers of the sample's list under its rules; every line is mapped to the item of its own code."""
    reader = import_module("xstock_spreadsheet.reader").SpreadsheetReader()
    lines: list[StockLine] = reader.read(sample("messy", NAME), ReadHints(today="2026-11-15")).rows
    told = dict(expected()["share_rules"])  # type: ignore[call-overload]
    today = date.fromisoformat(told.pop("today"))
    assert told.pop("rounding") == "down"
    items = [
        Item(
            code=code, scheme="local:sample", names={"en": code}, category=Category.MEDICAL, medical=code[0] == "M",
            expirable=code[0] == "M", storage=STORAGES.get(code, Storage.AMBIENT),
        )
        for code in dict.fromkeys(line.item_code or "" for line in lines)
    ]  # fmt: skip
    shared = [
        SharedLine(line, str(line.line), Mapping(
            key=MappingKey.of("sample", line), code=line.item_code or "", base_unit=BaseUnit.PIECE, factor=Decimal(1),
            state=MappingState.CONFIRMED, by="human", at=0,
        ))
        for line in lines
    ]  # fmt: skip
    rules = msgspec.convert({**told, "allow_cold_chain": allow_cold_chain}, ShareRules)
    return propose(shared, rules, Catalogue(items), {}, {}, {}, today)


def offered(found: Proposal) -> dict[str, tuple[str, str | None]]:
    return {offer.code: (str(offer.quantity), offer.earliest_expiry) for offer in found.offers}


def test_what_is_offered_is_what_the_sample_expects() -> None:
    wanted = {o["item_code"]: (o["quantity"], o.get("earliest_expiry")) for o in expected()["expected_offers"]}  # type: ignore[attr-defined]
    assert offered(proposal(allow_cold_chain=True)) == wanted


def test_what_is_kept_at_home_is_told_of_each_item_the_sample_names() -> None:
    found = proposal(allow_cold_chain=True)
    told = {note.code for note in found.not_offered if not note.partly}
    assert set(expected()["expected_not_offered"]) <= told - set(offered(found))  # type: ignore[call-overload]


def test_the_cold_chain_is_shared_only_where_the_society_allows_it() -> None:
    assert set(offered(proposal(allow_cold_chain=False))) == {"M1", "B1"}
