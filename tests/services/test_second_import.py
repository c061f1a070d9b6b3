"""The real stock of the French Red Cross, mapped to the IFRC catalogue by a person, and imported again with changes."""

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.processes import xstock_here
from tests.shared import sample

STOCK = "RMS__Demo__inv_item.csv"
DECIDED = """
[[confirm]]
local = "Water filter ORISA"
code = "APERFILTCC10"
[[confirm]]
local = "KRELCLEA01"
reject = true
"""


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node with the IFRC catalogue, the stock, and a person's decisions about it."""
    folder = tmp_path_factory.mktemp("pirac") / "home"
    decided = folder.parent / "decided.toml"
    decided.write_text(DECIDED, "utf-8")
    said(folder, "init", "--name", "pirac.example.org", "--language", "fr")
    said(folder, "catalogue", "import", str(sample("sahana-eden", "IFRC__supply_item_ifrc_standard.csv")))
    said(folder, "stock", "import", str(sample("sahana-eden", STOCK)))
    said(folder, "stock", "match", "--same-code", "--decisions", str(decided))
    return folder


@pytest.fixture
def home(ready: Path, tmp_path: Path) -> Path:
    """A copy of that node, of a test's own."""
    return shutil.copytree(ready, tmp_path / "home")


def said(home: Path, *words: str) -> Any:
    run = xstock_here(*words, "--json", home=home)
    assert run.returncode == 0, (words, run.stdout, run.stderr)
    return json.loads(run.stdout)


def changed(path: Path, change: Any) -> Path:
    """The list again as its owner would send it a month later."""
    text = sample("sahana-eden", STOCK).read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    names = list(rows[0])
    out = io.StringIO()
    writer = csv.DictWriter(out, names, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(change(rows))
    path.write_text(out.getvalue(), "utf-8")
    return path


def test_confirmed_mappings_are_kept_over_a_second_import_with_changes(home: Path, tmp_path: Path) -> None:
    before = {(m["local"] or m["name"], m["unit"]): m for m in said(home, "stock", "match", "--all")}
    confirmed = {key for key, m in before.items() if m["state"] == "confirmed"}
    assert len(confirmed) >= 15 and ("HSHETARPW406", "pcs") in confirmed
    offers = {(o["code"], o["place"]): o["quantity"] for o in said(home, "stock", "preview")["offers"]}

    def month_later(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        kept = []
        for row in rows:
            if row["Item Code"] == "HSHETARPW406":  # fewer, and under a name now
                row |= {"Quantity": "900", "Item Name": "Bâche tissée 4 x 6 m"}
            if row["Item Code"] == "KRELSHEK01":  # counted in other units
                row |= {"Unit of Measure": "carton"}
            if row["Item Name"] != "Water treatment Unit AquaForce 2000":  # gone
                kept.append(row)
        return [*kept, rows[0] | {"Item Code": "HSHEBLANPHT1", "Item Name": "", "Quantity": "70"}]

    result = said(home, "stock", "import", str(changed(tmp_path / "later.csv", month_later)))
    kinds = {(c["op"], c.get("item_code") or c.get("item_name")) for c in result["changes"]}
    assert {
        ("update", "HSHETARPW406"),
        ("rename", "HSHETARPW406"),
        ("remove", "KRELSHEK01"),
        ("add", "KRELSHEK01"),
        ("remove", "Water treatment Unit AquaForce 2000"),
        ("add", "HSHEBLANPHT1"),
    } <= kinds
    after = {(m["local"] or m["name"], m["unit"]): m for m in said(home, "stock", "match", "--all")}
    for key in confirmed - {("KRELSHEK01", "pcs")}:
        assert after[key]["state"] == "confirmed" and after[key]["code"] == before[key]["code"], key
    assert after["KRELCLEA01", "pcs"]["state"] == "rejected"
    assert after["KRELSHEK01", "carton"]["state"] == "open"
    now = said(home, "stock", "preview")
    later = {(o["code"], o["place"]): o["quantity"] for o in now["offers"]}
    tarpaulins = {place for code, place in offers if code == "HSHETARPW406"}
    assert tarpaulins
    assert all(int(later["HSHETARPW406", p]) < int(offers["HSHETARPW406", p]) for p in tarpaulins)
    assert any(n["code"] == "" and n["reason"] == "unit_changed" for n in now["not_offered"])
    assert {n["reason"] for n in now["not_offered"]} >= {"unmapped", "mapping_rejected", "unit_changed"}


def test_a_list_that_was_cut_is_held_and_nothing_of_the_stock_changes(home: Path, tmp_path: Path) -> None:
    before = said(home, "stock", "list")
    cut = changed(tmp_path / "cut.csv", lambda rows: rows[:10])
    run = xstock_here("stock", "import", str(cut), "--json", home=home)
    assert run.returncode != 0 and json.loads(run.stdout)["error"]["code"] == "mass-change"
    assert said(home, "stock", "list") == before
    assert said(home, "stock", "import", str(cut), "--accept-changes")["removed"] > 0


def test_every_line_has_candidates_with_reasons_or_none_is_like_it(home: Path) -> None:
    views = said(home, "stock", "match")
    assert views and all(len(view["candidates"]) <= 5 for view in views)
    assert all(c["why"] and c["name"] for view in views for c in view["candidates"])
    assert any(view["candidates"] for view in views)


def test_a_crosswalk_s_codes_are_confirmed_at_one_word(home: Path, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("code,item\nWPUBERK4,WWTUGBI3001\nNEVER1,NOTHING\n", "utf-8")
    done = said(home, "catalogue", "crosswalk", str(tmp_path / "own.csv"), "--scheme", "own")
    assert done["stored"] == 2 and done["unknown"] == ["NOTHING"]
    (view,) = [v for v in said(home, "stock", "match") if v["local"] == "WPUBERK4"]
    assert view["candidates"][0]["code"] == "WWTUGBI3001" and "own" in view["candidates"][0]["why"]
    assert said(home, "stock", "match", "--crosswalk", "own")["confirmed"] == 1
    run = xstock_here("stock", "match", "--crosswalk", "none", "--json", home=home)
    assert run.returncode == 2 and json.loads(run.stdout)["error"]["code"] == "no-crosswalk"


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_the_stock_written_as_a_list_reads_back_as_it_is(home: Path, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    assert said(home, "stock", "export", str(path))["lines"] == 33
    before = [view["line"] for view in said(home, "stock", "list")]
    rows = said(home, "stock", "preview", str(path))["rows"]
    kept = ("item_code", "item_name", "quantity", "unit", "location", "lot", "expiry", "owner", "donor", "value")
    assert [{k: row.get(k) for k in kept} for row in rows] == [{k: line.get(k) for k in kept} for line in before]
    again = xstock_here("stock", "export", str(path), "--json", home=home)
    assert again.returncode == 1 and json.loads(again.stdout)["error"]["code"] == "is-there"
    other = xstock_here("stock", "export", str(tmp_path / "out.pdf"), "--json", home=home)
    assert other.returncode == 2 and ".csv" in json.loads(other.stdout)["error"]["came"]
