"""A node of the version before and two of today's in one federation: records, gossip and messages, in both directions.

The two new ones never call each other: what one holds of the other came by the old one.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.processes import NodeProcess, agree, free_port, pause, xstock
from tests.upgrades.older import OldNode, code_of, released, run_old
from xstock_node import __version__
from xstock_node.cli.session import OpenSession, open_session
from xstock_node.protocol import records
from xstock_node.services.errors import Refusal
from xstock_node.services.hand_kept import LineRequest
from xstock_node.services.mapping_desk import DecideRequest
from xstock_node.services.offer_views import PublishRequest
from xstock_node.services.operating import CaseId
from xstock_node.testing import make_offer

pytestmark = pytest.mark.heavy

A, B, C = "first.example.org", "older.example.org", "third.example.org"
TENT, BLANKET, JERRY = "HSHETENTF16C", "HSHEBLANWHT1", "HCONJCANPF10"
PATIENCE = 30.0


class Three:
    """A and C of today, B of the version before between them."""

    def __init__(self, folder: Path) -> None:
        self.code = code_of(released()[-1])
        self.a = NodeProcess(folder, A, free_port(), country="BG")
        self.b = OldNode(folder, B, free_port(), self.code, country="HR")
        self.c = NodeProcess(folder, C, free_port(), country="RO")
        for one, other in ((self.a, self.c), (self.c, self.a)):
            one.pin(self.b)
            one.pin(other, dial=False)
        self.b.pin(self.a, self.c)
        self.all = (self.a, self.b, self.c)

    def run(self, node: NodeProcess, *words: str, token: str = "") -> Any:
        """A verb as the people of that node have it: the old one's with the old program."""
        if node is self.b:
            return run_old(self.code, node.home, *words, token=token)
        done = xstock(*words, "--json", home=node.home, token=token)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return json.loads(done.stdout)

    def offer(self, node: NodeProcess, name: str, code: str, quantity: str) -> None:
        self.run(node, "stock", "add", "--name", name, "--code", code, "--quantity", quantity, "--unit", "pcs")
        self.run(node, "stock", "match", "--same-code")
        assert self.run(node, "offer", "publish", "--release")["published"]

    def found(self, node: NodeProcess) -> set[tuple[str, str]]:
        """Who offers what, as a node's people see it."""
        return {(hit["node"], hit["item"]) for hit in self.run(node, "search", "")["hits"]}

    def until(self, node: NodeProcess, case: str, state: str, true: Callable[[Any], Any] = lambda found: True) -> Any:
        """Wait until a node shows an operation in a state, and so."""
        ends, found = time.monotonic() + PATIENCE, None
        while time.monotonic() < ends:
            try:
                found = msgspec.to_builtins(node.call("op.show", CaseId(case=case)))
            except Refusal:
                found = None  # it did not come yet
            if found and found["state"] == state and true(found):
                return found
            pause(0.1)
        raise AssertionError((node.name, state, found))

    def step(self, node: NodeProcess, case: str, verb: str, *words: str) -> Any:
        return self.run(node, "op", "step", case, verb, *words)

    def signed(self, node: NodeProcess, case: str, verb: str, *words: str) -> None:
        """A step of the stock owner, and the second person where one is asked."""
        tokens = {}
        for name, role in (("owner", "stock-owner"), ("second", "approver")):
            if name not in {one["name"] for one in self.run(node, "user", "list")}:
                self.run(node, "user", "add", name, "--role", role)
            tokens[name] = self.run(node, "user", "token", name)["token"]
        taken = self.run(node, "op", "step", case, verb, *words, token=tokens["owner"])
        if not taken["sent"]:
            self.run(node, "op", "approve", taken["waiting"], token=tokens["second"])


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Three]:
    found = Three(tmp_path)
    yield found
    for node in found.all:
        node.kill()


def log_of(home: Path, node: str) -> tuple[list[bytes], bytes, int]:
    """The lines that a data folder holds of a node's log, its newest head, and its defects."""
    with closing(sqlite3.connect(home / "node.db")) as held:
        query = "select ref, head, defects from log where node = ? and log = 'see.pub'"
        ref, head, defects = held.execute(query, (node,)).fetchone()
        lines = held.execute("select line from record where pos >> 40 = ? order by pos", (ref,)).fetchall()
        return [line for (line,) in lines], head, defects


