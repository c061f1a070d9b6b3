"""A `Peer` over HTTP. The answering side is hostile too: every byte and second is bounded, nothing is followed."""

import asyncio
import ssl
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp
import msgspec

from xstock_node.protocol import limits, requests
from xstock_node.protocol.decode import decode
from xstock_node.protocol.errors import (
    Declined,
    Fork,
    Gap,
    KeyUnknown,
    NotFound,
    ProtocolError,
    Quota,
    Rollback,
    Unreachable,
    WrongStep,
)
from xstock_node.protocol.gossip import (
    BucketRequest,
    BucketResponse,
    GossipRequest,
    GossipResponse,
    PullRequest,
    PushResponse,
)
from xstock_node.protocol.keys import Signer
from xstock_node.trace import parent_header
from xstock_node.transport.address_book import AddressBook
from xstock_node.transport.addresses import CheckingResolver, check_url
from xstock_node.transport.coding import WORTH_IT, Body, deflate
from xstock_node.transport.reading import read_small, read_stream


def open_session(allow_private: bool, book: AddressBook | None = None) -> aiohttp.ClientSession:
    """The one client session of a node: no redirects, no proxies from the environment, no own decompression.

    See xs1 9.8.
    """
    connector = aiohttp.TCPConnector(
        resolver=CheckingResolver(allow_private, book),
        limit=64,
        limit_per_host=8,
        keepalive_timeout=limits.KEEP_ALIVE - 5,
    )
    return aiohttp.ClientSession(
        connector=connector,
        auto_decompress=False,
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=limits.CONNECT_SECONDS),
        max_line_size=limits.HEADER_LINE,
        max_field_size=limits.HEADER_LINE,
    )


class Look(NamedTuple):
    """What an open path answered: its body, the peer's clock, how long it took, days left of its certificate."""

    body: bytes
    date: int | None
    seconds: float
    certificate_days: int | None


def _date(response: aiohttp.ClientResponse) -> int | None:
    try:
        return int(parsedate_to_datetime(response.headers.get("Date", "")).timestamp())
    except (ValueError, TypeError, OverflowError):
        return None


