"""A context for an adapter in a test: a store in memory, real HTTP to the hosts named, a clock that the test sets."""

import logging
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from xstock_node.plugins.context import Context
from xstock_node.services.plugin_context import MemoryStore, WayOut
from xstock_node.transport.plugin_http import PluginHttp


@asynccontextmanager
async def plugin_context(
    settings: Any,
    folder: Path = Path(),
    hosts: Collection[str] = ("127.0.0.1", "localhost"),
    now: Callable[[], int] = lambda: 1_800_000_000,
) -> AsyncIterator[Context]:
    """The context of one adapter with these settings; closed at the end."""
    http = PluginHttp(hosts)
    try:
        yield Context(settings, folder, MemoryStore(), WayOut(http), now, logging.getLogger("xstock.plugin"))
    finally:
        await http.close()
