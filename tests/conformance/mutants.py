"""`make mutants`: seeded defects of our own node, each of which the conformance kit has to notice.

A mutant replaces one function or figure of the program while a node serves in this process and is judged.
"""

import asyncio
import json
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from unittest.mock import patch

import aiohttp

from tests.processes import free_port
from xstock_node.protocol import chains, errors, messages, witness
from xstock_node.protocol.records import encode
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.clock import SystemClock
from xstock_node.services.node import Node
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing.conformance import running
from xstock_node.testing.nodes import make_identity, make_offer, make_sealing
from xstock_node.trace import Trace
from xstock_node.transport import coding
from xstock_node.transport.client import HttpPeer, Stranger, open_session
from xstock_node.transport.server import PeerServer

P, S, T = "xstock_node.protocol.", "xstock_node.services.", "xstock_node.transport."
NAME = "mutant.example.org"


class Mutant(NamedTuple):
    """What is replaced, by what, and what that breaks."""

    what: str
    target: str
    by: Any


async def _none(*given: Any) -> bytes:
    return b"{}"


def _always(value: Any) -> Callable[..., Any]:
    return lambda *given, **named: value


async def _nothing(*given: Any, **named: Any) -> Any:
    return []


def _forgiving(chain: Any, message: Any) -> chains.Placed:
    """Whatever does not fit is simply the next."""
    try:
        return _place(chain, message)
    except errors.ProtocolError:
        return chains.Placed("next")


def _forkless(chain: Any, message: Any) -> chains.Placed:
    try:
        return _place(chain, message)
    except errors.Fork:
        return chains.Placed("repeated")


def _never_repeated(chain: Any, message: Any) -> chains.Placed:
    return _place([link for link in chain if link.hash != message.link.hash], message)


def _reversed(path: Any) -> Callable[..., Any]:
    return lambda *given: list(path(*given))[::-1]


def _following(session: Any, method: str, url: str, **how: Any) -> Any:
    return _request(session, method, url, **(how | {"allow_redirects": True}))


def _as_sent(body: Any, coding: str, most: int, inflated: int | None = None) -> None:
    _body(body, coding if coding == "gzip" else "", most, inflated)


async def _read_all(content: Any, body: Any, seconds: float = 0) -> None:
    while piece := await content.read(65_536):
        body._parts.append(piece)


def _uncounted(gap: Any, expected: str, came: object = None, do: str = "", held: int | None = None) -> None:
    errors.ProtocolError.__init__(gap, expected, came, do)
    gap.held = None


_request = aiohttp.ClientSession.request
_body = coding.Body.__init__
_place, _receipt, _cosign = chains.place, messages.write_receipt, witness.cosign


def _cosign_nothing(text: str, signer: Any, time: int) -> str:
    return _cosign("nothing\n", signer, time)


def _wrong_receipt(message: Any, time: int) -> str:
    return _receipt(message, time).replace(f"of {message.link.start} ", "of 1 ")


def mutants() -> list[Mutant]:
    """All of them."""
    from xstock_node.protocol import merkle

    return [
        Mutant("any clock is taken", P + "limits.CLOCK_WINDOW", 10**9),
        Mutant("a digest need not fit", P + "requests.check_digest", _always(None)),
        Mutant("any signature holds", P + "keys.verify", _always(None)),
        Mutant("JSON of any depth", P + "limits.JSON_DEPTH", 10_000),
        Mutant("duplicate keys", P + "decode._unique", dict),
        Mutant("large numbers", P + "decode._safe_int", int),
        Mutant("fractions", P + "decode._no_float", float),
        Mutant("bodies of any size", P + "limits.GOSSIP_BODY", 10 * 1024 * 1024),
        Mutant("every coding is plain", T + "server._coding", _always("")),
        Mutant("no hash on a proof's path", S + "answering.NodeAnswers._proof", _none),
        Mutant("a head that is none", S + "answering.NodeAnswers._head", _none),
        Mutant("a tree hashed the other way", P + "merkle.node_hash", lambda a, b: merkle.leaf_hash(b + a)),
        Mutant(
            "consistency proofs the wrong way round", P + "merkle.consistency_path", _reversed(merkle.consistency_path)
        ),
        Mutant("records from one too far", S + "serving.lines_of", _shifted()),
        Mutant("a well-known page without a name", S + "answering.NodeAnswers.well_known", _always(b'{"versions":[]}')),
        Mutant("its own identity under any name", T + "server.PeerServer._identity", _own_identity),
        Mutant("nothing is ever wanted", S + "fetching.Fetching.wants", _always(())),
        Mutant("no cursor is known", P + "gossip.position_in", _always(-1)),
        Mutant("walks without end", S + "walking.Walking._admit", _always(None)),
        Mutant("buckets are empty", S + "walking.Walking.buckets", _empty_buckets()),
        Mutant("any time ahead", P + "heads.check_time", _always(None)),
        Mutant("any head's signature", S + "directory.Directory.verify", _always(None)),
        Mutant("any fork statement", P + "forks._check", _always(None)),
        Mutant("forks freeze nothing", S + "contradictions.Contradictions.freeze_on_fork", _nothing),
        Mutant("odd lines are refused", P + "frames.check_lines", _strict_lines),
        Mutant("every log is for all", P + "names.LogName.is_for_all", property(_always(True))),
        Mutant("net logs of anybody", S + "membership.Membership.takes", _always(True)),
        Mutant("nothing is passed on", S + "feed.Feed._shows", _always(False)),
        Mutant("nobody is told of what was cut off", S + "recovering.Recovery.asides_for", _nothing),
        Mutant("forbidden is told from absent", P + "errors.NotFound.status", 403),
        Mutant("another code", P + "errors.Unsigned.code", "unknown"),
        Mutant("forks are malformed", P + "errors.Fork.status", 400),
        Mutant("receipts of another message", P + "messages.write_receipt", _wrong_receipt),
        Mutant("gaps in chains", P + "chains.place", _forgiving),
        Mutant("another text is the same", P + "chains.place", _forkless),
        Mutant("the same text is new", P + "chains.place", _never_repeated),
        Mutant("any step", S + "casework.may", _always("")),
        Mutant("any party", S + "casework.Casework._check_parties", _always(None)),
        Mutant("exercises are real", P + "messages.Message.is_exercise", property(_always(False))),
        Mutant("any side line", P + "messages.check_side_lines", _always(())),
        Mutant("a newer start links to nothing", P + "chains._cut_off", _raises(errors.Gap("never"))),
        Mutant("gaps without the counter", P + "errors.Gap.__init__", _uncounted),
        Mutant("anybody's mailbox", S + "relaying.Relaying._only", _always(None)),
        Mutant("mail that stays", S + "relaying.Relaying._delete", _none),
        Mutant("mail that nobody is told of", S + "relaying.Relaying._count", _nothing),
        Mutant("any growth is witnessed", P + "witness.check_growth", _always(None)),
        Mutant("cosignatures of nothing", P + "witness.cosign", _cosign_nothing),
        Mutant("redirects are followed", "aiohttp.ClientSession.request", _following),
        Mutant("answers in any coding", T + "coding.Body.__init__", _as_sent),
        Mutant("answers without end", T + "client.read_small", _read_all),
        Mutant("frames of any log", S + "pulling._expected", lambda frame, log, start: frame.lines),
        Mutant("anybody may leave records out", S + "receiving._note_holes", _always(None)),
        Mutant("revoked keys hold", S + "directory.Directory.renew", _always(False)),
        Mutant("any identity replaces another", P + "identity.check_successor", _always(None)),
        Mutant("heads go back", P + "heads.check_successor", _always(None)),
        Mutant("nobody is asked back", S + "case_exchange.Exchange._ask_back", _nothing),
        Mutant("nothing is pushed", S + "fetching.Fetching.push", _nothing),
        Mutant("no cursor is kept", S + "peering.Peering.acknowledged", _always(None)),
        Mutant("erased lines stay", S + "indexing.erase", _always(None)),
        Mutant("everybody is reached", S + "calling_back.CallbackAnswer", _reached),
    ]


