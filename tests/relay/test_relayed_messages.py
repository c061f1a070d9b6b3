"""Three real processes over HTTP: a message to a node that is off comes by a relay, which cannot read it."""

import asyncio
import hashlib
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.processes import NodeProcess, free_port, pause
from xstock_node.cli.assembly import IDENTITY, read_identity
from xstock_node.cli.keyfiles import KEYS, ROOT_KEY, read_root, read_signer
from xstock_node.protocol import identity, messages
from xstock_node.transport.client import HttpPeer, open_session

TWO_ROUNDS = 60.0
SECRET, PHONE = "Canary tents 7f3a9", "+385 1 234 567"
SIDE = json.dumps({"kind": "phone", "text": PHONE, "n": "A" * 16})
LINES = [{"item": "HSHETENTF16C", "qty": [5, 0], "unit": "H87"}]
ASK = json.dumps({"step": "request", "purpose": SECRET, "lines": LINES})


class Talker(NodeProcess):
    """A node that says one thing in a case when it starts."""

    def say(self, *words: str) -> str:
        """Start it with something to say; the case."""
        command = [sys.executable, "-m", "tests.relay.talker", str(self.home), *words]
        with (self.home / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL)
        assert self.process.stdout is not None
        case = self.process.stdout.readline().decode().strip()
        self.process.stdout.close()
        assert case, self.words()
        return case

    def with_relay(self, relay: NodeProcess) -> None:
        """A newer identity that names a relay."""
        own, root = read_identity(self.home), read_root(self.home / KEYS / ROOT_KEY, self.name)
        statement = msgspec.structs.replace(own.statement, relays=(relay.name,))
        signed = identity.sign(self.name, 2, statement, root, (read_signer(self.home, self.name),))
        (self.home / IDENTITY).write_bytes(signed)


@pytest.fixture
def three(tmp_path: Path) -> Iterator[tuple[Talker, NodeProcess, Talker]]:
    """Sender, relay, recipient; both ends name the relay, everybody knows everybody. Nobody runs yet."""
    names = ("sender.example.org", "relay.example.org", "recipient.example.org")
    sender, relay, recipient = (Talker(tmp_path, name, free_port()) for name in names)
    for end in (sender, recipient):
        end.with_relay(relay)
    for one in (sender, relay, recipient):
        one.pin(*(other for other in (sender, relay, recipient) if other is not one))
    yield sender, relay, recipient
    for one in (sender, relay, recipient):
        one.kill()


def rows(node: NodeProcess, sql: str) -> list[tuple[Any, ...]]:
    """What stands in a node's database."""
    line = sqlite3.connect(f"file:{node.home / 'node.db'}?mode=ro", uri=True, timeout=10)
    try:
        return line.execute(sql).fetchall()
    finally:
        line.close()


def until(true: Callable[[], object], seconds: float) -> float:
    """Seconds until something is true."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "not in time"
        pause(0.1)
    return time.monotonic() - began


def held(node: NodeProcess) -> list[bytes]:
    """The messages that a node holds, in order."""
    return [raw for (raw,) in rows(node, "select raw from message where void = 0 order by start, n")]


def mail(relay: NodeProcess) -> list[bytes]:
    """What a relay keeps for the recipient."""
    return [data for (data,) in rows(relay, "select data from relay where recipient like 'recipient%' order by at")]


def everything(node: NodeProcess) -> bytes:
    """All bytes of a data folder: database, its log ahead, what was logged, settings."""
    return b"".join(path.read_bytes() for path in node.home.rglob("*") if path.is_file())


async def put(sender: Talker, relay: NodeProcess, recipient: NodeProcess, blobs: list[bytes]) -> None:
    """Put blobs at the relay once more, in the sender's name."""
    session, signer = open_session(allow_private=True), read_signer(sender.home, sender.name)
    peer = HttpPeer(session, relay.name, f"http://127.0.0.1:{relay.port}", signer, lambda: int(time.time()), True)
    try:
        for blob in blobs:
            await peer.ask("PUT", f"/xs/1/relay/{recipient.name}/{hashlib.sha256(blob).hexdigest()}", blob)
    finally:
        await session.close()


def taken(relay: NodeProcess, recipient: NodeProcess) -> float:
    """Start the recipient and wait until it took all its mail; the seconds since it was up."""
    recipient.start()
    return until(lambda: not mail(relay), TWO_ROUNDS)


def unchanged(recipient: NodeProcess, count: int) -> tuple[list[bytes], list[tuple[Any, ...]]]:
    """The messages held, of which there are so many, and the forks noticed, of which there are none."""
    forks = rows(recipient, "select count(*) from message_fork")
    assert len(held(recipient)) == count and forks == [(0,)]
    return held(recipient), forks


def relayed(sender: Talker, relay: NodeProcess, recipient: NodeProcess) -> tuple[str, list[bytes]]:
    """A message that waits at the relay, its sender off; its case and the sealed mail."""
    relay.start()
    case = sender.say("open", recipient.name, ASK, SIDE)
    until(lambda: rows(sender, "select n, relayed from outbox") == [(1, 1)], 30)
    sender.stop()
    assert SECRET.encode() in held(sender)[0] and len(mail(relay)) == 1
    return case, mail(relay)


# xs1 17.3
def test_a_message_to_a_node_that_is_off_comes_by_a_relay_that_cannot_read_it(
    three: tuple[Talker, NodeProcess, Talker],
) -> None:
    sender, relay, recipient = three
    case, _ = relayed(sender, relay, recipient)
    took = taken(relay, recipient)
    assert took <= TWO_ROUNDS and held(recipient) == held(sender)
    message = messages.parse(held(recipient)[0])
    assert (message.case, message.sender, message.body["purpose"]) == (case, sender.name, SECRET)
    assert rows(recipient, "select line from side") == [(SIDE.encode(),)]
    recipient.stop()
    readable = everything(relay)
    assert not [word for word in (SECRET, PHONE, case, "HSHETENTF16C") if word.encode() in readable]
    assert SECRET.encode() in everything(recipient), "the search finds what is there"
    assert '"defect"' not in relay.words() + recipient.words() + sender.words()


# xs1 17.6
@pytest.mark.slow
def test_repeated_and_reordered_mail_changes_nothing(three: tuple[Talker, NodeProcess, Talker]) -> None:
    """Two messages, the second one only after the receipt of the first came back by the sender's relay."""
    sender, relay, recipient = three
    case, first = relayed(sender, relay, recipient)
    taken(relay, recipient)
    recipient.stop()
    sender.say("send", case, '{"step":"cancel"}')
    until(lambda: rows(sender, "select n, relayed from outbox") == [(2, 1)], 2 * TWO_ROUNDS)
    second = mail(relay)
    sender.stop()
    asyncio.run(put(sender, relay, recipient, [*second, *first]))
    taken(relay, recipient)
    until(lambda: len(held(recipient)) == 2, TWO_ROUNDS)
    before = unchanged(recipient, 2)
    for order in ([*first, *second], [*second, *first]):
        recipient.stop()
        asyncio.run(put(sender, relay, recipient, order))
        taken(relay, recipient)
        assert unchanged(recipient, 2) == before
    assert before[0] == held(sender)
    assert '"defect"' not in relay.words() + recipient.words() + sender.words()
