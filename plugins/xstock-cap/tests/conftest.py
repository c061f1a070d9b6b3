"""The schema of CAP 1.2, the samples, contexts with a clock that a test sets."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

sys.path.append(str(Path(__file__).parent))

from cap_shared import shared_file

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture(scope="session")
def against_schema() -> Callable[[bytes], None]:
    """Fails where a document is not valid by CAP-v1.2.xsd."""
    schema = etree.XMLSchema(etree.parse(shared_file("cap/CAP-v1.2.xsd")))

    def check(raw: bytes) -> None:
        schema.assertValid(etree.fromstring(raw))

    return check


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    """The bytes of a sample by what it tries."""
    return lambda name: (SAMPLES / f"{name}.xml").read_bytes()


class Clock:
    """Unix seconds that stand still until a test moves them."""

    def __init__(self) -> None:
        self.at = 1_800_000_000

    def __call__(self) -> int:
        return self.at


@pytest.fixture
def clock() -> Clock:
    """A clock of its own for each test."""
    return Clock()