def _shifted() -> Callable[..., Any]:
    from xstock_node.services import serving

    whole = serving.lines_of
    return lambda tx, log, start, count: whole(tx, log, start + 1, count)


def _own_identity(server: Any, request: Any) -> bytes:
    return bytes(server._answering.identity())


def _empty_buckets() -> Callable[..., Any]:
    from xstock_node.protocol.gossip import BucketResponse

    return _always(BucketResponse())


def _strict_lines(lines: Any, roots: bool) -> Any:
    if any(line[:1] not in (b"{", b"#") for line in lines):
        raise errors.ProtocolError("records")
    return lines


def _raises(error: Exception) -> Callable[..., Any]:
    def never(*given: Any) -> Any:
        raise error

    return never


class _Reached(NamedTuple):
    reached: bool = True
    saw: str = "anybody"
    why: str = ""


def _reached(**named: Any) -> _Reached:
    return _Reached()


async def judged(mutant: Mutant | None) -> running.Report:
    """A node with one defect, or none, as the kit sees it."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        url, listen = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{free_port()}"
        own, signer = make_identity(NAME, url)
        pinned = list(running.partners("see", listen).values())
        engine, clock = SqliteEngine(Path(folder) / "node.db"), SystemClock()
        node = Node(own, signer, "see.pub", engine, pinned, clock, Random(1), Trace(NAME), sealing=[make_sealing(NAME)])
        node.outside = Stranger(allow_private=True)
        session = open_session(allow_private=True)
        dialled = [found for found in pinned if found.url()]
        await node.start({f.name: HttpPeer(session, f.name, f.url(), signer, clock.now, True) for f in dialled})
        await node.own.append(lambda tx: [encode(make_offer(n, clock.now())) for n in range(5)])
        node.signed()
        with ExitStack() as stack:
            if mutant is not None:
                stack.enter_context(patch(mutant.target, mutant.by))
            find_key, refuse = node.directory.find_key, node.peering.refuse
            server = PeerServer(NodeAnswers(node), url, find_key, clock.now, clock.steady, refuse)
            await server.start("127.0.0.1", port)
            try:
                return await running.judge(running.Setting(url, "see", listen, patient=False, brief=True))
            finally:
                await server.stop()
                await node.stop()
                await session.close()


def killed(mutant: Mutant) -> str:
    """By what the kit noticed a mutant: the first broken clause; empty where it did not."""
    with patch(mutant.target, mutant.by):
        pass  # a mutant that is none must not count as noticed
    try:
        report = asyncio.run(asyncio.wait_for(judged(mutant), 120))
    except Exception as error:  # a node that cannot even be met is noticed too
        return f"not to be met: {type(error).__name__}"
    broken = [v for v in report.verdicts if not v.passed and not v.skipped]
    return f"{broken[0].clause} {broken[0].title}" if broken else ""


def main() -> int:
    """Judge every mutant; 1 when fewer than 95 in a hundred are noticed."""
    found = mutants()
    count = 0
    for mutant in found:
        by = killed(mutant)
        count += bool(by)
        print(json.dumps({"mutant": mutant.what, "killed": bool(by), "by": by}), flush=True)
    print(f"{count} of {len(found)} mutants noticed")
    return int(count * 100 < 95 * len(found))


if __name__ == "__main__":
    sys.exit(main())
