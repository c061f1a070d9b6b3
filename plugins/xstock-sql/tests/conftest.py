"""A PostgreSQL of the test run's own."""

import os
from collections.abc import Iterator

import pytest

from xstock_node.testing.postgres import NoServer, Postgres, running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Started once for a worker. Skips where the machine has no PostgreSQL, fails in CI."""
    try:
        with running() as server:
            yield server
    except NoServer as why:
        if os.environ.get("CI") == "true":
            pytest.fail(str(why))
        pytest.skip(str(why))
