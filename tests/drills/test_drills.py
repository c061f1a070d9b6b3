"""Short versions of the drills: a new machine, a stolen key, a total loss, with real processes."""

import os
import tempfile
from pathlib import Path

import pytest

from tests.drills.__main__ import DRILLS
from tests.drills.names import can_unshare


@pytest.mark.heavy
@pytest.mark.parametrize("name", DRILLS)
def test_the_worst_days_end_well(name: str) -> None:
    if name == "names" and not can_unshare():
        assert os.environ.get("CI") != "true", "a view of the machine's names needs unshare and root"
        pytest.skip("needs root and unshare")
    with tempfile.TemporaryDirectory() as folder:  # a shorter path than pytest's: sockets lie in data folders
        found = DRILLS[name](Path(folder), 2_000)
    assert found["holds"], found
