"""Spans of OpenTelemetry: under the caller's, named by patterns, handed on to who is asked; else not one module."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.processes import NodeProcess, agree, free_port, pause
from xstock_node import trace
from xstock_node.counts import Counts
from xstock_node.transport import counting
from xstock_node.transport.sockets import Listener
from xstock_node.transport.spans import ENDPOINT, Spans, spans

TRACE, CALLER = "ab" * 16, "cd" * 8


async def told(request: web.Request) -> web.Response:
    """What a request to another node would carry on."""
    if request.match_info["name"] == "broken":
        raise RuntimeError("a defect")
    return web.Response(text=trace.parent_header())


async def test_a_request_is_a_span_under_its_caller_s_and_hands_its_own_on(monkeypatch: pytest.MonkeyPatch) -> None:
    memory, provider, counts = InMemorySpanExporter(), TracerProvider(), Counts()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    monkeypatch.setattr(counting, "spans", lambda: Spans(provider))
    app = web.Application()
    app.router.add_get("/things/{name}", told)
    listener = Listener(app, counts, "peer")
    port = await listener.start("127.0.0.1", 0)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        parent = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
        async with session.get("/things/a", headers=parent) as answer:
            handed_on = await answer.text()
        async with session.get("/things/b", headers={"traceparent": "00-odd"}) as answer:
            alone = await answer.text()
        async with session.get("/secret-path") as answer:
            assert answer.status == 404
        async with session.get("/things/broken") as answer:
            assert answer.status == 500
    await listener.stop()
    first, second, third, fourth = memory.get_finished_spans()
    assert format(first.context.trace_id, "032x") == TRACE and format(first.parent.span_id, "016x") == CALLER
    assert handed_on == f"00-{TRACE}-{first.context.span_id:016x}-01", "the node that is asked is below this span"
    assert second.parent is None and alone == f"00-{second.context.trace_id:032x}-{second.context.span_id:016x}-01"
    assert (first.name, first.kind.name) == ("GET /things/{name}", "SERVER")
    assert dict(first.attributes) == {
        "http.request.method": "GET",
        "xstock.listener": "peer",
        "http.route": "/things/{name}",
        "http.response.status_code": 200,
    }
    assert third.name == "GET unknown" and "secret" not in str(third.to_json())
    assert fourth.status.status_code.name == "ERROR" and "defect" not in str(fourth.to_json())
    assert counts.counters["requests_total", ("peer", "/things/{name}", "200")] == 2


@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:9"])
def test_nothing_of_opentelemetry_is_imported_unless_it_is_asked_for_and_installed(endpoint: str) -> None:
    program = """
import sys
if sys.argv[1:]:
    sys.modules["opentelemetry"] = None  # as where the extra is not installed
from aiohttp import web
from xstock_node.counts import Counts
from xstock_node.transport.sockets import Listener
Listener(web.Application(), Counts(), "peer")
print([name for name in sys.modules if name.startswith(("opentelemetry", "google.protobuf")) and sys.modules[name]])
"""
    around = {name: value for name, value in os.environ.items() if name != ENDPOINT}
    around |= {ENDPOINT: endpoint} if endpoint else {}
    command = [sys.executable, "-c", program, *(["hidden"] if endpoint else [])]
    done = subprocess.run(command, capture_output=True, text=True, env=around, check=True)
    assert done.stdout.strip() == "[]"


def test_a_provider_is_made_once_where_an_endpoint_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    spans.cache_clear()
    monkeypatch.delenv(ENDPOINT, raising=False)
    assert spans() is None
    spans.cache_clear()


class Collector(BaseHTTPRequestHandler):
    """Takes spans as a collector does."""

    bodies: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.bodies.append((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[HTTPServer]:
    Collector.bodies = []
    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.heavy
def test_a_real_node_sends_its_spans_to_the_collector_that_is_named(tmp_path: Path, collector: HTTPServer) -> None:
    node, peer = (NodeProcess(tmp_path, name, free_port()) for name in ("node.example.org", "peer.example.org"))
    node.pin(peer)
    peer.pin(node)
    named = f"{ENDPOINT}=http://127.0.0.1:{collector.server_port}"
    node.prefix = ("env", named, "OTEL_BSP_SCHEDULE_DELAY=200")
    try:
        for one in (node, peer):
            one.start()
        agree(node, peer)
        ends = time.monotonic() + 20
        while not any(b"/xs/1/gossip" in body for _, body in Collector.bodies):
            assert time.monotonic() < ends, node.words()
            pause(0.1)
    finally:
        node.stop()
        peer.stop()
    assert {path for path, _ in Collector.bodies} == {"/v1/traces"}
    assert b"xstock-node" in Collector.bodies[0][1]
