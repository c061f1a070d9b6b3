"""What a listener answers is counted by route and status, never by what a stranger wrote; ids of requests go along."""

import aiohttp
from aiohttp import web

from xstock_node import trace
from xstock_node.counts import Counts
from xstock_node.transport.sockets import Listener


async def test_requests_are_counted_by_pattern_and_the_id_of_a_caller_is_taken_up() -> None:
    async def handle(request: web.Request) -> web.Response:
        if request.match_info["name"] == "broken":
            raise RuntimeError("a defect")
        return web.Response(text=trace.request_id.get())

    app, counts = web.Application(), Counts()
    app.router.add_get("/things/{name}", handle)
    listener = Listener(app, counts, "peer")
    port = await listener.start("127.0.0.1", 0)
    parent = {"traceparent": "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        async with session.get("/things/a", headers=parent) as answer:
            assert await answer.text() == "ab" * 16
        for number in range(20):
            async with session.get(f"/nothing-{number}") as answer:
                assert answer.status == 404
        async with session.get("/things/broken") as answer:
            assert answer.status == 500
        async with session.get("/things/a", headers={"Prefer": "wait=240"}) as answer:
            assert answer.status == 200
    await listener.stop()
    assert dict(counts.counters) == {
        ("requests_total", ("peer", "/things/{name}", "200")): 2,
        ("requests_total", ("peer", "unknown", "404")): 20,
        ("requests_total", ("peer", "/things/{name}", "500")): 1,
    }
    assert sum(counts.durations["request_seconds", ("peer",)].buckets) == 22, "what is held says nothing of speed"
