"""A hub of two processes: fed by a node on SQLite over HTTP, read from both, killed while it is written to."""

import asyncio
import http.client
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.test_kills import TENT, Worker, check
from tests.hub.asking import Api, pull_log
from tests.hub.parts import HUB, Front, HubProcess, front
from tests.processes import NodeProcess, free_port, pause, xstock
from xstock_node.protocol import heads, merkle
from xstock_node.protocol.frames import leaf_of
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import LogName
from xstock_node.services.hand_kept import LineRequest
from xstock_node.services.mapping_desk import DecideRequest
from xstock_node.services.offer_views import PublishRequest
from xstock_node.services.searching import SearchRequest
from xstock_node.services.stocktake import ImportRequest
from xstock_node.storage.interfaces import Transaction
from xstock_node.testing.postgres import NoServer, Postgres, running

pytestmark = pytest.mark.heavy
ORIGIN = "origin.example.org"
READER = "reader.example.org"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server that keeps safe what it says it keeps. Skips where there is none, fails in CI."""
    try:
        with running("-c fsync=on") as found:
            yield found
    except NoServer as why:
        if os.environ.get("CI") == "true":
            pytest.fail(str(why))
        pytest.skip(str(why))


@pytest.fixture
def line() -> Iterator[Front]:
    """The address of the hub."""
    with front() as found:
        yield found


class World:
    """A node on SQLite with offers of its own, and a hub of two processes that is pinned to it."""

    def __init__(self, folder: Path, server: Postgres, line: Front) -> None:
        server.execute("drop schema if exists xstock cascade")
        self.line = line
        self.origin = NodeProcess(folder, ORIGIN, free_port())
        self.one = HubProcess.first(folder, line.url, server)
        self.ports = {}
        self.origin.pin(self.one)
        self.one.pin(self.origin)
        self.one.pin_made([READER])
        self.two = self.one.twin("two")
        for process in (self.one, self.two):
            self.ports[process.home] = free_port()
            process.add("[local_port]", f"port = {self.ports[process.home]}")
            process.add("[health]", f"port = {process.health}")
        line.behind = self.one.port

    def start(self) -> None:
        """The first process of the hub leads, the second stands by."""
        self.one.start()
        self.two.start(wait=0)
        self.two.wait_for("stands by")
        self.origin.start()

    def api(self, process: HubProcess) -> Api:
        """The local port of a process."""
        return Api(process.home, self.ports[process.home])

    def stop(self) -> None:
        """End everything."""
        for process in (self.two, self.one, self.origin):
            process.kill()


@pytest.fixture
def world(tmp_path: Path, server: Postgres, line: Front) -> Iterator[World]:
    """A world whose processes run."""
    found = World(tmp_path, server, line)
    try:
        found.start()
        yield found
    finally:
        found.stop()


def publish(node: NodeProcess, rows: int) -> None:
    """Import a list and offer all of it."""
    lines = "\n".join(f"{TENT};Tent {n};pcs;{n + 1};Store {n}" for n in range(rows))
    content = f"code;name;unit;quantity;warehouse\n{lines}\n".encode()
    node.call("stock.import", ImportRequest(file="stock.csv", content=content, accept_changes=True))
    node.call("stock.decide", DecideRequest(same_code=True))
    node.call("offer.publish", PublishRequest(release=True))


def hits(found: list[dict[str, object]]) -> list[tuple[object, ...]]:
    """What a search found, without what each node says of its own side."""
    return [(hit["node"], hit["id"], hit["quantity"], hit["name"], hit["valid_until"]) for hit in found]


def until(what: str, holds: object, seconds: float = 30.0) -> None:
    """Wait for something that other processes do."""
    for _ in range(int(seconds / 0.1)):
        if holds():  # type: ignore[operator]
            return
        pause(0.1)
    raise AssertionError(what)


def test_a_hub_filled_by_gossip_answers_as_the_node_on_sqlite_that_filled_it(world: World) -> None:
    publish(world.origin, 300)
    wanted = world.origin.call("search", SearchRequest(text="tent", limit=200)).hits
    assert len(wanted) == 200
    for process in (world.one, world.two):
        api = world.api(process)
        try:
            until("the hub holds what was offered", lambda a=api: len(a.search(SearchRequest(limit=400))) >= 300)
            for request in (
                SearchRequest(text="tent", limit=200),
                SearchRequest(text="tent", limit=50, skip=120, min_quantity="40"),
                SearchRequest(order="largest", limit=30),  # type: ignore[arg-type]
                SearchRequest(text="шатор", limit=10),
                SearchRequest(text="nothing of the kind"),
            ):
                here = [(h.node, h.id, h.quantity, h.name, h.valid_until) for h in
                        world.origin.call("search", request).hits]  # fmt: skip
                assert hits(api.search(request)) == here, request
        finally:
            api.close()


def test_who_stands_by_answers_what_reads_and_refuses_what_writes_with_one_code(world: World) -> None:
    publish(world.origin, 20)
    until("the second process follows", lambda: any(p.records for p in world.two.call("peer.list")))
    assert (world.one.call("status").process, world.two.call("status").process) == ("leads", "stands by")
    api = world.api(world.two)
    try:
        assert api.refusal("/stock/lines", {"name": "Tent", "code": TENT, "quantity": "1", "unit": "pcs"}) == (
            503,
            "not-leader",
            "5",
        )
    finally:
        api.close()
    assert [_ready(process) for process in (world.one, world.two)] == [
        (200, "ok\n"),
        (503, "another process of this node leads\n"),
    ]
    done = xstock("stock", "add", "--name", "Tent", "--quantity", "1", "--unit", "pcs", "--json", home=world.two.home)
    assert (done.returncode, '"not-leader"' in done.stdout) == (5, True), done.stdout + done.stderr
    assert "stands by" in xstock("status", home=world.two.home).stdout
    world.line.behind = world.two.port
    log = heads.parse(_head_of(world, ORIGIN))[0]
    pulled = asyncio.run(pull_log(READER, log.log, log.size, world.line.url, HUB))
    assert merkle.tree_root([leaf_of(found) for found in pulled]) == log.root


def test_a_leader_killed_in_the_middle_loses_nothing_acknowledged_and_forks_no_log(world: World) -> None:
    leader, other = world.one, world.two
    leader.call("stock.add", LineRequest(name="Tent", code=TENT, quantity="1", unit="pcs", location="Hand"))
    worker = Worker(leader)
    worker._import(1)
    leader.call("stock.decide", DecideRequest(same_code=True))
    seen: list[Head] = []
    for kill in range(3):
        worker.node = leader
        thread = threading.Thread(target=worker.work)
        thread.start()
        before = worker.published
        until("it is being written to", lambda b=before: worker.published > b + 2)
        seen.append(heads.parse(_head_of(world, HUB))[0])
        leader.kill()
        thread.join()
        assert not worker.errors, worker.errors
        taken = other.wait_for("leads")
        print(f"\ntake-over {kill}: {taken:.2f} s after the kill was seen")
        world.line.behind = other.port
        check(other, worker)
        leader.start(wait=0)
        leader.wait_for("stands by")
        leader, other = other, leader
    until("the origin holds what the hub signed", lambda: _agrees(world, leader))
    last, lines = _log_of(world, HUB)
    assert len({head.log.epoch for head in [*seen, last]}) == 4, "each take-over opens an epoch"
    for head in seen:
        assert merkle.tree_root([leaf_of(found) for found in lines[: head.size]]) == head.root, "a head is no beginning"
    assert all(found.holds for found in leader.call("log.verify"))
    views = [world.origin.call("status"), leader.call("status")]
    assert all(not view.halted and not peer.frozen for view in views for peer in view.peers)


def _ready(process: HubProcess) -> tuple[int, str]:
    line = http.client.HTTPConnection("127.0.0.1", process.health, timeout=10)
    try:
        line.request("GET", "/readyz")
        answer = line.getresponse()
        return answer.status, answer.read().decode()
    finally:
        line.close()


def _agrees(world: World, leader: HubProcess) -> bool:
    return len({world.origin.call("status").digest, leader.call("status").digest}) == 1


def _read(world: World, work: object) -> object:
    """Ask the database as a process that stands by does."""
    from xstock_postgresql import PostgresEngine

    async def ask() -> object:
        engine = PostgresEngine((world.one.home / "database.conninfo").read_text("utf-8"), HUB)
        try:
            return await engine.read(work)  # type: ignore[arg-type]
        finally:
            await engine.close()

    return asyncio.run(ask())


def _head_of(world: World, name: str) -> bytes:
    def work(tx: Transaction) -> bytes:
        state = tx.logs.state(LogName(name, "see.pub"))
        return state.head if state else b""

    found = _read(world, work)
    assert isinstance(found, bytes)
    return found


def _log_of(world: World, name: str) -> tuple[Head, list[bytes]]:
    raw = _head_of(world, name)
    head = heads.parse(raw)[0]
    lines = _read(world, lambda tx: tx.logs.lines(LogName(name, "see.pub"), 0, head.size))
    assert isinstance(lines, list)
    return head, lines
