"""Real processes: a partner is tested before the disaster, each line says what to type."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import NodeProcess, agree, free_port, xstock

ONE, OTHER = "one.example.org", "other.example.org"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[NodeProcess, NodeProcess]]:
    """Two nodes that know each other."""
    one, other = NodeProcess(tmp_path, ONE, free_port()), NodeProcess(tmp_path, OTHER, free_port())
    one.pin(other)
    other.pin(one)
    yield one, other
    one.kill()
    other.kill()


def looked_at(node: NodeProcess, name: str, code: int) -> dict[str, dict[str, Any]]:
    done = xstock("peer", "test", name, "--json", home=node.home)
    assert done.returncode == code, (done.stdout, done.stderr)
    return {line["check"]: line for line in json.loads(done.stdout)}


def test_a_partner_that_works_is_well_in_every_line_but_its_plain_http(pair: tuple[NodeProcess, NodeProcess]) -> None:
    one, other = pair
    one.start()
    other.start()
    agree(one, other)
    lines = looked_at(one, OTHER, 0)
    wanted = {"name", "tier", "connection", "versions", "clock", "certificate", "latency", "signature", "way back"}
    assert set(lines) == wanted
    bad = {check: line["found"] for check, line in lines.items() if line["state"] != "ok"}
    assert bad == {"certificate": "plain http"}
    assert "reaches one.example.org" in lines["way back"]["found"]
    again = looked_at(one, OTHER, 1)
    assert again["way back"]["state"] == "error", "one call back a minute"


def test_a_partner_that_is_off_or_unknown_is_told_with_what_to_type(pair: tuple[NodeProcess, NodeProcess]) -> None:
    one, _ = pair
    one.start()
    lines = looked_at(one, OTHER, 1)
    assert lines["connection"]["state"] == "error" and "curl http://127.0.0.1" in lines["connection"]["do"]
    done = xstock("peer", "test", "nobody.example.org", "--json", home=one.home)
    assert done.returncode == 1 and json.loads(done.stdout)["error"]["code"] == "no-peer"


def test_a_partner_that_does_not_know_this_node_says_so(pair: tuple[NodeProcess, NodeProcess], tmp_path: Path) -> None:
    one, _ = pair
    stranger = NodeProcess(tmp_path, "stranger.example.org", free_port())
    one.pin(stranger)
    try:
        one.start()
        stranger.start()
        lines = looked_at(one, "stranger.example.org", 1)
    finally:
        stranger.kill()
    assert lines["versions"]["state"] == "ok" and lines["signature"]["state"] == "error"
    assert "vouch" in lines["signature"]["do"]
