"""Transcripts: what a node answers its callers, one request after the other, and the digests of gossip."""

import tempfile
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from tests.vectors.checks.form import Check, Given, data, unb64
from xstock_node.protocol import gossip, identity, limits, paths
from xstock_node.protocol.decode import decode
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.gossip import BucketRequest, GossipRequest, PullRequest
from xstock_node.protocol.keys import Signer
from xstock_node.protocol.names import parse_log_id
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.node import Node
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing import SimClock, run_simulated
from xstock_node.trace import Trace


def digest(sent: bytes, given: Given) -> Any:
    logs = [line.split(" ") for line in given["lines"]]
    return {"all": gossip.digest((parse_log_id(log), int(size), unb64(root)) for log, size, root in logs)}


def bucket(sent: bytes, given: Given) -> Any:
    return {"bucket": gossip.bucket_of(parse_log_id(sent.decode()))}


def transcript(sent: bytes, given: Given) -> Any:
    """The answer to each step; cursors are named `$1`, `$2` in the order in which they first appear."""

    async def run() -> list[Any]:
        with tempfile.TemporaryDirectory() as folder:
            node = _node(given["node"], Path(folder))
            await node.start({})
            cursors: dict[str, str] = {}
            try:
                return [await _step(NodeAnswers(node), one, cursors) for one in given["steps"]]
            finally:
                await node.stop()

    return run_simulated(run())


def _node(found: Given, folder: Path) -> Node:
    own, pins = identity.parse(data(found["identity"])), [identity.parse(data(pin)) for pin in found["pins"]]
    engine = SqliteEngine(folder / "node.db", threads=False)
    signer, clock = Signer(own.name, bytes.fromhex(found["seed"])), SimClock(found["now"])
    return Node(own, signer, found["log"], engine, pins, clock, Random(1), Trace(own.name))


async def _step(answers: NodeAnswers, step: Given, cursors: dict[str, str]) -> Any:
    try:
        return await _answer(answers, step, cursors)
    except ProtocolError as error:
        return {"error": error.code}


async def _answer(answers: NodeAnswers, step: Given, cursors: dict[str, str]) -> Any:
    caller, path = step["caller"], step["path"]
    if path == "/xs/1/gossip":
        sent = dict(step["send"])
        if sent.get("cursor", "").startswith("$"):
            sent["cursor"] = next(text for text, name in cursors.items() if name == sent["cursor"])
        request = decode(msgspec.json.encode(sent), GossipRequest, limits.GOSSIP_BODY)
        answer = _plain(await answers.gossip(caller, request, 0.0))
        answer["cursor"] = cursors.setdefault(answer["cursor"], f"${len(cursors) + 1}")
        return answer
    if path == "/xs/1/buckets":
        found = decode(msgspec.json.encode(step["send"]), BucketRequest, limits.SMALL_BODY)
        return _plain(await answers.buckets(caller, found))
    if path == "/xs/1/pull":
        wanted = decode(msgspec.json.encode(step["send"]), PullRequest, limits.PULL_BODY)
        return (await answers.pull(caller, wanted)).decode()
    if path == "/xs/1/push":
        return {"taken": await answers.push(caller, data(step["send"]))}
    found_path, args = paths.find(step["method"], path)
    return (await answers.small(found_path.name, caller, args, data(step.get("send")))).decode()


def _plain(answer: Any) -> Any:
    """What goes over the wire."""
    return msgspec.json.decode(msgspec.json.encode(answer))


CHECKS: dict[str, Check] = {"digest": digest, "bucket": bucket, "transcript": transcript}