def seconds_to(here: NodeProcess, there: NodeProcess) -> float:
    """How long a new offer takes from one node until another holds it."""

    def held() -> int:
        return next(int(peer.records) for peer in there.call("peer.list") if peer.name == here.name)

    before = held()
    here.call("stock.add", LineRequest(name="Tent", code=TENT, quantity="90", location="Later"))
    here.call("stock.decide", DecideRequest(same_code=True))
    began = time.monotonic()
    here.call("offer.publish", PublishRequest(release=True))
    while held() == before:
        assert time.monotonic() - began < PATIENCE, there.words()
        pause(0.02)
    return time.monotonic() - began


def test_offers_of_each_are_found_on_all(three: Three) -> None:
    for node in three.all:
        node.start()
    versions = [three.run(node, "status")["version"] for node in three.all]
    assert versions == [__version__, released()[-1].name, __version__] and versions[0] != versions[1]
    for node, name, code, count in ((three.a, "Tent", TENT, "50"), (three.b, "Blanket", BLANKET, "600")):
        three.offer(node, name, code, count)
    three.offer(three.c, "Can", JERRY, "900")
    agree(*three.all)
    wanted = {(A, TENT), (B, BLANKET), (C, JERRY)}
    for node in three.all:
        others = {pair for pair in wanted if pair[0] != node.name}
        assert others <= three.found(node), node.name
    logs = [log_of(node.home, A)[0] for node in three.all]
    assert logs[0] == logs[1] == logs[2] != []
    for node in (three.a, three.c):
        peers = {peer.name: peer for peer in node.call("peer.list")}
        assert peers[C if node is three.a else A].last_out is None, "the two new ones never called each other"
        assert all(peer.defects == 0 and peer.refusals == 0 for peer in peers.values())
    took = [seconds_to(*pair) for pair in ((three.a, three.c), (three.c, three.a))]
    way = f"{versions[0]} over {versions[1]} to {versions[2]}"
    print(f"\na new offer from {way}: {took[0]:.2f} s, and back {took[1]:.2f} s")


@pytest.mark.parametrize("asker", ["new", "old"])
def test_an_operation_runs_from_request_to_close_whoever_is_the_newer(three: Three, asker: str) -> None:
    bg, hr = (three.a, three.b) if asker == "new" else (three.b, three.a)
    for node in (bg, hr):
        node.start()
    agree(bg, hr)
    three.run(hr, "stock", "add", "--name", "Tent", "--code", TENT, "--quantity", "800", "--unit", "pcs")
    three.run(hr, "stock", "match", "--same-code")
    words = ("--to", hr.name, "--line", f"{TENT}=100", "--country", "BG", "--place", "Vidin", "--needed-by", "+2d")
    asked = three.run(bg, "request", "new", *words, "--answer-by", "+3h", "--term", "donation")
    case = asked["operations"][0]["case"]
    three.until(hr, case, "requested")
    terms = ("--field", "hold_until=+6h", "--field", 'terms=["donation"]')
    three.signed(hr, case, "offer", "--line", f"{TENT}=100", *terms)
    three.until(bg, case, "offered")
    three.step(bg, case, "accept", "--field", "terms=donation", "--field", "place=Vidin")
    for node in (bg, hr):
        three.until(node, case, "confirmed")
    road = ("--field", "consignment=lot-1", "--field", "day=2027-03-29", "--field", "crossing=Vidin-Calafat")
    staged = ("--field", "consignment=lot-1", "--field", "day=2027-03-29", "--field", 'crossings=["Vidin-Calafat"]')
    three.step(hr, case, "stage", *staged, "--side", "plate=ZG 1234-AB", "--field", "vehicle=side:0")
    held = three.until(bg, case, "confirmed", lambda found: vehicles(found))
    (truck,) = vehicles(held)
    light = ("--field", "valid_until=+3d", "--field", "entry=BGVID", "--field", "consignee=relief desk")
    three.step(bg, case, "green-light", *road, "--field", f"vehicle={truck}", *light)
    three.until(hr, case, "confirmed", lambda found: found["proposals"])
    three.step(hr, case, "clear", "--field", "consignment=lot-1", "--field", "seal=HR-7781")
    three.step(hr, case, "dispatch", *road, "--field", f"vehicle={truck}", "--line", f"{TENT}=100")
    three.until(bg, case, "dispatched")
    three.step(bg, case, "received", "--count", f"{TENT}=good:99,damaged:1")
    three.until(hr, case, "received")
    three.step(bg, case, "close-proposed", "--field", "filed=true")
    three.until(hr, case, "received", lambda found: found["proposals"])
    three.step(hr, case, "close", "--field", "filed=true")
    both = [three.until(node, case, "closed") for node in (bg, hr)]
    assert both[0]["counters"] == both[1]["counters"]
    chains = [messages(node.home, case) for node in (bg, hr)]
    assert chains[0] == chains[1] and all(receipt for *_, receipt in chains[0]), "each message has its receipt"
    print(f"\nthe {asker} one asks: {len(chains[0])} messages, each held by both with its receipt, closed on both")


