"""A member sends a running process everything that is odd: the same process goes on, and shows none of it."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import NodeProcess, free_port
from tests.protocol.test_variants import REFUSED, bad, bad_records
from xstock_node.cli.keyfiles import read_signer
from xstock_node.protocol import frames, heads, limits, merkle, records, requests
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import LogName
from xstock_node.testing import make_offer
from xstock_node.transport.client import HttpPeer, open_session

NODE, ROGUE = "node.example.org", "rogue.example.org"
STEP = 200


@pytest.fixture
def node(tmp_path: Path) -> Iterator[tuple[NodeProcess, NodeProcess]]:
    """A running node, and a folder of a member that never runs: the test has its key."""
    found, rogue = NodeProcess(tmp_path, NODE, free_port()), NodeProcess(tmp_path, ROGUE, free_port())
    found.pin(rogue, dial=False)
    found.start()
    yield found, rogue
    found.kill()


def pushes(rogue: NodeProcess, lines: list[bytes]) -> list[bytes]:
    """The member's log as it grows, a head with its new lines at a time."""
    now, signer, found = int(time.time()), read_signer(rogue.home, ROGUE), []
    for start in range(0, len(lines), STEP):
        end = min(start + STEP, len(lines))
        root = merkle.tree_root([merkle.leaf_hash(line) for line in lines[:end]])
        head = Head(LogName(ROGUE, "see.pub").epoch(now), end, root, now, 0)
        found.append(heads.sign(head, signer) + b"\n" + frames.encode(head.log, start, lines[start:end], end - start))
    return found


async def say_everything(node: NodeProcess, rogue: NodeProcess, bodies: list[bytes]) -> tuple[int, list[int]]:
    """Push the log; then bad requests of each kind as far as the quota goes; how many were taken, and the statuses."""
    signer, base = read_signer(rogue.home, ROGUE), f"http://127.0.0.1:{node.port}"
    session = open_session(allow_private=True)
    peer, statuses = HttpPeer(session, NODE, base, signer, lambda: int(time.time()), True), []
    try:
        taken = sum([await peer.push(body) for body in bodies])
        for kind in ("gossip", "pull", "buckets"):
            line, _, names = REFUSED[kind]
            for _, odd in list(bad(line, names))[:: 12 if kind == "gossip" else 5][:11]:
                target = f"{base}/xs/1/{kind}"
                signed = requests.sign(signer, "POST", target, requests.content_digest(odd), int(time.time()))
                async with session.post(target, data=odd, headers=signed) as answer:
                    statuses.append(answer.status)
        with pytest.raises(ProtocolError):
            await peer.push(bodies[-1][:-9])
    finally:
        await session.close()
    return taken, statuses


def test_a_thousand_variants_leave_the_same_process_and_nothing_to_be_seen(
    node: tuple[NodeProcess, NodeProcess],
) -> None:
    running, rogue = node
    assert running.process is not None
    pid, good = running.process.pid, records.encode(make_offer(1, int(time.time())))
    odd = [line for _, line in bad_records() if b"\n" not in line and len(line) <= limits.RECORD]
    assert len(odd) >= 1_000
    taken, statuses = asyncio.run(say_everything(running, rogue, pushes(rogue, [*odd, good])))
    assert taken == len(odd) + 1
    assert len(statuses) >= 30 and set(statuses) == {400}
    assert running.process.poll() is None and running.process.pid == pid
    seen = running.call("peer.list")[0]
    assert (seen.records, seen.offers) == (len(odd) + 1, 1)
    assert seen.defects >= 0.9 * len(odd)
    assert seen.refusals > 0 and seen.last_refusal
    assert "Traceback" not in running.words() and '"defect"' not in running.words()
