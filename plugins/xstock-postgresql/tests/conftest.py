"""A PostgreSQL of the test run's own."""

import os
from collections.abc import Iterator

import pytest

from xstock_node.testing.postgres import NoServer, Postgres, running


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """Started once for a worker. Skips where the machine has no PostgreSQL, fails in CI."""
    try:
        with running() as found:
            yield found
    except NoServer as why:
        if os.environ.get("CI") == "true":
            pytest.fail(str(why))
        pytest.skip(str(why))


@pytest.fixture
def postgres(server: Postgres) -> Postgres:
    """The server, with no schema of ours on it."""
    server.execute("drop schema if exists xstock cascade")
    return server
