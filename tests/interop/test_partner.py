"""A second implementation, in JavaScript and from the specification alone, meets a live node (xs1 8.7, 10.8, 10.9)."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import NodeProcess, free_port, pause
from xstock_node.services.hand_kept import LineRequest
from xstock_node.services.mapping_desk import DecideRequest
from xstock_node.services.offer_views import PublishRequest
from xstock_node.services.searching import SearchRequest

PROGRAM = Path(__file__).with_name("partner.mjs")
NAME, SEED = "partner.example.org", "a seed for tests"
NODE = shutil.which("node")


def partner(*words: str) -> "subprocess.CompletedProcess[str]":
    assert NODE is not None
    return subprocess.run([NODE, str(PROGRAM), *words], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[NodeProcess]:
    """A running node with 300 offers that pins the partner, which nobody can dial."""
    if NODE is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Node.js is not installed")
        pytest.skip("Node.js is not installed")
    node = NodeProcess(tmp_path, "live.example.org", free_port())
    (node.home / "peers" / f"{NAME}.identity").write_text(partner("identity", NAME, SEED).stdout, "utf-8")
    with (node.home / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[[peer]]\nname = "{NAME}"\nidentity = "peers/{NAME}.identity"\n')
    node.start()
    for store in range(300):
        node.call("stock.add", LineRequest(name="Tent", code="HSHETENTF16C", quantity="3", location=f"Store {store}"))
    node.call("stock.decide", DecideRequest(same_code=True))
    node.call("offer.publish", PublishRequest(release=True))
    yield node
    node.kill()


def test_a_stranger_s_program_reads_proves_and_pushes(live: NodeProcess) -> None:
    base, identity = f"http://127.0.0.1:{live.port}", str(live.home / "identity.note")
    done = partner("meet", NAME, SEED, base, identity, "271")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["read"], told["segments"], told["proved"], told["pushed"]) == (300, 1, 271, 3)
    for _ in range(100):
        hits = live.call("search", SearchRequest(text="шатор", node=NAME)).hits
        if len(hits) == 3:
            break
        pause(0.1)
    assert sorted(hit.quantity for hit in hits) == ["5", "6", "7"]
    assert partner("meet", NAME, "another seed", base, identity, "1").returncode == 1, "an unknown key is not heard"


def test_the_program_is_small_and_depends_on_nothing() -> None:
    text = PROGRAM.read_text("utf-8")
    assert text.count("\n") <= 200
    imports = [line for line in text.splitlines() if line.startswith("import ")]
    assert imports and all('from "node:' in line for line in imports)
