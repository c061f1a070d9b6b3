"""Files that live outside the project: found by an environment variable, skipped with a reason where missing."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def sample(*parts: str) -> Path:
    """A sample of the data folder (XSTOCK_SAMPLES, by default ../shared/data); in CI a missing one fails."""
    folder = Path(os.environ.get("XSTOCK_SAMPLES") or ROOT.parent / "shared" / "data")
    path = folder.joinpath(*parts)
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{path} is missing; set XSTOCK_SAMPLES")
        pytest.skip(f"{path} is missing; set XSTOCK_SAMPLES to the folder of samples")
    return path
