"""The real stock of the French Red Cross in the Caribbean: no row lost, minimums obeyed, each refusal explained."""

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.processes import xstock
from tests.shared import sample


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node that took the stock, its minimum levels and the IFRC catalogue in."""
    folder = tmp_path_factory.mktemp("french") / "home"
    stock = sample("sahana-eden", "RMS__Demo__inv_item.csv")
    levels = sample("sahana-eden", "RMS__Demo__inv_minimum.csv")
    catalogue = sample("sahana-eden", "IFRC__supply_item_ifrc_standard.csv")
    assert xstock("init", "--name", "pirac.example.org", "--language", "fr", home=folder).returncode == 0
    for words in (
        ["catalogue", "import", str(catalogue)],
        ["stock", "import", str(stock)],
        ["stock", "import", str(levels), "--as", "minimums"],
        ["stock", "match", "--same-code"],
    ):
        run = xstock(*words, home=folder)
        assert run.returncode == 0, run.stderr
    return folder


def said(home: Path, *words: str) -> Any:
    """The JSON of a verb."""
    run = xstock(*words, "--json", home=home)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a csv as any reader sees them."""
    with sample("sahana-eden", name).open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["Quantity"]]


def test_every_row_is_stored_merged_or_reported(home: Path) -> None:
    lines = said(home, "stock", "list")
    source = rows("RMS__Demo__inv_item.csv")
    counted = sum(max(1, len(v["line"].get("merged_lines", []))) for v in lines)
    assert counted == len(source) == 33
    for code in {row["Item Code"] for row in source if row["Item Code"]}:
        theirs = sum(Decimal(r["Quantity"]) for r in source if r["Item Code"] == code)
        ours = sum(Decimal(v["line"]["quantity"]) for v in lines if v["line"]["item_code"] == code)
        assert theirs == ours, code


def test_no_offer_takes_a_store_below_its_minimum(home: Path) -> None:
    levels = {(r["Warehouse"], r["Item Code"]): Decimal(r["Quantity"]) for r in rows("RMS__Demo__inv_minimum.csv")}
    have: dict[tuple[str, str], Decimal] = {}
    for row in rows("RMS__Demo__inv_item.csv"):
        spot = row["Warehouse"], row["Item Code"]
        have[spot] = have.get(spot, Decimal(0)) + Decimal(row["Quantity"])
    offers = said(home, "stock", "preview")["offers"]
    assert offers
    for offer in offers:
        spot = offer["place"], offer["code"]
        assert have[spot] - Decimal(offer["quantity"]) >= levels.get(spot, Decimal(0)), offer
    assert {o["code"]: o["quantity"] for o in offers if o["code"] == "KRELSHEK01"} == {"KRELSHEK01": "26"}


def test_each_line_is_offered_or_says_why_not(home: Path) -> None:
    result = said(home, "stock", "preview")
    explained = {n["ref"] for n in result["not_offered"]}
    offered = {(o["code"], o["place"]) for o in result["offers"]}
    for view in said(home, "stock", "list"):
        spot = view["code"], (view["line"]["location"] or "").split("/")[0]
        assert view["ref"] in explained or spot in offered, view
    assert all(n["why"] and 1 <= n["rule"] <= 10 for n in result["not_offered"])
