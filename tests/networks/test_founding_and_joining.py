"""Real processes: two governors found a network, a third society joins, is seen by all, and is expelled."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import NodeProcess, free_port, pause, xstock
from xstock_node.services.hand_kept import LineRequest
from xstock_node.services.mapping_desk import DecideRequest
from xstock_node.services.offer_views import PublishRequest
from xstock_node.services.searching import SearchRequest

NAMES = ("bg.example.org", "hr.example.org", "me.example.org")
TENT = "HSHETENTF16C"


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[NodeProcess]]:
    """Three data folders; nobody pins anybody."""
    found = [NodeProcess(tmp_path, name, free_port(), country=name[:2].upper()) for name in NAMES]
    yield found
    for node in found:
        node.kill()


def say(node: NodeProcess, *words: str, code: int = 0) -> Any:
    """What a verb answers as JSON."""
    done: subprocess.CompletedProcess[str] = xstock(*words, "--json", home=node.home)
    assert done.returncode == code, (words, done.stdout, done.stderr)
    return json.loads(done.stdout)


def until(true: Any, seconds: float = 30.0) -> None:
    """Wait for other processes."""
    for _ in range(int(seconds / 0.1)):
        if true():
            return
        pause(0.1)
    raise AssertionError(f"not within {seconds} s")


def found(bg: NodeProcess, hr: NodeProcess, folder: Path) -> dict[str, Any]:
    """Bulgaria drafts and signs, Croatia signs, both take."""
    draft, notes = folder / "charter.note", [str(node.home / "identity.note") for node in (bg, hr)]
    governors = [word for note in notes for word in ("--governor", note)]
    first = say(bg, "network", "found", "see", *governors, "--out", str(draft))
    assert (first["signed"], first["needed"], first["complete"]) == ([bg.name], 2, False)
    say(bg, "network", "charter", "take", str(draft), "--hash", first["hash"], code=1)
    second = say(hr, "network", "charter", "sign", str(draft))
    assert second["complete"] and second["hash"] == first["hash"]
    identities = [word for note in notes for word in ("--identity", note)]
    say(hr, "network", "charter", "take", str(draft), "--hash", "0" * 64, *identities, code=1)
    for node in (bg, hr):
        taken = say(node, "network", "charter", "take", str(draft), "--hash", first["hash"], *identities)
        assert set(taken["governors"]) == {bg.name, hr.name}
    return taken


def standing(node: NodeProcess, name: str) -> dict[str, Any]:
    return next((m for m in say(node, "network", "members") if m["name"] == name), {"state": "stranger"})


def hits(node: NodeProcess) -> list[str]:
    return sorted(hit.node for hit in node.call("search", SearchRequest(text="tent")).hits)


def offer_a_tent(node: NodeProcess) -> None:
    node.call("stock.add", LineRequest(name="Tent", code=TENT, quantity="3", location="Store"))
    node.call("stock.decide", DecideRequest(same_code=True))
    node.call("offer.publish", PublishRequest(release=True))


# xs1 13.8, 14.9
@pytest.mark.heavy
def test_a_network_is_founded_joined_and_left_by_expulsion(nodes: list[NodeProcess], tmp_path: Path) -> None:
    bg, hr, me = nodes
    found(bg, hr, tmp_path)
    for node in nodes:
        node.start()
    until(lambda: bg.call("status").digest == hr.call("status").digest)
    invite = say(bg, "peer", "invite", "--remark", "Montenegro")
    say(me, "peer", "join", invite["invite"], "--digits", "0000 " * 6, code=1)
    joined = say(me, "peer", "join", invite["invite"], "--digits", invite["digits"])
    assert (joined["state"], joined["sponsor"], joined["charter"]) == ("waiting", bg.name, 1)
    waiting = say(bg, "network", "applications")
    assert [(a["name"], a["invited"], a["digits"]) for a in waiting] == [(me.name, True, joined["own_digits"])]
    assert standing(bg, me.name)["state"] == "stranger"

    say(bg, "network", "vouch", me.name, "--digits", "1111 " * 6, code=1)
    say(bg, "network", "vouch", me.name, "--digits", joined["own_digits"])
    assert standing(bg, me.name)["state"] == "stranger", "one governor is not enough"
    say(hr, "network", "vouch", me.name, "--digits", joined["own_digits"])
    until(lambda: all(standing(node, me.name)["state"] == "live" for node in nodes))
    say(me, "network", "vouch", hr.name, code=1)

    offer_a_tent(me)
    until(lambda: hits(bg) == hits(hr) == [me.name])
    until(lambda: len({node.call("status").digest for node in nodes}) == 1)

    say(bg, "network", "revoke", me.name, "--why", "key lost")
    until(lambda: standing(hr, me.name)["state"] == "review")
    assert hits(hr) == [me.name], "under review it stays a member"
    say(hr, "network", "revoke", me.name, "--why", "key lost")
    until(lambda: standing(bg, me.name)["state"] == standing(hr, me.name)["state"] == "expelled")
    until(lambda: bg.call("status").digest == hr.call("status").digest)
    held = bg.call("search", SearchRequest(text="tent")).hits
    assert [hit.node for hit in held if not hit.greyed] == []
