"""The one file of the kit that knows how a node is built and what is inside it.

Whoever changes `Node` changes this file; simulations, faults and invariants see a node through it alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from functools import cache
from pathlib import Path
from random import Random

from xstock_node.domain.catalogue import Catalogue
from xstock_node.plugins.host import PluginHost
from xstock_node.protocol import forks, gossip, limits, paths
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.heads import Head
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.keys import Signer
from xstock_node.protocol.names import LogName
from xstock_node.services import dossier
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.casework import Casework
from xstock_node.services.clock import Clock
from xstock_node.services.node import Node
from xstock_node.services.office import OPERATOR, Office, OfficeSettings, default_catalogue
from xstock_node.services.ownlog import OwnLog
from xstock_node.services.searching import Hit, SearchRequest, search
from xstock_node.storage.interfaces import Engine, Transaction
from xstock_node.storage.values import Aside, LogState
from xstock_node.testing.nodes import make_sealing
from xstock_node.trace import Trace


def build(
    own: Identity,
    signer: Signer,
    log: str,
    engine: Engine,
    pinned: Sequence[Identity],
    clock: Clock,
    random: Random,
    trace: Trace,
) -> Node:
    """A node that was not started yet."""
    return Node(own, signer, log, engine, pinned, clock, random, trace, sealing=[make_sealing(own.name)])


def give_room(node: Node, pages: int | None) -> None:
    """Let the database of a node in place grow by so many pages at most, as on a disk that fills; None: without end."""
    connection = node.engine._connection  # type: ignore[attr-defined]
    (there,) = connection.execute("pragma page_count").fetchone()
    connection.execute(f"pragma max_page_count = {there + pages if pages is not None else 2**30}")


def own_logs(node: Node) -> Sequence[OwnLog]:
    """The logs that this node signs."""
    return tuple(node.home.logs.values())


def own_heads(node: Node) -> list[tuple[Head, bytes]]:
    """The newest head of each own log that is open, and its note."""
    return [(log.head, log.note) for log in own_logs(node) if log.head is not None]


def halted(node: Node) -> str:
    """Why this node no longer signs, or nothing."""
    return node.halted


def heads(node: Node) -> Mapping[LogName, Head]:
    """The newest head held of each log, own ones among them."""
    return node.replicas.heads


def notes(node: Node) -> Mapping[LogName, bytes]:
    """The notes of these heads."""
    return node.replicas.raw


def frozen(node: Node) -> set[LogName]:
    """Logs of which two histories are known here."""
    return node.replicas.frozen


def digest(node: Node) -> str:
    """The digest of everything held that every member may see."""
    replicas = node.replicas
    if not node.home.membership.has_audiences():
        return replicas.digest()
    shown = [head for head in replicas.shared_with(node.identity.name) if head.log.name.is_for_all]
    return gossip.digest((head.log, head.size, head.root) for head in shown)


async def answered(node: Node, method: str, target: str, body: bytes = b"") -> bytes:
    """What a stranger is answered on an open path."""
    path, args = paths.find(method, target)
    return await NodeAnswers(node).small(path.name, "", args, body)


def casework(node: Node) -> Casework:
    """The cases of the home network."""
    return node.correspondence.of().casework


def release(node: Node, partners: Sequence[str]) -> None:
    """People know with whom they have cases: others, who cannot be asked after a restore, need not be waited for."""
    doubted = casework(node).doubted
    doubted -= {name for name in doubted if name not in partners}


def case_state(tx: Transaction, case: str) -> str:
    """Where a case stands by what is held; empty where it is not."""
    row = tx.cases.get(case)
    return (dossier.read(tx, row).state() or "") if row else ""


def identity_of(node: Node, name: str) -> Identity | None:
    """The newest identity of a name that a node knows."""
    return node.directory.get(name)


def keys_of(node: Node, name: str) -> tuple[bytes, ...]:
    """The signing keys of a name that a node knows."""
    found = node.directory.get(name)
    return found.signing_keys() if found else ()


def books(node: Node) -> dict[str, int]:
    """How much is remembered about each peer: the largest of each kind of book."""
    kept: dict[str, Mapping[str, Sized]] = {
        "told": node.peering._told,
        "known": node.peering._known,
        "shown": node.peering._shown,
    }
    return {kind: max((len(book) for book in by_peer.values()), default=0) for kind, by_peer in kept.items()}


def counts_head(node: Node, raw: bytes) -> bool:
    """Whether a head is signed by a key of its origin's newest identity here."""
    return node.home._counts(raw)


def refuse(node: Node, caller: str, error: ProtocolError, about: str) -> None:
    """Write down that a request of a peer had to be refused, as the node's server does."""
    node.peering.refuse(caller, error, about)


async def append(node: Node, lines: Sequence[bytes], label: str = "") -> Head:
    """Append records to an own log; returns when they are durable. Raises `Refusal` where it may not sign."""
    log = node.home.add_log(label) if label else node.own
    head = await log.append(lambda tx: lines)
    node.home.signed(log)
    return head


async def found(node: Node, text: str = "") -> list[Hit]:
    """What a person finds with the node's own search, all pages of it."""
    office = Office(node, OfficeSettings(), PluginHost([]), Path())
    office._catalogue = _catalogue()
    hits: list[Hit] = []
    while True:
        result = await search(office, OPERATOR, SearchRequest(text=text, limit=500, skip=len(hits)))
        hits += result.hits
        if not result.more:
            return hits


@cache
def _catalogue() -> Catalogue:
    return default_catalogue()


def states(tx: Transaction) -> list[LogState]:
    """Every log held."""
    return tx.logs.states()


def lines(tx: Transaction, log: LogName) -> list[bytes]:
    """Every record of a log as stored."""
    state = tx.logs.state(log)
    return tx.logs.lines(log, 0, state.frontier.size) if state is not None else []


def twins(tx: Transaction, log: LogName) -> bool:
    """Whether it is known here that two nodes sign this log with one key."""
    return any(found.log.name == log and forks.parse(found.raw).shows_twins for found in tx.governance.forks())


def asides(tx: Transaction) -> list[Aside]:
    """What is kept aside for the origins."""
    return tx.logs.asides()


def every_line(tx: Transaction, log: LogName, counts: Callable[[bytes], bool] = lambda head: True) -> Iterator[bytes]:
    """Every record of a log, in it or aside, under heads that count."""
    state = tx.logs.state(log)
    if state is not None and state.head and counts(state.head):
        yield from lines(tx, log)
    for aside in tx.logs.asides(log):
        if not counts(aside.head):
            continue
        yield from tx.logs.aside_lines(log, aside.epoch, aside.start, aside.size - aside.start)


def allowed_growth(state: LogState, head: Head) -> float:
    """How many records a log may have gained since its first head was held here."""
    hours = max(0, head.time - state.first_time) / 3600
    return limits.GROWTH_BURST + limits.GROWTH_AN_HOUR * hours
