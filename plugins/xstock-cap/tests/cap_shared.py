"""Schemas and samples of the standards, kept beside the repository."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("XSTOCK_SHARED", Path(__file__).parents[4] / "shared")) / "standards"


def shared_file(name: str) -> Path:
    """One of them; the test is skipped where it is missing, and fails in CI."""
    path = SHARED / name
    if not path.is_file():
        assert os.environ.get("CI") != "true", f"no {name} under {SHARED}"
        pytest.skip(f"no {name} under {SHARED}; set XSTOCK_SHARED")
    return path
