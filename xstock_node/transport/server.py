"""The peer port: HTTP to an `Answering`. The bucket comes before the signature, the signature before the body."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import HttpVersion10, HttpVersion11, web

from xstock_node.counts import Counts
from xstock_node.protocol import limits, paths, requests
from xstock_node.protocol.decode import decode
from xstock_node.protocol.errors import Gap, NotFound, NotLeader, ProtocolError, Quota
from xstock_node.protocol.gossip import BucketRequest, GossipRequest, PullRequest, PushResponse
from xstock_node.protocol.peer import Answering
from xstock_node.transport.admission import Admission
from xstock_node.transport.coding import IN_PLACE, WORTH_IT, Body, deflate
from xstock_node.transport.reading import read_small, read_stream
from xstock_node.transport.sockets import Listener

FindKey = Callable[[str, bytes], bytes | None]
Refused = Callable[[str, ProtocolError, str], None]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
CALLER = web.RequestKey("caller", str)


class PeerServer:
    """Routes, admission and signatures of the peer port. `base_url` is that of this node's identity."""

    def __init__(
        self,
        answering: Answering,
        base_url: str,
        find_key: FindKey,
        now: Callable[[], int],
        steady: Callable[[], float],
        refused: Refused,
        counts: Counts | None = None,
    ) -> None:
        self._answering, self._base_url, self._find_key = answering, base_url, find_key
        self._now, self._refused = now, refused
        self.admission = Admission(steady)
        self.bytes_in = self.bytes_out = 0
        app = web.Application(middlewares=[self._errors], client_max_size=limits.GOSSIP_BODY)
        app.router.add_get(
            "/.well-known/xstock", self._open(lambda r: self._answering.well_known(), "application/json")
        )
        app.router.add_get("/xs/1/id/{name}", self._open(self._identity, "text/plain"))
        app.router.add_post("/xs/1/gossip", self._gossip)
        app.router.add_post("/xs/1/pull", self._pull)
        app.router.add_post("/xs/1/push", self._push)
        app.router.add_post("/xs/1/buckets", self._buckets)
        app.router.add_route("*", "/xs/1/{rest:.*}", self._small)
        self._listener = Listener(app, counts, "peer")

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen; the port that was taken (0 asks for a free one)."""
        return await self._listener.start(host, port, tls)

    async def stop(self) -> None:
        """Close every connection."""
        await self._listener.stop()

    @web.middleware
    async def _errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            _check_form(request)
            return await handler(request)
        except ProtocolError as error:
            caller, refused = request.get(CALLER, ""), error
            if caller and error.status not in (404, 429):
                self._refused(caller, error, request.path)
        except web.HTTPException as error:
            caller, refused = "", NotFound("a path of xs1", error.reason)
        if not caller and (pause := self.admission.refused(request.remote or "")):
            await asyncio.sleep(pause)
        return self._problem(refused)

    def _problem(self, error: ProtocolError) -> web.Response:
        body = {"type": f"urn:xs1:{error.code}", "title": error.sentence(), "status": error.status}
        if isinstance(error, Gap) and error.held is not None:
            body["held"] = error.held
        headers = {"Content-Type": "application/problem+json"}
        if isinstance(error, Quota):
            headers["Retry-After"] = str(max(1, int(error.retry_after + 0.999)))
        if isinstance(error, NotLeader):
            headers["Retry-After"] = str(limits.TAKE_OVER)
        return web.Response(status=error.status, body=msgspec.json.encode(body), headers=headers)

    def _open(self, answer: Callable[[web.Request], bytes], kind: str) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.admission.open_path(request.remote or "")
            return web.Response(body=answer(request), content_type=kind)

        return handle

    def _identity(self, request: web.Request) -> bytes:
        if request.match_info["name"] != self._answering.identity().decode().split("\n")[1]:
            raise NotFound("this node's own name")
        return self._answering.identity()

    async def _signed(self, request: web.Request, most: int, stream: bool = False) -> tuple[str, bytes]:
        """The caller and the body, inflated, of a request whose signature and digest hold."""
        caller = self._caller(request)
        return caller, await self._body(request, caller, most, stream)

    def _caller(self, request: web.Request) -> str:
        """Who signed a request, counted; its body is not read yet."""
        claimed = request.headers.get("Signature-Input", "")
        self.admission.before_checking(request.remote or "", claimed)
        has_body = request.body_exists
        target = f"{self._base_url}{request.raw_path}"
        caller = requests.verify(request.headers.get, request.method, target, has_body, self._now(), self._find_key)
        request[CALLER] = caller.name
        self.admission.member(caller.name)
        return caller.name

    async def _body(self, request: web.Request, caller: str, most: int, stream: bool = False) -> bytes:
        if not request.body_exists:
            return b""
        body = Body(_coding(request), most)
        try:
            await (read_stream if stream else read_small)(request.content, body)
        finally:
            self._count(caller, body.sent, 0)
        requests.check_hash(request.headers.get("Content-Digest"), body.sha256())
        return body.whole()

    async def _gossip(self, request: web.Request) -> web.StreamResponse:
        caller, body = await self._signed(request, limits.GOSSIP_BODY)
        asked = decode(body, GossipRequest, limits.GOSSIP_BODY)
        wait = _wait(request.headers.get("Prefer", ""))
        with self.admission.holding(caller, wait) as held:
            answer = await self._answering.gossip(caller, asked, held)
        return await self._reply(request, caller, msgspec.json.encode(answer), "application/json")

    async def _pull(self, request: web.Request) -> web.StreamResponse:
        caller, body = await self._signed(request, limits.PULL_BODY)
        self.admission.enter(caller)
        try:
            answer = await self._answering.pull(caller, decode(body, PullRequest, limits.PULL_BODY))
            return await self._reply(request, caller, answer, "application/octet-stream")
        finally:
            self.admission.leave(caller)

    async def _push(self, request: web.Request) -> web.StreamResponse:
        caller = self._caller(request)
        self.admission.enter(caller)  # before the body: many that drip would hold what they inflated to
        try:
            body = await self._body(request, caller, limits.STREAM_BODY, stream=True)
            taken = await self._answering.push(caller, body)
            return await self._reply(request, caller, msgspec.json.encode(PushResponse(taken)), "application/json")
        finally:
            self.admission.leave(caller)

    async def _buckets(self, request: web.Request) -> web.StreamResponse:
        caller, body = await self._signed(request, limits.SMALL_BODY)
        answer = await self._answering.buckets(caller, decode(body, BucketRequest, limits.SMALL_BODY))
        return await self._reply(request, caller, msgspec.json.encode(answer), paths.JSON)

    async def _small(self, request: web.Request) -> web.StreamResponse:
        """Every path of the table `paths.PATHS`."""
        path, args = paths.find(request.method, request.raw_path)
        if path.is_open:
            self.admission.open_path(request.remote or "")
            sent = Body(_coding(request), path.most)
            await read_small(request.content, sent)
            args["address"] = request.remote or ""
            answer = await self._answering.small(path.name, "", args, sent.whole())
            return web.Response(status=path.status, body=answer, content_type=path.kind)
        caller, body = await self._signed(request, path.most)
        answer = await self._answering.small(path.name, caller, args, body)
        return await self._reply(request, caller, answer, path.kind)

    async def _reply(self, request: web.Request, caller: str, body: bytes, kind: str) -> web.Response:
        headers = {"Content-Type": kind}
        if len(body) >= WORTH_IT and "gzip" in request.headers.get("Accept-Encoding", ""):
            body = deflate(body) if len(body) < IN_PLACE else await asyncio.to_thread(deflate, body)
            headers["Content-Encoding"] = "gzip"
        self._count(caller, 0, len(body))
        return web.Response(body=body, headers=headers)

    def _count(self, caller: str, received: int, sent: int) -> None:
        self.bytes_in += received
        self.bytes_out += sent
        self.admission.used(caller, received + sent)


def _check_form(request: web.Request) -> None:
    """Refuse what a proxy in front may read in another way than the HTTP library does (xs1 9.2)."""
    target = request.raw_path
    if request.version not in (HttpVersion10, HttpVersion11) or not target.startswith("/") or target.startswith("//"):
        raise ProtocolError("a path of this host in HTTP/1.1", f"{target[:80]} in {request.version}")


def _wait(prefer: str) -> float:
    """The seconds of `Prefer: wait=N` (RFC 7240), at most four minutes."""
    word, _, seconds = prefer.partition("=")
    plain = seconds.isascii() and seconds.isdigit() and len(seconds) < 6
    return min(float(seconds), limits.HOLD_MAX) if word == "wait" and plain else 0.0


def _coding(request: web.Request) -> str:
    return request.headers.get("Content-Encoding", "")
