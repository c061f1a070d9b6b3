"""Real processes: an absent node catches up, a lost folder is refilled, a copied one makes no second history."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import NodeProcess, agree, free_port, pause, xstock
from xstock_node.services.errors import Refusal
from xstock_node.services.hand_kept import LineRequest
from xstock_node.services.mapping_desk import DecideRequest
from xstock_node.services.offer_views import PublishRequest

pytestmark = pytest.mark.heavy

TENT = "HSHETENTF16C"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[NodeProcess, NodeProcess]]:
    """Two running nodes that know each other."""
    one = NodeProcess(tmp_path, "one.example.org", free_port())
    other = NodeProcess(tmp_path, "other.example.org", free_port())
    one.pin(other)
    other.pin(one)
    one.start()
    other.start()
    yield one, other
    one.kill()
    other.kill()


def publish(node: NodeProcess, places: int, first: int = 0) -> None:
    """Offer tents at some more places."""
    for place in range(first, first + places):
        node.call("stock.add", LineRequest(name="Tent", code=TENT, quantity="3", location=f"Store {place}"))
    node.call("stock.decide", DecideRequest(same_code=True))
    node.call("offer.publish", PublishRequest(release=True))


def epoch(node: NodeProcess) -> int:
    """The epoch in which a node signs."""
    return int(node.call("status").epoch)


def test_a_node_that_was_off_catches_up(pair: tuple[NodeProcess, NodeProcess]) -> None:
    one, other = pair
    other.stop()
    publish(one, 5)
    other.start()
    assert [view.offers_seen for view in agree(one, other)] == [5, 5]


def test_an_emptied_folder_gets_its_own_records_back_and_goes_on_in_a_new_epoch(
    pair: tuple[NodeProcess, NodeProcess],
) -> None:
    one, other = pair
    publish(one, 5)
    agree(one, other)
    before = epoch(one)
    one.stop()
    for path in one.home.glob("node.db*"):
        path.unlink()
    one.start()
    views = agree(one, other)
    assert [view.offers_seen for view in views] == [5, 5]
    assert epoch(one) > before and views[1].peers[0].records == 5
    publish(one, 1, first=9)
    assert all(not v.halted and not p.frozen and not p.refusals for v in agree(one, other) for p in v.peers)
    proof = json.loads(xstock("log", "verify", "--json", home=other.home).stdout)
    assert all(log["holds"] for log in proof)


def test_of_a_folder_and_its_copy_beside_it_one_stops_signing(
    pair: tuple[NodeProcess, NodeProcess], tmp_path: Path
) -> None:
    one, other = pair
    publish(one, 2)
    one.stop()
    copy = NodeProcess.__new__(NodeProcess)
    copy.home, copy.name, copy.port, copy.process = tmp_path / "copy", one.name, free_port(), None
    shutil.copytree(one.home, copy.home)
    settings = (copy.home / "config.toml").read_text("utf-8")
    (copy.home / "config.toml").write_text(settings.replace(f"port = {one.port}", f"port = {copy.port}"), "utf-8")
    one.start()
    publish(one, 2, first=4)
    agree(one, other)
    copy.start()
    try:
        assert copy.call("status").records == 4, "the copy took what peers hold before it signed"
        publish(copy, 1, first=8)
        for _ in range(300):
            if one.call("status").halted:
                break
            pause(0.1)
        assert "opened elsewhere" in one.call("status").halted
        with pytest.raises(Refusal) as refused:
            publish(one, 1, first=9)
        assert refused.value.code == "own-log-halted" and refused.value.do
        assert any(f.check == "own log" and f.state == "error" for f in one.call("doctor"))
        for _ in range(100):
            seen = other.call("status").peers[0]
            if seen.records >= 5:
                break
            pause(0.1)
        assert not seen.frozen and seen.epoch == epoch(copy) and seen.records >= 5
    finally:
        copy.kill()


def test_last_week_s_folder_instead_of_the_node_never_uses_an_index_twice(
    pair: tuple[NodeProcess, NodeProcess], tmp_path: Path
) -> None:
    one, other = pair
    publish(one, 2)
    one.stop()
    shutil.copytree(one.home, tmp_path / "last-week")
    one.start()
    publish(one, 3, first=4)
    agree(one, other)
    one.kill()
    shutil.rmtree(one.home)
    shutil.copytree(tmp_path / "last-week", one.home)
    one.start()
    views = agree(one, other)
    assert [view.offers_seen for view in views] == [5, 5]
    publish(one, 1, first=20)
    final = agree(one, other)
    seen = final[1].peers[0]
    assert seen.records >= 6 and not seen.frozen and not seen.refusals
    assert all(found.holds for node in (one, other) for found in node.call("log.verify"))
