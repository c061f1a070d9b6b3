"""What a plugin gets of the node: a way out over HTTP, and a store, both with the bounds of one plugin."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from xstock_node.plugins.context import Entry, Http, HttpAnswer, Nowhere, Store
from xstock_node.plugins.errors import NotAllowed, OutcomeUnknown, OverQuota, Unavailable
from xstock_node.protocol import limits
from xstock_node.services.node import Node
from xstock_node.storage.interfaces import Engine, Transaction
from xstock_node.transport.plugin_http import Blocked, NoAnswer, NotSent, PluginHttp

BEFORE_SENT: Final = "nothing was sent"


class WayOut:
    """The `Http` of a plugin's context."""

    def __init__(self, http: PluginHttp) -> None:
        self._http = http

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 30.0,
    ) -> HttpAnswer:
        """See `Http.request`."""
        try:
            status, found, answer = await self._http.request(method, url, headers or {}, body, timeout)
        except Blocked as error:
            raise NotAllowed(
                f"expected a host on the plugin's list; came {error}; add it to the settings or the manifest"
            ) from None
        except NotSent as error:
            raise Unavailable(f"expected a connection; came {error}; {BEFORE_SENT}") from None
        except NoAnswer as error:
            raise OutcomeUnknown(f"expected a whole answer; came {error}") from None
        return HttpAnswer(status=status, headers=found, body=answer)


class NodeStore:
    """The `Store` of a plugin's context, in the node's database and within a quota."""

    def __init__(self, engine: Engine, plugin: str) -> None:
        self._engine, self._plugin = engine, plugin

    async def get(self, key: str) -> bytes | None:
        """See `Store.get`."""
        _named(key)
        return await self._engine.read(lambda tx: tx.plugins.get(self._plugin, key))

    async def keys(self, prefix: str = "") -> list[str]:
        """See `Store.keys`."""
        return await self._engine.read(lambda tx: tx.plugins.keys(self._plugin, prefix))

    async def read(self, stream: str, after: int = 0, most: int = 100) -> list[Entry]:
        """See `Store.read`."""
        _named(stream)
        most = min(max(most, 0), limits.PLUGIN_STORE_READ)
        found = await self._engine.read(lambda tx: tx.plugins.entries(self._plugin, stream, after, most))
        return _fitting([Entry(number, value) for number, value in found])

    async def write(
        self, put: Mapping[str, bytes | None] | None = None, append: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        """See `Store.write`."""
        for name, value in (*(put or {}).items(), *append):
            _named(name)
            if value is not None and len(value) > limits.PLUGIN_STORE_VALUE:
                raise OverQuota(f"expected a value of at most {limits.PLUGIN_STORE_VALUE} bytes; came {len(value)}")

        def work(tx: Transaction) -> None:
            before = tx.plugins.size(self._plugin)
            for key, value in (put or {}).items():
                tx.plugins.put(self._plugin, key, value)
            for stream, value in append:
                tx.plugins.append(self._plugin, stream, value)
            after = tx.plugins.size(self._plugin)
            if after > max(before, limits.PLUGIN_STORE):
                raise OverQuota(f"expected at most {limits.PLUGIN_STORE} bytes for {self._plugin}; came {after}")

        await self._engine.write(work, durable=True)


class NodeWays:
    """What the node gives to plugins: the `Ways` of the host."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.desks: dict[str, Callable[[str], object]] = {}
        self._https: dict[tuple[str, tuple[str, ...]], PluginHttp] = {}  # the last used at the end
        self._closing: set[asyncio.Task[None]] = set()

    def store(self, plugin: str) -> Store:
        """A plugin's store."""
        return NodeStore(self._node.engine, plugin)

    def http(self, plugin: str, hosts: tuple[str, ...]) -> Http:
        """A way out to these hosts; one for all of a plugin's calls. Those to hosts of long ago are closed."""
        key = (plugin, hosts)
        http = self._https.pop(key) if key in self._https else PluginHttp(hosts)
        self._https[key] = http
        own = [one for one in self._https if one[0] == plugin]
        for old in own[: -limits.PLUGIN_WAYS]:
            task = asyncio.ensure_future(self._https.pop(old).close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        return WayOut(http)

    def desk(self, plugin: str, name: str) -> object:
        """A desk of the node; it does nothing where the node does not serve."""
        return self.desks[name](plugin) if name in self.desks else Nowhere(name)

    def now(self) -> int:
        """The node's time."""
        return self._node.clock.now()

    def log(self, plugin: str, level: str, text: str) -> None:
        """A line for the log, under the plugin's name."""
        write = {"error": self._node.trace.error, "warning": self._node.trace.warning}.get(level, self._node.trace.info)
        write("plugin", plugin=plugin, says=text)

    async def close(self) -> None:
        """Close all ways out."""
        for http in self._https.values():
            await http.close()
        await asyncio.gather(*self._closing)


class MemoryStore:
    """A `Store` that is gone with the process: for checks without a node."""

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}
        self._streams: dict[str, list[bytes]] = {}
        self._turn = asyncio.Lock()

    async def get(self, key: str) -> bytes | None:
        """See `Store.get`."""
        return self._values.get(key)

    async def keys(self, prefix: str = "") -> list[str]:
        """See `Store.keys`."""
        return sorted(key for key in self._values if key.startswith(prefix))

    async def read(self, stream: str, after: int = 0, most: int = 100) -> list[Entry]:
        """See `Store.read`."""
        held = self._streams.get(stream, [])
        return _fitting([Entry(n, value) for n, value in enumerate(held, 1) if n > after][:most])

    async def write(
        self, put: Mapping[str, bytes | None] | None = None, append: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        """See `Store.write`."""
        async with self._turn:
            coming = sum(len(value or b"") for _, value in (*(put or {}).items(), *append))
            held = sum(map(len, self._values.values())) + sum(len(v) for s in self._streams.values() for v in s)
            if held + coming > limits.PLUGIN_STORE:
                raise OverQuota(f"expected at most {limits.PLUGIN_STORE} bytes; came {held + coming}")
            for key, value in (put or {}).items():
                if value is None:
                    self._values.pop(key, None)
                else:
                    self._values[key] = value
            for stream, value in append:
                self._streams.setdefault(stream, []).append(value)


def _fitting(entries: list[Entry]) -> list[Entry]:
    """As many of the first entries as an answer may hold, and one at least."""
    size = 0
    for n, entry in enumerate(entries):
        size += len(entry.value)
        if n and size > limits.PLUGIN_STORE_READ_BYTES:
            return entries[:n]
    return entries


def _named(name: str) -> None:
    if not 0 < len(name) <= limits.PLUGIN_STORE_KEY or not name.isprintable():
        raise OverQuota(f"expected a key of 1 to {limits.PLUGIN_STORE_KEY} printable characters; came {name[:40]!r}")
