"""`make drill`: a new machine, a stolen key, a total loss, no names; one JSON line each, 1 where one does not hold.

`python -m tests.drills [machine|theft|loss|names ...] [--records N]`. Real processes and real commands.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.drills.federation import federation, give_offers, wait_for
from tests.drills.names import names_gone
from tests.processes import NodeProcess, agree, free_port, xstock
from tests.story.two_nodes import signed, step, until_state
from xstock_node.services.errors import Refusal
from xstock_node.services.hand_kept import LineRequest
from xstock_node.services.mapping_desk import DecideRequest
from xstock_node.services.offer_views import PublishRequest

TENT = "HSHETENTF16C"
MINUTES_15, MINUTES_10 = 900.0, 600.0
Drill = Callable[[Path, int], dict[str, Any]]
OFFERED = ("--field", "hold_until=+6h", "--field", 'terms=["loan"]')


def typed(*words: str, home: Path, code: int = 0) -> Any:
    """Type a command; its JSON."""
    ran = xstock(*words, "--json", home=home, timeout=1_200)
    assert ran.returncode == code, (words, ran.stdout, ran.stderr)
    return json.loads(ran.stdout)


def publish(node: NodeProcess, places: int, first: int = 0) -> None:
    """Offer tents at some more places."""
    for place in range(first, first + places):
        node.call("stock.add", LineRequest(name="Tent", code=TENT, quantity="3", location=f"Store {place}"))
    node.call("stock.decide", DecideRequest(same_code=True))
    node.call("offer.publish", PublishRequest(release=True))


def held_of(node: NodeProcess, owner: str) -> int:
    """How many records a node holds of another."""
    return int(next(peer.records for peer in node.call("status").peers if peer.name == owner))


def asked(node: NodeProcess, of: NodeProcess, tents: int) -> str:
    """The case of a request for tents, once it arrived."""
    found = typed("request", "new", "--to", of.name, "--line", f"{TENT}={tents}", "--place", "Vidin", home=node.home)
    case = str(found["operations"][0]["case"])
    until_state(of, case, "requested")
    return case


def machine(nodes: list[NodeProcess], folder: Path, records: int) -> dict[str, Any]:
    """A machine burns after its last back-up, with a promise that no back-up holds; a new one is restored, rejoins,
    and nothing that anybody saw is lost, nor promised twice.
    """
    own, others, friend = nodes[0], nodes[1:], nodes[2]
    asyncio.run(give_offers(others[0], nodes, records))
    for node in nodes:
        node.start(120)
    publish(own, 3)
    agree(*nodes, seconds=120)
    file = typed("backup", "create", "--to", str(folder / "safe"), home=own.home)["file"]
    paper = folder / "paper"
    paper.write_text(typed("backup", "key", home=own.home)["key"])
    case = asked(friend, own, 6)  # from here on in no back-up
    signed(own, case, "offer", "--line", f"{TENT}=6", *OFFERED)
    until_state(friend, case, "offered")
    publish(own, 3, first=3)
    agree(*nodes, seconds=120)
    before, offered = held_of(friend, own.name), {offer.id for offer in own.call("offer.list")}
    own.kill()
    shutil.rmtree(own.home)
    began = time.monotonic()
    typed("backup", "restore", file, "--key-file", str(paper), home=own.home)
    own.start(120)
    wait_for(lambda: own.call("status").records >= before, 300, own.words)
    until_state(own, case, "offered")
    agree(*nodes, seconds=300)
    step(friend, case, "accept", "--field", "terms=loan", "--field", "due=2027-06-30", "--field", "place=Vidin")
    until_state(friend, case, "confirmed")
    seconds = time.monotonic() - began
    lost = offered - {offer.id for offer in own.call("offer.list")}
    again = asked(friend, own, 4)  # of nine in stock six are promised
    waits = typed("op", "step", again, "offer", "--line", f"{TENT}=4", *OFFERED, home=own.home)
    publish(own, 1, first=90)
    views = agree(*nodes, seconds=120)
    found = {
        "drill": "new machine",
        "own_records": own.call("status").records,
        "records_of_others": held_of(own, others[0].name),
        "seconds": round(seconds, 1),
        "offers": len(offered),
        "lost": len(lost),
        "promise_counted": not waits["sent"] and any("6 that they are promised already" in w for w in waits["why"]),
        "forks": sum(bool(view.halted) + sum(bool(p.frozen) for p in view.peers) for view in views),
        "logs_hold": all(log.holds for node in nodes for log in node.call("log.verify")),
    }
    whole = not found["lost"] and not found["forks"] and found["logs_hold"] and found["promise_counted"]
    return found | {"holds": seconds < MINUTES_15 and whole}


def theft(nodes: list[NodeProcess], folder: Path, records: int) -> dict[str, Any]:
    """A signing key is stolen and used at once, and by nodes that believe it; its owner rotates: what the thief signed
    since is void, and every node refuses what it signs further.
    """
    own, others, honest = nodes[0], nodes[1:], list(nodes)
    for node in nodes:
        node.start()
    publish(own, 3)
    agree(*nodes)
    thief = copy_of(own, folder / "stolen")
    nodes.append(thief)
    began = time.monotonic()
    own.stop()
    thief.start()
    publish(thief, 2, first=50)
    wait_for(lambda: stores(others[0]) >= {"Store 50", "Store 51"}, 60, others[0].words)
    root = own.home / "keys" / "root.key"
    rotated = typed("key", "rotate", "--stolen", "--root-key", str(root), home=own.home)
    own.start()  # beside the thief, which goes on
    epoch = own.call("status").epoch

    def everybody_knows() -> bool:
        """Whether all hold what was signed with the new key: they know the identity that names it."""
        views = [peer for node in others for peer in node.call("status").peers if peer.name == own.name]
        return all(view.epoch == epoch for view in views)

    told = wait_for(everybody_knows, MINUTES_15, lambda: [node.words() for node in others])
    with suppress(Refusal):  # where its node saw the newer epoch of its log, it is halted, which is as well
        publish(thief, 2, first=60)
    refused = typed("peer", "sync", home=thief.home, code=1)["silent"]
    thief.kill()
    shown = stores(*others)
    publish(own, 1, first=80)
    agree(*honest, seconds=120)
    seconds = time.monotonic() - began
    found = {
        "drill": "stolen key",
        "nodes": len(honest),
        "told_all_s": round(told, 1),
        "seconds": round(seconds, 1),
        "nodes_that_refuse_the_thief": sum("unsigned" in why for why in refused.values()),
        "records_of_the_thief_shown": sum(f"Store {n}" in shown for n in (50, 51, 60, 61)),
        "own_records_lost": sum(f"Store {n}" not in stores(*others) for n in (0, 1, 2, 80)),
        "frozen": sum(bool(peer.frozen) for node in honest for peer in node.call("status").peers),
        "version": rotated["version"],
    }
    refuses = found["nodes_that_refuse_the_thief"] == len(others)
    clean = not found["records_of_the_thief_shown"] and not found["own_records_lost"] and not found["frozen"]
    return found | {"holds": seconds < MINUTES_15 and refuses and clean}


def copy_of(node: NodeProcess, folder: Path) -> NodeProcess:
    """What runs over a copy of a node's data folder, its keys among them, on another machine: on another port."""
    folder.mkdir()
    found = NodeProcess.__new__(NodeProcess)
    found.home, found.name, found.port = folder / node.name, node.name, free_port()
    found.process, found._begins = None, 0
    shutil.copytree(node.home, found.home, ignore=shutil.ignore_patterns("api.sock", "lock"))
    settings = found.home / "config.toml"
    settings.write_text(settings.read_text().replace(f"port = {node.port}\n", f"port = {found.port}\n", 1))
    return found


