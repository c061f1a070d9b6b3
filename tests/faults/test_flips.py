"""Flipped bits are named, healed and never served; a storage without sums would serve them."""

from pathlib import Path

import pytest

from tests.faults import flips
from xstock_node.storage.sqlite import logs, offers
from xstock_node.testing import run_simulated


def test_flipped_bits_are_named_healed_and_never_served(tmp_path: Path) -> None:
    found = run_simulated(flips.flip_many(tmp_path, 40, seed=7))
    counts = found.counts
    assert counts["changed"] >= 10 and counts["named"] == counts["changed"] == counts["healed"], found.wrong
    assert counts["served wrong"] == 0 and counts["beyond repair"] == 0


@pytest.mark.heavy
def test_without_sums_the_same_flips_would_be_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (logs, offers):
        monkeypatch.setattr(module, "is_sound", lambda pos, line, found: isinstance(line, bytes))
    assert run_simulated(flips.flip_many(tmp_path, 40, seed=7)).counts["served wrong"] > 0
