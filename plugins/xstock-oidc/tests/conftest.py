"""Tests find the provider in memory."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from oidc_house import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A provider that is well."""
    return House(tmp_path)
