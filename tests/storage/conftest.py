"""The engines that the contract is checked on. An engine joins with one line in `ENGINES`."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from xstock_node.storage import Engine
from xstock_node.storage.sqlite import SqliteEngine

Opens = Callable[[Path], Engine]
ENGINES: dict[str, Opens] = {
    "sqlite, threads": lambda folder: SqliteEngine(folder / "node.db", threads=True),
    "sqlite, in place": lambda folder: SqliteEngine(folder / "node.db", threads=False),
}


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
