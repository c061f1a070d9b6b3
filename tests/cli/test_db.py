"""The database as an operator checks and rebuilds it: a damaged record, a broken file, a peer that has it all."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.test_verbs import said
from tests.faults.test_kills import prepare
from tests.faults.test_lost_and_copied_folders import publish
from tests.processes import NodeProcess, agree, free_port, pause
from tests.story.two_nodes import run, signed, step, until_state

TENT = "HSHETENTF16C"
pytestmark = pytest.mark.heavy  # real processes that are stopped, damaged and started again


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[NodeProcess, NodeProcess]]:
    """A node with offers, and a peer that holds them too."""
    node = NodeProcess(tmp_path, "society.example.org", free_port())
    peer = NodeProcess(tmp_path, "neighbour.example.org", free_port())
    node.pin(peer)
    peer.pin(node)
    node.start()
    peer.start()
    prepare(node)
    publish(node, 6)
    agree(node, peer)
    yield node, peer
    node.kill()
    peer.kill()


def damage(home: Path, index: int) -> bytes:
    """Change a byte of one of our own records behind the node's back; what stood there."""
    with closing(sqlite3.connect(home / "node.db", isolation_level=None)) as database:
        query = "select pos, line from record where instr(line, cast('Store' as blob)) order by pos limit 1 offset ?"
        pos, line = database.execute(query, (index,)).fetchone()
        database.execute("update record set line = ? where pos = ?", (line.replace(b"Store", b"Stare"), pos))
    return bytes(line)


def test_a_damaged_record_is_named_neither_shown_nor_served_and_comes_back_from_a_peer(
    pair: tuple[NodeProcess, NodeProcess],
) -> None:
    node, peer = pair
    node.stop()
    assert said("db", "check", home=node.home, code=0)["holds"]  # type: ignore[index]
    whole = len(said("search", "tent", home=node.home, code=0)["hits"])  # type: ignore[index]
    line = damage(node.home, 2)
    alone = said("db", "check", home=node.home, code=1)
    assert [one["log"] for one in alone["damaged"]] == ["society.example.org/see.pub"] and not alone["faults"]  # type: ignore[index]
    shown = said("search", "tent", home=node.home, code=0)
    assert len(shown["hits"]) == whole - 1, "a damaged offer is not shown"  # type: ignore[index]
    node.start()
    for _ in range(100):
        if said("db", "check", home=node.home)["holds"]:  # type: ignore[index]
            break
        pause(0.2)
    with closing(sqlite3.connect(node.home / "node.db")) as database:
        assert database.execute("select count(*) from record where line = ?", (line,)).fetchone() == (1,)
    assert {f.code: f.state for f in node.call("doctor")}["damage"] == "ok"
    assert all(found.holds for found in node.call("log.verify"))
    assert len(said("search", "tent", home=node.home, code=0)["hits"]) == whole > 6  # type: ignore[index]
    assert agree(node, peer)


def test_a_broken_file_is_rebuilt_from_what_can_be_read_and_peers_give_the_rest(
    pair: tuple[NodeProcess, NodeProcess],
) -> None:
    node, peer = pair
    node.stop()
    path = node.home / "node.db"
    with closing(sqlite3.connect(path)) as database:
        page, root = database.execute("pragma page_size").fetchone()[0], 0
        root = database.execute("select rootpage from sqlite_master where name = 'record'").fetchone()[0]
    raw = bytearray(path.read_bytes())
    raw[(root - 1) * page : root * page] = b"\xff" * page
    path.write_bytes(raw)
    broken = said("db", "check", home=node.home, code=4)
    assert broken["error"]["code"] == "storage"  # type: ignore[index]
    built = said("db", "rebuild", home=node.home, code=0)
    assert built["unreadable"]["record"] >= 1 and Path(built["kept"], "node.db").exists()  # type: ignore[index]
    node.start()
    for _ in range(150):
        if said("db", "check", home=node.home)["holds"]:  # type: ignore[index]
            break
        pause(0.2)
    agree(node, peer)
    assert all(found.holds for found in node.call("log.verify")), node.call("log.verify")
    assert len(node.call("stock.list")) > 5, "what is in no log was saved"
    said("db", "rebuild", home=node.home, code=5)


