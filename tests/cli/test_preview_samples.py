"""Every published sample of a messy list through the real command, field by field; and what a second list changes."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.processes import xstock
from tests.shared import sample

NAMES = (
    "02_bg_cp1251_semicolon.csv",
    "06_uk_merged_header.xlsx",
    "09_groups_subtotals.xlsx",
    "10_mixed_units_packs.xlsx",
    "16_signatures.ods",
    "24_medical_expiry_rules.csv",
    "27c_header_only.csv",
    "31a_bg_next_week.csv",
)
FIGURES = {"quantity", "reserved", "damaged", "incoming", "available", "pack_factor", "base_quantity"}


def preview(path: Path, home: Path) -> tuple[int, str]:
    """Exit code and what came on stdout."""
    run = xstock("stock", "preview", str(path), "--json", home=home)
    return run.returncode, run.stdout


def same(field: str, got: Any, want: Any) -> bool:
    if field in FIGURES and got is not None and want is not None:
        return isinstance(got, str) and Decimal(got) == Decimal(want)
    return bool(got == want)


@pytest.mark.parametrize("name", NAMES)
def test_the_command_says_of_a_sample_what_is_expected(name: str, tmp_path: Path) -> None:
    want = json.loads(sample("messy", f"{name}.expected.json").read_text("utf-8"))
    code, out = preview(sample("messy", name), tmp_path)
    got = json.loads(out)
    assert code == (1 if want["error"] else 0)
    assert len(got["rows"]) == len(want["rows"])
    for mine, theirs in zip(got["rows"], want["rows"], strict=True):
        for field, value in ({"flags": []} | theirs).items():
            found = mine.get(field, [] if field == "flags" else None)
            assert same(field, found, value), (theirs["item_name"], field, found, value)
    for field in ("as_of", "error", "skipped_lines", "rejected"):
        assert got[field] == want[field], field
    for field in ("encoding", "delimiter"):
        assert got[field] == want.get(field, got[field])
    assert len(got["must_ask"]) == len(want["must_ask"])
    assert all(part in sentence for sentence, part in zip(got["must_ask"], want["must_ask"], strict=True))
    assert not [secret for secret in want["must_not_contain"] if secret in out]


def test_the_samples_are_all_there_are() -> None:
    folder = sample("messy", NAMES[0]).parent
    assert {path.name for path in folder.iterdir() if path.suffix != ".json"} <= set(NAMES)


def test_a_second_list_of_the_same_source_says_what_changed(tmp_path: Path) -> None:
    want = json.loads(sample("messy", "31a_bg_next_week.csv.expected.json").read_text("utf-8"))
    home = tmp_path / "home"
    assert xstock("init", "--name", "redcross.example.org", "--country", "BG", home=home).returncode == 0
    results = []
    for name in (want["previous"], "31a_bg_next_week.csv"):
        run = xstock("stock", "import", str(sample("messy", name)), "--json", home=home)
        assert run.returncode == 0, run.stderr
        results.append(json.loads(run.stdout))
    assert results[0].get("changes", []) == []
    assert results[1]["changes"] == want["changes"]
