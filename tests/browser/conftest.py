"""The browser of the browser tests: one for each worker."""

from collections.abc import Iterator

import pytest

from tests.browser.browser import Browser
from tests.browser.tools import tools


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium; every test takes tabs of its own."""
    with Browser(tools()) as found:
        yield found