def test_records_lost_in_several_segments_come_back_after_a_rebuild(pair: tuple[NodeProcess, NodeProcess]) -> None:
    node, peer = pair
    publish(node, 300, first=10)
    publish(node, 300, first=400)
    agree(node, peer)
    node.stop()
    with closing(sqlite3.connect(node.home / "node.db", isolation_level=None)) as database:
        own = "select ref from log where node = 'society.example.org' and log = 'see.pub'"
        ref, size = database.execute(f"select ref, size from log where ref = ({own})").fetchone()
        assert size > 600
        lost = [(ref << 40) + index for index in (3, 4, 300, 511, size - 1)]
        database.executemany("delete from record where pos = ?", [(pos,) for pos in lost])
    named = said("db", "check", home=node.home, code=1)
    assert [one["index"] for one in named["damaged"]] == [3, 4, 300, 511, size - 1]  # type: ignore[index]
    built = said("db", "rebuild", home=node.home, code=0)
    assert built["records"] >= size  # type: ignore[index]
    node.start()
    for _ in range(150):
        if said("db", "check", home=node.home)["holds"]:  # type: ignore[index]
            break
        pause(0.2)
    assert all(found.holds for found in node.call("log.verify"))
    agree(node, peer)


def flip(home: Path, change: str, where: str) -> None:
    """Change one message behind the node's back."""
    with closing(sqlite3.connect(home / "node.db", isolation_level=None)) as database:
        assert database.execute(f"update message set {change} where {where}").rowcount == 1


def test_damaged_messages_anywhere_in_a_chain_are_named_and_come_back_from_the_other_side(
    pair: tuple[NodeProcess, NodeProcess],
) -> None:
    node, peer = pair
    asked = run(peer, "request", "new", "--to", node.name, "--line", f"{TENT}=3", "--place", "Vidin")
    case = asked["operations"][0]["case"]
    until_state(node, case, "requested")
    signed(node, case, "offer", "--line", f"{TENT}=3", "--field", "hold_until=+6h", "--field", 'terms=["loan"]')
    until_state(peer, case, "offered")
    step(peer, case, "accept", "--field", "terms=loan", "--field", "due=2027-06-30", "--field", "place=Vidin")
    before = until_state(node, case, "confirmed")
    node.stop()
    flip(node.home, "raw = cast(replace(raw, '\"loan\"', '\"gift\"') as blob)", "instr(raw, 'hold_until')")
    flip(node.home, "raw = cast(replace(raw, 'Vidin', 'Vidim') as blob)", "instr(raw, 'Vidin') and n = 1")
    flip(node.home, "writer = replace(writer, 'h', 'i')", f"writer = '{peer.name}' and n = 2")
    named = said("db", "check", home=node.home, code=1)["in_cases"]  # type: ignore[index]
    assert len(named) == 2 and all(f"in case {case}" in one for one in named), "what stands itself heals itself"
    node.start()
    assert said("db", "check", home=node.home, code=0)["holds"]  # type: ignore[index]
    after = until_state(node, case, "confirmed")
    assert [(s["verb"], s["fields"], s["hash"]) for s in after["timeline"]] == [
        (s["verb"], s["fields"], s["hash"]) for s in before["timeline"]
    ]
    assert {f.code: f.state for f in node.call("doctor")}["damage"] == "ok"
    again = run(peer, "request", "new", "--to", node.name, "--line", f"{TENT}=3", "--place", "Lom")
    other = again["operations"][0]["case"]
    until_state(node, other, "requested")
    why = step(node, other, "offer", "--line", f"{TENT}=3", "--field", "hold_until=+6h", "--field", 'terms=["loan"]')
    assert any("3 that they are promised already" in one for one in why["why"]), "what was promised counts"
