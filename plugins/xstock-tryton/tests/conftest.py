"""Real Tryton servers (marker `tryton`), a proxy before them, and the adapters with their context."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

sys.path.append(str(Path(__file__).parent))

from tryton_proxy import Proxy, proxy_before
from tryton_servers import PASSWORD, Tryton, running
from xstock_tryton import xstock_register
from xstock_tryton.settings import TrytonSettings

from xstock_node.plugins import Context, InventorySource, InventoryWriter, Registry, RejectedLine, SourceLine
from xstock_node.testing.plugin_context import plugin_context

VERSIONS = ("8.2", "7.0", "6.0")
Open = Callable[..., AbstractAsyncContextManager["Adapters"]]


class Adapters(NamedTuple):
    """The two adapters of a freshly loaded plugin, and their context."""

    source: InventorySource
    writer: InventoryWriter
    context: Context

    async def lines(self) -> dict[str, SourceLine]:
        """The whole stock, by `CODE lot location`."""
        found = {}
        async for one in self.source.snapshot(self.context):
            assert not isinstance(one, RejectedLine)
            if isinstance(one, SourceLine):
                place = (one.line.location or "").removeprefix("[STO] ").removeprefix("[SHELF-A] ")
                found[f"{one.line.item_code} {one.line.lot or '-'} {place}"] = one
        return found


@pytest.fixture(params=VERSIONS)
def tryton(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tryton]:
    """A seeded server of each version."""
    with running(request.param, tmp_path / "tryton") as server:
        yield server


@pytest.fixture
async def proxy(tryton: Tryton) -> AsyncIterator[Proxy]:
    """A proxy before that server."""
    async with proxy_before(tryton.url) as found:
        yield found


@pytest.fixture
def adapters(tmp_path: Path) -> Open:
    """`async with adapters(url) as found:` with other settings and another password where a test wants them."""

    @asynccontextmanager
    async def opened(url: str, password: str = PASSWORD, **changed: Any) -> AsyncIterator[Adapters]:
        secret = tmp_path / "tryton.password"
        secret.write_text(f"{password}\n", "utf-8")
        secret.chmod(0o600)
        fields = {"url": url, "database": "db", "user": "xstock", "password_file": secret.name, "reserve_to": "LOAN"}
        registry = Registry()
        xstock_register(registry)
        async with plugin_context(TrytonSettings(**fields | changed), tmp_path) as context:
            source = registry.sources["tryton"]
            yield Adapters(source, registry.writers["tryton"], context)  # type: ignore[arg-type]

    return opened
