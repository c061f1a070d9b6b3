"""Short versions of the drills: a new machine, a stolen key, a total loss, with real processes."""

import os
from pathlib import Path

import pytest

from tests.drills.__main__ import DRILLS
from tests.drills.names import can_unshare


@pytest.mark.heavy
@pytest.mark.parametrize("name", DRILLS)
def test_the_worst_days_end_well(name: str, tmp_path: Path) -> None:
    if name == "names" and not can_unshare():
        assert os.environ.get("CI") != "true", "a view of the machine's names needs unshare and root"
        pytest.skip("needs root and unshare")
    found = DRILLS[name](tmp_path, 2_000)
    assert found["holds"], found
