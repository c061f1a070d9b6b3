"""What a plugin gets of the node: a way out over HTTP, and a store, both with the bounds of one plugin."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from xstock_node.plugins.context import Entry, HttpAnswer
from xstock_node.plugins.errors import NotAllowed, OutcomeUnknown, Unavailable
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
        return [Entry(n, value) for n, value in enumerate(held, 1) if n > after][:most]

    async def write(
        self, put: Mapping[str, bytes | None] | None = None, append: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        """See `Store.write`."""
        async with self._turn:
            for key, value in (put or {}).items():
                if value is None:
                    self._values.pop(key, None)
                else:
                    self._values[key] = value
            for stream, value in append:
                self._streams.setdefault(stream, []).append(value)
