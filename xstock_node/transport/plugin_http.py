"""The way out for plugins: HTTP to listed hosts alone, with limits; redirects are not followed, cookies not kept."""

import asyncio
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

import aiohttp

from xstock_node.protocol import limits


class Blocked(Exception):
    """The address is not on the plugin's list."""


class NotSent(Exception):
    """No connection came about: nothing reached the server."""


class NoAnswer(Exception):
    """The request may have reached the server; no whole answer came."""


class PluginHttp:
    """One plugin's requests. `hosts` are `host`, `host:port` or `*.host`, lower case."""

    def __init__(self, hosts: Collection[str]) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._turns = asyncio.Semaphore(limits.PLUGIN_HTTP_AT_ONCE)
        self._session: aiohttp.ClientSession | None = None

    def allows(self, url: str) -> bool:
        """Whether an address is on the list: http or https, without a user, its host (and port) listed."""
        try:
            found = urlsplit(url)
            port = found.port
        except ValueError:
            return False
        host = (found.hostname or "").lower()
        if found.scheme not in ("http", "https") or not host or "@" in found.netloc:
            return False
        port = port or (443 if found.scheme == "https" else 80)
        names = {host, *(f"*.{host.split('.', n)[n]}" for n in range(1, host.count(".") + 1))}
        return bool(self._hosts & (names | {f"{name}:{port}" for name in names}))

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (lower case) and body of the answer; raises Blocked, NotSent, NoAnswer."""
        if not self.allows(url):
            raise Blocked(urlsplit(url).netloc.rpartition("@")[2] or url[:80])
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)
        seconds = min(max(limits.PLUGIN_HTTP_LEAST, seconds), limits.PLUGIN_HTTP_SECONDS)  # in this order: NaN is least
        limit = aiohttp.ClientTimeout(total=seconds)
        async with self._turns:
            try:
                async with self._session.request(
                    method, url, headers=dict(headers), data=body or None, timeout=limit, allow_redirects=False
                ) as answer:
                    found = await _bounded(answer)
                    return answer.status, {name.lower(): value for name, value in answer.headers.items()}, found
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
                raise NotSent(_words(error)) from None
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                raise NoAnswer(_words(error)) from None

    async def close(self) -> None:
        """Close what is open."""
        if self._session is not None:
            await self._session.close()
            self._session = None


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    found = bytearray()
    async for chunk in answer.content.iter_chunked(64 * 1024):
        found += chunk
        if len(found) > limits.PLUGIN_HTTP_ANSWER:
            raise ValueError(f"an answer of more than {limits.PLUGIN_HTTP_ANSWER} bytes")
    return bytes(found)


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]