def stores(*nodes: NodeProcess) -> set[str]:
    """The places of all tents that nodes show."""
    return {hit["place"] for node in nodes for hit in typed("search", "tent", home=node.home)["hits"]}


def loss(nodes: list[NodeProcess], folder: Path, records: int) -> dict[str, Any]:
    """A node and its back-ups are gone; what is left are its keys and two peers, which have all its records."""
    own, others = nodes[0], nodes[1:]
    asyncio.run(give_offers(own, nodes, records))
    for node in nodes:
        node.start(120)
    agree(*nodes, seconds=120)
    before = held_of(others[0], own.name)
    own.kill()
    for name in ("node.db", "node.db-wal", "node.db-shm"):
        (own.home / name).unlink(missing_ok=True)
    began = time.monotonic()
    own.start(600)
    wait_for(lambda: own.call("status").records >= before, 900, own.words)
    views = agree(*nodes, seconds=600)
    seconds = time.monotonic() - began
    found = {
        "drill": "total loss",
        "records": own.call("status").records,
        "records_before": before,
        "offers": own.call("status").offers,
        "peers": len(others),
        "seconds": round(seconds, 1),
        "forks": sum(bool(view.halted) + sum(bool(p.frozen) for p in view.peers) for view in views),
        "logs_hold": all(log.holds for node in nodes for log in node.call("log.verify")),
    }
    whole = found["records"] >= before and found["offers"] >= records
    return found | {"holds": seconds < MINUTES_10 and whole and not found["forks"] and found["logs_hold"]}


def names(folder: Path, records: int) -> dict[str, Any]:
    """Nothing resolves any more."""
    return names_gone(folder, publish)


def with_nodes(drill: Callable[[list[NodeProcess], Path, int], dict[str, Any]]) -> Drill:
    """A drill with a federation of its own, whose processes end with it, however it ends."""

    def run(folder: Path, records: int) -> dict[str, Any]:
        nodes = federation(folder)
        try:
            return drill(nodes, folder, records)
        finally:
            for node in nodes:
                node.kill()

    return run


DRILLS: dict[str, Drill] = {
    "machine": with_nodes(machine),
    "theft": with_nodes(theft),
    "loss": with_nodes(loss),
    "names": names,
}


def main() -> int:
    """Run all drills, or those named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("drills", nargs="*", metavar="|".join(DRILLS))
    parser.add_argument("--records", type=int, default=100_000)
    given, held = parser.parse_args(), True
    for name in given.drills or DRILLS:
        with tempfile.TemporaryDirectory() as folder:
            found = DRILLS[name](Path(folder), given.records)
        print(json.dumps(found), flush=True)
        held = held and found["holds"]
    return int(not held)


if __name__ == "__main__":
    sys.exit(main())
