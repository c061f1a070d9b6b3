"""Scenarios of slowness, each of half a minute: they run beside the others (section 21), with partners of their own."""

import asyncio
import time
from urllib.parse import urlsplit

from aiohttp import web

from xstock_node.protocol import limits, requests
from xstock_node.testing.conformance.listening import Call, Reply
from xstock_node.testing.conformance.replies import says
from xstock_node.testing.conformance.scenario import World, desk_of, dialled, expect, scenario
from xstock_node.testing.conformance.telling import holds, new_epoch, offers

GRACE = 15.0  # seconds beyond a bound in which a node may still look at its clocks
HEADERS = 4096


class Drip:
    """An answer that comes a byte a second, `lasted` so many seconds until somebody had enough."""

    def __init__(self, first: bytes = b"{") -> None:
        self.lasted, self.ended, self._first = 0.0, asyncio.Event(), first

    def reply(self) -> Reply:
        """What answers a request so."""

        async def drip(request: web.Request, call: Call) -> web.StreamResponse:
            began, answer = time.monotonic(), web.StreamResponse()
            try:
                await answer.prepare(request)
                await answer.write(self._first)
                while request.transport is not None and not request.transport.is_closing():
                    await asyncio.sleep(1)
                    if self._first:
                        await answer.write(b" ")
            finally:
                self.lasted = time.monotonic() - began
                self.ended.set()
            return answer

        return drip

    async def end(self, bound: float) -> None:
        """Wait until it was cut; fails where that takes longer than the bound allows."""
        try:
            async with asyncio.timeout(bound + GRACE):
                await self.ended.wait()
        except TimeoutError:
            pass
        expect(self.ended.is_set(), f"the answer to be cut within {bound:.0f} s", "still open")


@scenario("21.4", "a body that comes a byte a second is cut", negative=True, slow=True)
async def slow_request(world: World) -> None:
    parts, path = urlsplit(world.first.base), "/xs/1/gossip"
    digest = requests.content_digest(b" " * limits.GOSSIP_BODY)
    signed = requests.sign(world.first.signer, "POST", world.first.base + path, digest, int(time.time()))
    lines = [f"POST {parts.path}{path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {limits.GOSSIP_BODY}"]
    lines += [f"{name}: {value}" for name, value in signed.items()]
    port = parts.port or (443 if parts.scheme == "https" else 80)
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=parts.scheme == "https")
    writer.write("\r\n".join([*lines, "", ""]).encode())
    answered, began = asyncio.ensure_future(reader.read(HEADERS)), time.monotonic()
    try:
        while not answered.done() and time.monotonic() - began < limits.SMALL_BODY_SECONDS + GRACE:
            writer.write(b" ")
            await asyncio.wait([answered], timeout=1)
        expect(answered.done(), "the request to be cut within 30 s", "still open")
        expect(time.monotonic() - began > 1, "some patience", "none")
        expect(b" 200 " not in (answered.result() if not answered.exception() else b"")[:15], "no good answer")
    finally:
        answered.cancel()
        writer.close()
    expect((await world.first.gossip()).status == 200, "the node to go on")


@scenario("21.4", "an answer that comes a byte a second is cut", negative=True, slow=True)
async def slow_answer(world: World) -> None:
    drip = Drip()
    await dialled(world, 1, gossip=drip.reply())
    await drip.end(limits.SMALL_BODY_SECONDS)
    expect((await world.second.gossip()).status == 200, "the node to go on")
    await dialled(world, 1, gossip=says())


@scenario("21.4", "a stream of which nothing comes is cut", negative=True, slow=True)
async def silent_stream(world: World) -> None:
    log, lines, drip = world.first.log(new_epoch(world.first)), offers(3), Drip(b"")
    await dialled(world, gossip=says(world.first.head(log, lines)), pull=drip.reply())
    await drip.end(limits.STREAM_FIRST_BYTE)
    expect(not await holds(world, log), "the log not to be held")
    await dialled(world, gossip=says())


@scenario("10.5", "who can be called back is reached, and its name is told")
async def called_back(world: World) -> None:
    desk_of(world)
    answer = await world.first.call("POST", "/xs/1/callback")
    expect(answer.status in (200, 429), "an answer", answer.status)
    if answer.status == 200:
        told = answer.json()
        expect(told["reached"] is True and told["saw"] == world.first.name, "the partner to be seen", told)
