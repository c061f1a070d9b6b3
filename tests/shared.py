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


def standard(*parts: str) -> Path:
    """A public schema or sample (XSTOCK_SHARED, by default ../shared, below `standards`); in CI a missing one fails."""
    path = Path(os.environ.get("XSTOCK_SHARED") or ROOT.parent / "shared").joinpath("standards", *parts)
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{path} is missing; set XSTOCK_SHARED")
        pytest.skip(f"{path} is missing; set XSTOCK_SHARED to the folder of standards and data")
    return path
