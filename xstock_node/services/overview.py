"""The node's own state: status, peers, and a round at somebody's word."""

from typing import Literal

import msgspec

from xstock_node import __version__
from xstock_node.protocol import heads, limits
from xstock_node.protocol.errors import ProtocolError
from xstock_node.services import pausing
from xstock_node.services.errors import Refusal
from xstock_node.services.exercises_held import running
from xstock_node.services.node import Node
from xstock_node.services.office import Actor, Office
from xstock_node.services.times import iso
from xstock_node.storage.choosing import Shared
from xstock_node.storage.values import LogState, PeerState


class PeerView(msgspec.Struct, frozen=True, kw_only=True):
    """A pinned peer: who it is, when it was last heard, what is held of its log.

    `up_to_date`: it is known since this node's start to hold what this node signed last.
    """

    name: str
    organisation: str
    country: str
    url: str
    digits: str
    dialled: bool
    last_in: str | None
    last_out: str | None
    epoch: int
    records: int
    offers: int
    defects: int
    frozen: str
    stale: bool
    refusals: int
    last_refusal: str
    up_to_date: bool = False


class StatusView(msgspec.Struct, frozen=True, kw_only=True):
    """This node at a glance. `digest` is equal on nodes that hold the same; `clock_offset` are the seconds that the
    median of the peers' clocks is ahead of this node's, null while fewer than three told their time; `exercises` are
    those that run here. Where several processes share a database, `process` is `leads` or `stands by`, else `alone`.
    """

    node: str
    organisation: str
    version: str
    network: str
    log: str
    exercise: bool
    running: bool
    digits: str
    epoch: int
    records: int
    offers: int
    offers_seen: int
    digest: str
    halted: str
    database_bytes: int
    clock_offset: int | None
    exercises: list[str]
    exercises_paused: str = ""
    process: Literal["alone", "leads", "stands by"] = "alone"
    peers: list[PeerView]


class PeerName(msgspec.Struct, frozen=True, kw_only=True):
    """One peer, by name; empty for all."""

    name: str = ""


class SyncResult(msgspec.Struct, frozen=True, kw_only=True):
    """Which peers answered a round, and why the others did not."""

    answered: list[str]
    silent: dict[str, str]


async def status(office: Office, actor: Actor, request: None = None) -> StatusView:
    """This node at a glance."""
    node = office.node
    digest = node.replicas.digest()  # read first, so that everything else is at least as new
    views = await peers(office, actor, PeerName())
    state = await node.engine.read(lambda tx: tx.logs.state(node.log)) or LogState(node.log)
    now = node.clock.now()
    own = await node.engine.read(lambda tx: tx.offers.count(node.log, now))
    return StatusView(
        node=node.identity.name,
        organisation=node.identity.title(),
        version=__version__,
        network=node.log.network,
        log=node.log.log,
        exercise=node.log.is_exercise,
        running=bool(node.own.head),
        digits=node.identity.digits(),
        epoch=state.epoch,
        records=state.frontier.size,
        offers=own,
        offers_seen=own + sum(view.offers for view in views),
        digest=digest,
        halted=node.own.halted,
        database_bytes=node.engine.size(),
        clock_offset=node.offsets.median(),
        exercises=await node.engine.read(lambda tx: [one.name for one in running(tx)]),
        exercises_paused=(await pausing.show(office, actor)).why_paused,
        process=_process(node),
        peers=views,
    )


def _process(node: Node) -> Literal["alone", "leads", "stands by"]:
    if not isinstance(node.engine, Shared):
        return "alone"
    return "leads" if node.engine.leads else "stands by"


async def peers(office: Office, actor: Actor, request: PeerName) -> list[PeerView]:
    """All pinned peers, or the one named."""
    node, now = office.node, office.node.clock.now()
    states, live = await node.engine.read(lambda tx: (tx.logs.states(), tx.offers.counts(now)))
    held = {state.log: (state, live.get(state.log, 0)) for state in states}
    views = []
    for identity in node.directory:
        if identity.name == node.identity.name or request.name not in ("", identity.name):
            continue
        log = node.log._replace(node=identity.name)
        state, offers = held.get(log, (LogState(log), 0))
        book = await node.peering.state(identity.name)
        url, dialled = identity.url(), identity.name in node.gossip.peers
        view = _view(
            identity.title(), identity.statement.country, url, identity.digits(), dialled, state, book, offers, now
        )
        views.append(msgspec.structs.replace(view, up_to_date=_holds_ours(office, identity.name)))
    if request.name and not views:
        raise Refusal("no-peer", "the name of a pinned peer", request.name, "see `xstock peer list`")
    return sorted(views, key=lambda view: view.name)


def _holds_ours(office: Office, name: str) -> bool:
    """Whether a peer is known to hold all that this node signed for everybody."""
    own, shown = office.node.own.head, office.node.peering.shown_by(name, office.node.log)
    return own is not None and shown is not None and shown >= (own.log.epoch, own.size)


async def sync(office: Office, actor: Actor, request: PeerName) -> SyncResult:
    """One round with a peer, or with all, at once."""
    node = office.node
    chosen = [p for name, p in node.gossip.peers.items() if request.name in ("", name)]
    if request.name and not chosen and node.directory.get(request.name) is not None:
        came = f"{request.name}, which calls here alone or was let in a moment ago"
        do = "wait a minute, then see `xstock peer list`"
        raise Refusal("not-dialled", "a peer that this node calls", came, do)
    if request.name and not chosen:
        raise Refusal("no-peer", "a peer that is dialled while the node runs", request.name, "see `xstock peer list`")
    answered, silent = [], {}
    for peer in chosen:
        try:
            await node.gossip.round(peer, node.clock.now())
            answered.append(peer.name)
        except ProtocolError as error:
            silent[peer.name] = error.sentence()
    return SyncResult(answered=answered, silent=silent)


def _view(
    organisation: str,
    country: str,
    url: str,
    digits: str,
    dialled: bool,
    state: LogState,
    book: PeerState,
    offers: int,
    now: int,
) -> PeerView:
    return PeerView(
        name=state.log.node,
        organisation=organisation,
        country=country,
        url=url,
        digits=digits,
        dialled=dialled,
        last_in=iso(book.last_in) if book.last_in else None,
        last_out=iso(book.last_out) if book.last_out else None,
        epoch=heads.parse(state.head)[0].log.epoch if state.head else 0,
        records=state.frontier.size,
        offers=offers,
        defects=state.defects,
        frozen=state.frozen,
        stale=now - state.heard > limits.STALE_AFTER,
        refusals=book.refusals,
        last_refusal=book.last_refusal,
    )
