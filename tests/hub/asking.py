"""Asking a hub and a node on SQLite the same: searches inside and over HTTP, and pulls of whole logs."""

import asyncio
import http.client
import json
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

import msgspec

from tests.benchmarks.searching import _question
from xstock_node.domain.search import Order
from xstock_node.plugins.host import PluginHost
from xstock_node.protocol import frames
from xstock_node.protocol.errors import Quota
from xstock_node.protocol.gossip import PullRequest, Range
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.names import LogId, LogName
from xstock_node.services.clock import SystemClock
from xstock_node.services.node import Node
from xstock_node.services.office import OPERATOR, Office, OfficeSettings
from xstock_node.services.searching import SearchRequest, search
from xstock_node.storage.interfaces import Engine
from xstock_node.testing.nodes import make_identity, make_signer
from xstock_node.trace import Trace
from xstock_node.transport.client import HttpPeer, open_session

LOG = "see.pub"
ORDERS = (Order.NEWEST, Order.LARGEST, Order.NEAREST)
Found = list[tuple[str, str]]


def questions(order: Order, count: int, seed: int = 5) -> list[SearchRequest]:
    """The questions of the benchmark of search: a word with category, country and quantity."""
    draw = Random(seed)
    return [_question(draw, order) for _ in range(count)]


def words_alone(count: int, seed: int = 6) -> list[SearchRequest]:
    """The same words without any filter: what matches most."""
    return [msgspec.structs.replace(q, category="", country="") for q in questions(Order.NEWEST, count, seed)]


async def office_over(
    engine: Engine, name: str, names: Sequence[str], folder: Path, also: Sequence[Identity] = ()
) -> Office:
    """An office over an engine that somebody filled; it pins nodes made from their names, and others."""
    own, signer = make_identity(name)
    pinned = [*(make_identity(other)[0] for other in names), *also]
    node = Node(own, signer, LOG, engine, pinned, SystemClock(), Random(1), Trace(name))
    await node.load()
    return Office(node, OfficeSettings(at=(42_700_000, 23_300_000)), PluginHost([]), folder)


async def ask_inside(office: Office, asked: Sequence[SearchRequest]) -> tuple[list[float], list[Found]]:
    """Seconds of each search, and what was found, by node and id."""
    times, found = [], []
    await search(office, OPERATOR, asked[0])
    for request in asked:
        began = time.perf_counter()
        result = await search(office, OPERATOR, request)
        times.append(time.perf_counter() - began)
        found.append([(hit.node, hit.id) for hit in result.hits])
    return times, found


class Api:
    """The local port of a process, over one connection that is kept."""

    def __init__(self, home: Path, port: int) -> None:
        self._token = (home / "api.token").read_text("ascii").strip()
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def search(self, request: SearchRequest) -> list[dict[str, Any]]:
        """The hits of a search."""
        fields = {k: v for k, v in msgspec.to_builtins(request).items() if v not in (None, "", False)}
        self._line.request("GET", f"/api/1/search?{urlencode(fields)}", headers=self._headers())
        answer = self._line.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        hits: list[dict[str, Any]] = json.loads(body)["hits"]
        return hits

    def refusal(self, path: str, body: dict[str, Any]) -> tuple[int, str, str]:
        """Status, code and `Retry-After` of a request that changes something."""
        self._line.request("POST", f"/api/1{path}", json.dumps(body), self._headers())
        answer = self._line.getresponse()
        problem = json.loads(answer.read())
        return answer.status, problem["error"]["code"], answer.getheader("Retry-After", "")

    def timed(self, asked: Sequence[SearchRequest]) -> list[float]:
        """Seconds of each search."""
        times = []
        for request in asked:
            began = time.perf_counter()
            self.search(request)
            times.append(time.perf_counter() - began)
        return times

    def close(self) -> None:
        """Close the connection."""
        self._line.close()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}


async def pull_log(name: str, log: LogId, size: int, url: str, hub: str) -> list[bytes]:
    """All records of a log, pulled by a member as a node that lost everything does."""
    session = open_session(allow_private=True)
    peer = HttpPeer(session, hub, url, make_signer(name), lambda: int(time.time()), allow_private=True)
    lines: list[bytes] = []
    try:
        while len(lines) < size:
            wanted = Range(log=str(log), start=len(lines), count=size - len(lines))
            try:
                answer = await peer.pull(PullRequest((wanted,)))
            except Quota as error:
                await asyncio.sleep(error.retry_after)
                continue
            for frame in frames.parse(answer):
                lines += frame.lines
    finally:
        await session.close()
    return lines


def log_of(name: str, epoch: int) -> LogId:
    """The shared log of a node in an epoch."""
    return LogName(name, LOG).epoch(epoch)
