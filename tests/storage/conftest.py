"""The engines that the contract is checked on. An engine joins with one line in `ENGINES`."""

import hashlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path

import pytest

from xstock_node.storage import Engine
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing.postgres import NoServer, Postgres, running

Opens = Callable[[Path], Engine]
SERVERS = ExitStack()


@lru_cache(maxsize=1)
def postgres() -> Postgres:
    """A server of this worker's own. Skips where the machine has no PostgreSQL, fails in CI."""
    try:
        return SERVERS.enter_context(running())
    except NoServer as why:
        if os.environ.get("CI") == "true":
            pytest.fail(str(why))
        pytest.skip(str(why))


def open_postgres(folder: Path) -> Engine:
    """An engine on a schema of the folder's own, which leads."""
    from xstock_postgresql import PostgresEngine

    schema = "t" + hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return PostgresEngine(postgres().conninfo(), schema=schema, lead=True)


ENGINES: dict[str, Opens] = {
    "sqlite, threads": lambda folder: SqliteEngine(folder / "node.db", threads=True),
    "sqlite, in place": lambda folder: SqliteEngine(folder / "node.db", threads=False),
    "postgresql": open_postgres,
}


@pytest.fixture(scope="session", autouse=True)
def _servers() -> Iterator[None]:
    """Servers that tests started end with the tests."""
    with SERVERS:
        yield


@pytest.fixture(params=ENGINES.values(), ids=ENGINES.keys())
def opens(request: pytest.FixtureRequest) -> Opens:
    """Opens an engine over a folder."""
    found: Opens = request.param
    return found


@pytest.fixture
async def engine(opens: Opens, tmp_path: Path) -> AsyncIterator[Engine]:
    """A new engine."""
    found = opens(tmp_path)
    yield found
    await found.close()
