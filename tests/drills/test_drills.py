"""Short versions of the drills: a new machine, a stolen key, a total loss, with real processes."""

from pathlib import Path

import pytest

from tests.drills.__main__ import DRILLS


@pytest.mark.heavy
@pytest.mark.parametrize("name", DRILLS)
def test_the_worst_days_end_well(name: str, tmp_path: Path) -> None:
    found = DRILLS[name](tmp_path, 2_000)
    assert found["holds"], found
