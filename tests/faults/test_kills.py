"""kill -9 at random points of import, publishing and gossip: nothing acknowledged is lost and no log forks."""

import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.processes import NodeProcess, agree, free_port, pause
from xstock_node.services.errors import Refusal
from xstock_node.services.hand_kept import LineRequest
from xstock_node.services.mapping_desk import DecideRequest
from xstock_node.services.offer_views import PublishRequest
from xstock_node.services.stocktake import ImportRequest

TENT = "HSHETENTF16C"


class Worker:
    """Imports, sets and publishes ever larger quantities, and remembers the last that the node acknowledged."""

    def __init__(self, node: NodeProcess) -> None:
        self.node = node
        self.count = 0
        self.imported = self.kept = self.published = 0
        self.errors: list[str] = []

    def work(self) -> None:
        """Go on until the node is gone."""
        try:
            while True:
                self.count += 1
                self._publish_kept(self.count)
                if self.count % 4 == 0:
                    self._import(self.count)
        except Refusal as refusal:
            if refusal.code != "no-answer":
                self.errors.append(str(refusal))

    def _publish_kept(self, count: int) -> None:
        ref = next(view.ref for view in self.node.call("stock.list") if view.source == "hand")
        self.node.call("stock.set", LineRequest(ref=ref, quantity=str(count)))
        self.kept = count
        self.node.call("offer.publish", PublishRequest(release=True))
        self.published = count

    def _import(self, count: int) -> None:
        rows = "\n".join(f"{TENT};Tent;pcs;{count};Store {n}" for n in range(5))
        content = f"code;name;unit;quantity;warehouse\n{rows}\n".encode()
        result = self.node.call("stock.import", ImportRequest(file="stock.csv", content=content, accept_changes=True))
        assert result.stored == 5, result
        self.imported = count


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[NodeProcess, NodeProcess]]:
    """The node that is killed, and a witness."""
    victim = NodeProcess(tmp_path, "victim.example.org", free_port())
    witness = NodeProcess(tmp_path, "witness.example.org", free_port())
    victim.pin(witness)
    witness.pin(victim)
    yield victim, witness
    victim.kill()
    witness.kill()


def prepare(node: NodeProcess) -> None:
    """One line kept by hand and five imported, all mapped."""
    node.call("stock.add", LineRequest(name="Tent", code=TENT, quantity="1", unit="pcs", location="Hand"))
    Worker(node)._import(1)
    node.call("stock.decide", DecideRequest(same_code=True))


def kill_many_times(victim: NodeProcess, witness: NodeProcess, kills: int, seed: int) -> int:
    """Kill at random points; the number of times the victim was killed while it was being given work."""
    draw, worker, in_the_middle = Random(seed), Worker(victim), 0
    victim.start()
    witness.start()
    prepare(victim)
    prepare(witness)
    for kill in range(kills):
        thread = threading.Thread(target=worker.work)
        thread.start()
        witness.call("stock.set", LineRequest(ref=witness.call("stock.list")[0].ref, quantity=str(kill + 2)))
        witness.call("offer.publish", PublishRequest(release=True))
        pause(draw.uniform(0.0, 0.7))
        in_the_middle += thread.is_alive()
        victim.kill()
        thread.join()
        assert not worker.errors, worker.errors
        if draw.random() < 0.2:
            victim.start(wait=0)
            pause(draw.uniform(0.0, 1.5))
            victim.kill()
        victim.start()
        check(victim, worker)
    views = agree(victim, witness)
    assert all(not view.halted and not peer.frozen for view in views for peer in view.peers)
    assert all(peer.defects == 0 and peer.refusals == 0 for view in views for peer in view.peers), views
    assert all(found.holds for node in (victim, witness) for found in node.call("log.verify"))
    return in_the_middle


def check(victim: NodeProcess, worker: Worker) -> None:
    """What was acknowledged is there, or something newer."""
    lines = victim.call("stock.list")
    assert min(int(v.line.quantity) for v in lines if v.source == "stock") >= worker.imported
    assert min(int(v.line.quantity) for v in lines if v.source == "hand") >= worker.kept
    offers = [o for o in victim.call("offer.list") if o.place == "Hand"]
    assert worker.published == 0 or int(offers[0].quantity) >= worker.published
    assert all(found.holds for found in victim.call("log.verify"))


# xs1 6.6
@pytest.mark.heavy
def test_twenty_kills_lose_nothing_acknowledged_and_fork_no_log(pair: tuple[NodeProcess, NodeProcess]) -> None:
    assert kill_many_times(*pair, kills=20, seed=1) >= 15, "the kills did not hit the work"


@pytest.mark.slow
def test_five_hundred_kills_lose_nothing_acknowledged_and_fork_no_log(pair: tuple[NodeProcess, NodeProcess]) -> None:
    hits = kill_many_times(*pair, kills=500, seed=2)
    print(f"\n500 kills, {hits} of them while it was being given work")
    assert hits >= 375