def _certificate_days(response: aiohttp.ClientResponse) -> int | None:
    transport = response.connection.transport if response.connection else None
    found = transport.get_extra_info("peercert") if transport else None
    if not found or "notAfter" not in found:
        return None
    return int((ssl.cert_time_to_seconds(found["notAfter"]) - time.time()) // 86_400)


class Stranger:
    """Asks open paths of nodes that are not known yet. Opens a session for each question: they are rare."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private

    async def ask_openly(self, method: str, url: str, body: bytes = b"", most: int = limits.SMALL_BODY) -> bytes:
        """The body of a good answer, at most `most` bytes."""
        return (await self._ask(method, url, body, most))[0]

    async def look(self, url: str) -> Look:
        """A GET, with the peer's clock, the time it took, and the days left of its certificate."""
        began = time.monotonic()
        body, response, days = await self._ask("GET", url, b"", limits.SMALL_BODY)
        return Look(body, _date(response), time.monotonic() - began, days)

    async def _ask(
        self, method: str, url: str, body: bytes, most: int
    ) -> tuple[bytes, aiohttp.ClientResponse, int | None]:
        parts = urlsplit(url)
        check_url(f"{parts.scheme}://{parts.netloc}", self._allow_private)
        async with open_session(self._allow_private) as session:
            try:
                async with asyncio.timeout(limits.CONNECT_SECONDS + limits.SMALL_BODY_SECONDS):
                    response = await session.request(method, url, data=body or None, allow_redirects=False)
                    days = _certificate_days(response)
                    body_back = Body(response.headers.get("Content-Encoding", ""), most)
                    await read_small(response.content, body_back)
                    found = body_back.whole()
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                raise Unreachable(f"an answer of {parts.netloc}", str(error) or type(error).__name__) from None
        if response.status not in (200, 202):
            raise _problem(parts.netloc, response, found[: limits.PROBLEM_BODY])
        return found, response, days


class HttpPeer:
    """One peer at the base URL of its pinned identity. `told_time` hears its clock, in unix seconds, at each answer."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        name: str,
        url: str,
        signer: Signer,
        now: Callable[[], int],
        allow_private: bool = False,
        told_time: Callable[[str, int], None] = lambda name, time: None,
    ) -> None:
        check_url(url, allow_private)
        self.name, self.url = name, url
        self._told_time = told_time
        self._session, self._signer, self._now = session, signer, now

    async def gossip(self, request: GossipRequest, wait: float = 0.0) -> GossipResponse:
        """See `Peer.gossip`."""
        body = msgspec.json.encode(request)
        headers = {"Prefer": f"wait={int(wait)}"} if wait >= 1 else {}
        answer = await self._call("POST", "/xs/1/gossip", body, headers, limits.GOSSIP_BODY, wait)
        return decode(answer, GossipResponse, limits.GOSSIP_BODY)

    async def pull(self, request: PullRequest) -> bytes:
        """See `Peer.pull`."""
        return await self._call("POST", "/xs/1/pull", msgspec.json.encode(request), {}, limits.STREAM_BODY, stream=True)

    async def push(self, frames: bytes) -> int:
        """See `Peer.push`."""
        answer = await self._call("POST", "/xs/1/push", frames, {}, limits.SMALL_BODY)
        return decode(answer, PushResponse, limits.SMALL_BODY).taken

    async def buckets(self, request: BucketRequest) -> BucketResponse:
        """See `Peer.buckets`."""
        answer = await self._call("POST", "/xs/1/buckets", msgspec.json.encode(request), {}, limits.STREAM_BODY)
        return decode(answer, BucketResponse, limits.STREAM_BODY)

    async def ask(self, method: str, path: str, body: bytes = b"", most: int = limits.SMALL_BODY) -> bytes:
        """See `Peer.ask`."""
        try:
            return await self._call(method, path, body, {}, most)
        except _Conflict as conflict:
            raise _conflict(self.name, conflict.body) from None

    async def identity(self) -> bytes:
        """See `Peer.identity`."""
        return await self._call("GET", f"/xs/1/id/{self.name}", b"", {}, limits.IDENTITY_NOTE)

    async def _call(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: dict[str, str],
        most: int,
        wait: float = 0.0,
        stream: bool = False,
    ) -> bytes:
        headers = {**headers, "Accept-Encoding": "gzip"}
        if len(body) >= WORTH_IT:
            body = deflate(body)
            headers["Content-Encoding"] = "gzip"
        digest = requests.content_digest(body) if body else None
        headers["traceparent"] = parent_header()
        headers.update(requests.sign(self._signer, method, f"{self.url}{path}", digest, self._now()))
        if body:
            headers["Content-Type"] = "application/octet-stream" if stream else "application/json"
        try:
            async with asyncio.timeout(wait + limits.CONNECT_SECONDS + limits.SMALL_BODY_SECONDS):
                response = await self._session.request(
                    method, f"{self.url}{path}", data=body or None, headers=headers, allow_redirects=False
                )
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unreachable(f"an answer of {self.name}", str(error) or type(error).__name__) from None
        date = _date(response)
        if date is not None:
            self._told_time(self.name, date)
        try:
            return await self._read(response, most, stream)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unreachable(f"a whole answer of {self.name}", str(error) or type(error).__name__) from None
        finally:
            response.close() if response.content and not response.content.at_eof() else response.release()

    async def _read(self, response: aiohttp.ClientResponse, most: int, stream: bool) -> bytes:
        coding = response.headers.get("Content-Encoding", "")
        if response.status not in (200, 202):
            problem = Body(coding, limits.PROBLEM_BODY)
            await read_small(response.content, problem)
            raise _problem(self.name, response, problem.whole())
        body = Body(coding, most, limits.GZIP_BYTES if stream else most)
        await (read_stream if stream else read_small)(response.content, body)
        return body.whole()


class _ProblemBody(msgspec.Struct):
    """What is read of a problem (RFC 9457)."""

    type: str = ""
    title: str = ""
    held: int | None = None


class _Conflict(Unreachable):
    """A peer's 409. What it means is only read where the answer concerns what was asked alone: never for a log."""

    def __init__(self, name: str, body: bytes) -> None:
        super().__init__(f"status 200 of {name}", f"409 {body[:200].decode('utf-8', 'replace')}")
        self.body = body


def _conflict(name: str, body: bytes) -> ProtocolError:
    """The conflict that a peer tells of."""
    try:
        found = decode(body, _ProblemBody, limits.PROBLEM_BODY)
    except ProtocolError as error:
        return Unreachable(f"a problem that {name} states properly", error.came)
    kinds = {"urn:xs1:fork": Fork, "urn:xs1:step": WrongStep, "urn:xs1:rollback": Rollback}
    kind = kinds.get(found.type)
    if kind is not None:
        return kind(f"{name} to take it", found.title)
    return Gap(f"{name} to take it", found.title, held=found.held)


def _problem(name: str, response: aiohttp.ClientResponse, body: bytes) -> ProtocolError:
    status = response.status
    text = body.decode("utf-8", "replace")
    if status == 429:
        wait = response.headers.get("Retry-After", "")
        plain = wait.isascii() and wait.isdigit() and len(wait) < 6
        return Quota(f"{name} to have room", text, retry_after=float(wait) if plain else 60.0)
    if status == 409:
        return _Conflict(name, body)
    if status == 401 and b"urn:xs1:unsigned" in body:
        return KeyUnknown(f"{name} to know the key of this node", text)
    if status == 404:
        return NotFound(f"{name} to have it", text)
    kind = Declined if status in (400, 413, 507) else Unreachable
    return kind(f"status 200 of {name}", f"{status} {text}")