def vehicles(found: Any) -> list[str]:
    """The vehicles that were named for the consignment, as hashes of their plates."""
    staged = [s["fields"] for s in found["timeline"] if s["fields"].get("consignment") == "lot-1"]
    return [fields["vehicle"] for fields in staged if "vehicle" in fields]


def messages(home: Path, case: str) -> list[tuple[Any, ...]]:
    """The messages of a case that a node holds, and whether a receipt is held with each."""
    with closing(sqlite3.connect(home / "node.db")) as held:
        query = "select writer, start, n, hash, raw, length(receipt) > 0 from message where id = ? order by 1, 2, 3"
        return held.execute(query, (case,)).fetchall()


def newer_lines(now: int) -> list[bytes]:
    """A record of an unknown type, an offer with unknown fields, and one whose unknown field is critical."""
    offer: dict[str, Any] = json.loads(records.encode(make_offer(1, now)))
    critical: dict[str, Any] = json.loads(records.encode(make_offer(2, now)))
    unknown = {"t": "cold-chain", "id": "cc01", "ts": now, "exp": now + 86_400, "n": offer["n"], "readings": [4, 5, 4]}
    found = [unknown, offer | {"volume": "2.5", "later": {"a": [1, "б"]}}, critical | {"crit": ["sealed"], "sealed": 1}]
    return [json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode() for one in found]


async def append(home: Path, lines: list[bytes]) -> None:
    """Put lines into the own log of a node that does not run."""
    async with open_session(home) as session:
        assert isinstance(session, OpenSession)
        network = session._office.node.networks["see"]
        await network.own.append(lambda tx: lines)


def test_what_only_a_newer_version_knows_crosses_an_older_node_unharmed(three: Three) -> None:
    lines = newer_lines(int(time.time()))
    asyncio.run(append(three.a.home, lines))
    for node in three.all:
        node.start()
    agree(*three.all)
    here, there, beyond = (log_of(node.home, A) for node in three.all)
    assert here[0] == lines and here[0] == there[0] == beyond[0], "not one byte differs"
    assert here[1] == beyond[1], "the head that A signed stands at C"
    assert there[2] == beyond[2] == 0, "neither an unknown type nor an unknown field is a defect (xs1 4.6)"
    seen = {peer["name"]: peer for peer in three.run(three.b, "peer", "list")}
    assert (seen[A]["records"], seen[A]["offers"], seen[A]["refusals"], seen[A]["frozen"]) == (3, 1, 0, "")
    for node in (three.b, three.c):
        hits = [hit for hit in three.run(node, "search", "")["hits"] if hit["node"] == A]
        assert len(hits) == 1, "the one with an unknown field is an offer; the one with a critical one is not"
        assert all(log["holds"] for log in three.run(node, "log", "verify"))
    print(f"\n3 records of a later version, {sum(map(len, lines))} bytes, held alike by all; no defect, no refusal")
