"""`xstock stock preview FILE`: one JSON object, no node needed, nothing changed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import xstock
from tests.shared import sample


def preview(path: Path, home: Path) -> tuple[int, dict[str, object]]:
    """Exit code and the one JSON object on stdout."""
    run = xstock("stock", "preview", str(path), "--json", home=home)
    return run.returncode, json.loads(run.stdout)


def test_it_works_where_no_node_was_ever_made_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("code;name;unit;quantity\n1;Tent;pcs;5\n", "utf-8")
    before = path.read_bytes()
    code, reading = preview(path, tmp_path / "home")
    assert code == 0 and reading["error"] is None
    assert [row["quantity"] for row in reading["rows"]] == ["5"]  # type: ignore[union-attr,index]
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["27c_header_only.csv"])
def test_a_refused_file_prints_its_object_and_ends_with_one(name: str, tmp_path: Path) -> None:
    code, reading = preview(sample("messy", name), tmp_path)
    expected = json.loads(sample("messy", f"{name}.expected.json").read_text("utf-8"))
    assert code == 1
    assert reading["error"] == expected["error"] and reading["rows"] == []
    assert "expected" in str(reading["error_text"])


def test_a_missing_file_and_an_unknown_suffix_print_their_object_too(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    for name in ("none.csv", "a.pdf"):
        code, reading = preview(tmp_path / name, tmp_path / "home")
        assert code == 1 and isinstance(reading["error"], str)
        assert {"rows", "rejected", "skipped_lines", "must_ask", "error", "error_text"} <= set(reading)


@pytest.mark.parametrize(
    "name", ["02_bg_cp1251_semicolon.csv", "06_uk_merged_header.xlsx", "10_mixed_units_packs.xlsx"]
)
def test_a_small_file_waits_for_no_part_of_the_node(name: str, tmp_path: Path) -> None:
    """What a preview loads is what its second goes to: no reader (it works apart), services, routes or database."""
    line = ["stock", "preview", str(sample("messy", name)), "--json"]
    ask = f"import sys, xstock_node.cli.main as m; m.main({line!r}, standalone_mode=False); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", ask], env={**os.environ, "XSTOCK_HOME": str(tmp_path)}, capture_output=True, text=True
    )
    reading, loaded = done.stdout.splitlines()[0], set(done.stdout.splitlines()[-1].split())
    assert json.loads(reading)["rows"] and "xstock_node.plugins.isolation" in loaded
    heavy = {
        "xstock_spreadsheet.reader",
        "xstock_node.services.office",
        "xstock_node.api.routes",
        "aiohttp",
        "sqlite3",
        "xstock_node.storage.sqlite",
    }
    assert loaded & heavy == set()


def test_without_a_file_it_shows_what_of_the_own_stock_would_be_offered(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert xstock("init", "--name", "redcross.example.org", home=home).returncode == 0
    for name, code in (("Tent", "HSHETENTF16C"), ("Thing", "")):
        words = ["--name", name, "--code", code, "--quantity", "12", "--unit", "pcs", "--location", "Store"]
        assert xstock("stock", "add", *words, home=home).returncode == 0
    assert xstock("stock", "match", "--same-code", home=home).returncode == 0
    result = json.loads(xstock("stock", "preview", "--json", home=home).stdout)
    assert [(o["code"], o["quantity"]) for o in result["offers"]] == [("HSHETENTF16C", "12")]
    assert [(n["name"], n["rule"], n["reason"]) for n in result["not_offered"]] == [("Thing", 1, "unmapped")]


def test_a_person_reads_what_to_settle_and_how_and_no_empty_table(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("name;quantity;unit;expiry\nFlour;12;kg;03/04/2027\n", "utf-8")
    run = xstock("stock", "preview", str(path), home=tmp_path / "home")
    assert run.returncode == 1 and "day and month" in run.stdout and "--language" in run.stdout
    assert "quantity  unit" not in run.stdout and "0 rows" not in run.stdout
    settled = xstock("stock", "preview", str(path), "--language", "en-GB", home=tmp_path / "home")
    assert settled.returncode == 0 and "2027-04-03" in settled.stdout


@pytest.mark.parametrize(
    "said", [("--column", "name=bar"), ("--column", "Tentt=quantity"), ("--language", "zz!!")], ids=" ".join
)
def test_words_about_a_list_that_make_no_sense_are_refused(tmp_path: Path, said: tuple[str, str]) -> None:
    path = tmp_path / "list.csv"
    path.write_text("name;quantity;unit\nFlour;12;kg\n", "utf-8")
    run = xstock("stock", "preview", str(path), *said, home=tmp_path / "home")
    assert run.returncode == 2 and "Flour" not in run.stdout
    assert all(word in run.stderr for word in ("expected", "came", said[1].split("=")[0]))
