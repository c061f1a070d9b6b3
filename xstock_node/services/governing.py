"""Governing a network: charters drafted, signed and taken; governors vouch for members and speak against them.

Root keys never pass through here: a draft is signed by `xstock network charter sign` where the key is.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.protocol import charter, identity, keys, limits, records
from xstock_node.protocol.charter import Charter, Governor, Needed, Strike, Terms
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.membership import Standing, root_hash
from xstock_node.protocol.names import GOVERNANCE
from xstock_node.protocol.records import Revoke, Vouch
from xstock_node.protocol.recordtypes import Tier
from xstock_node.services.errors import Refusal
from xstock_node.services.fresh import fresh
from xstock_node.services.network import Network
from xstock_node.services.office import Actor, Office
from xstock_node.services.times import iso
from xstock_node.storage.interfaces import Transaction

YEAR = 365 * 86_400


class NetworkName(msgspec.Struct, frozen=True, kw_only=True):
    """One network of this node; empty for the home network."""

    network: str = ""


class CharterText(msgspec.Struct, frozen=True, kw_only=True):
    """A charter note. `hash` is what the operator was told, when this is the first; `identities` of its governors."""

    text: str
    hash: str = ""
    identities: list[str] = []


class CharterView(msgspec.Struct, frozen=True, kw_only=True):
    """A charter at a glance. `hash` is compared by voice and stands in invitations."""

    network: str
    version: int
    hash: str
    issued: str
    expires: str
    governors: dict[str, str]
    need: dict[str, int]
    heartbeat: int
    erase_days: int
    conflict: bool
    text: str


class NetworkView(msgspec.Struct, frozen=True, kw_only=True):
    """A network that this node takes part in."""

    network: str
    log: str
    charter: int
    members: int
    own_state: str
    own_tier: str


class MemberView(msgspec.Struct, frozen=True, kw_only=True):
    """A name and where it stands. `digits` are those of its root key, where its identity is known."""

    name: str
    organisation: str
    tier: str
    state: str
    until: str | None
    vouchers: list[str]
    against: list[str]
    digits: str
    root: str
    next_root: str
    next_from: str | None
    contested: bool


class VouchRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Stand for a name. `digits` are those read out by telephone: they must be those of the identity held."""

    name: str
    network: str = ""
    tier: Tier = "member"
    days: Annotated[int, Meta(ge=1, le=400)] = 365
    digits: str = ""
    root: str = ""


class RevokeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Speak against a name."""

    name: str
    why: str
    network: str = ""


async def list_networks(office: Office, actor: Actor, request: None = None) -> list[NetworkView]:
    """The networks of this node."""
    return [_network_view(network) for network in office.node.networks.values()]


async def show_charter(office: Office, actor: Actor, request: NetworkName) -> CharterView:
    """The newest charter of a network."""
    network = office.node.network(request.network)
    held = network.membership.charter
    if held is None:
        do = "`xstock network found` makes one, `xstock peer join` takes that of others"
        raise Refusal("no-charter", f"a charter of {network.name}", "none: peers are pinned", do)
    return charter_view(held, held.version in network.membership.conflicts)


async def take_charter(office: Office, actor: Actor, request: CharterText) -> CharterView:
    """Take a charter: the first of a network by its hash, later ones because they follow the one held."""
    found = charter.parse(request.text.encode())
    network = await network_of(office, found.network)
    membership = network.membership
    if membership.charter is None:
        if request.hash != found.hash():
            do = "compare it by telephone with a governor, then give it with --hash"
            raise Refusal("unknown-charter", "the hash of this charter, as its governors read it out", found.hash(), do)
        await membership.put_charter(found)
    else:
        await membership.learn_charter(request.text.encode())
    if request.identities:
        await network.learning.learn(office.node.identity.name, request.identities)
    await office.node.engine.write(
        lambda tx: office.record(tx, actor, "charter.take", f"{found.network} {found.version}", found.hash()),
        durable=True,
    )
    return charter_view(found, False)


async def list_members(office: Office, actor: Actor, request: NetworkName) -> list[MemberView]:
    """Everybody of a network and where they stand."""
    network = office.node.network(request.network)
    return [_member_view(office, network, standing) for _, standing in sorted(network.membership.standings().items())]


async def vouch(office: Office, actor: Actor, request: VouchRequest) -> MemberView:
    """Write a vouch into this governor's `net` log."""
    network, held = _as_governor(office, request.network)
    root = await _root_of(office, network, request)
    now = office.node.clock.now()
    found_id, salt = fresh(office.node.random)
    record = Vouch(
        id=found_id,
        ts=now,
        exp=now + request.days * 86_400,
        n=salt,
        name=request.name,
        root=root,
        tier=request.tier,
        charter=held.version,
    )
    await _append(office, network, actor, record, f"{request.tier} of {network.name}")
    standing = network.membership.standing(request.name)
    return _member_view(office, network, standing or Standing(request.name, request.tier, "lapsed", root, 0))


async def revoke(office: Office, actor: Actor, request: RevokeRequest) -> MemberView:
    """Write a revocation into this governor's `net` log."""
    network, _ = _as_governor(office, request.network)
    standing = network.membership.standing(request.name)
    if standing is None:
        raise Refusal(
            "no-member", f"a name that stands in {network.name}", request.name, "see `xstock network members`"
        )
    now = office.node.clock.now()
    found_id, salt = fresh(office.node.random)
    end = max(now + YEAR, min(standing.until, now + limits.GOVERNANCE_MAX))
    record = Revoke(id=found_id, ts=now, exp=end, n=salt, name=request.name, root=standing.root, why=request.why)
    await _append(office, network, actor, record, request.why)
    return _member_view(office, network, network.membership.standing(request.name) or standing)


def draft(network: str, version: int, previous: str, terms: Terms) -> str:
    """The text of a charter that nobody signed yet; raises where its terms do not fit together."""
    charter.check_terms(terms)
    return charter.text(network, version, previous, terms)


def first_terms(governors: list[Governor], now: int, need: Needed | None = None) -> Terms:
    """Terms of a first charter: more than half sign charters and expel, two vouch."""
    half = len(governors) // 2 + 1
    return Terms(
        issued=now,
        expires=now + YEAR,
        governors=tuple(governors),
        need=need or Needed(charter=half, vouch=2, revoke=half),
    )


def next_terms(
    held: Charter, now: int, add: list[Governor], remove: list[str], strikes: list[Strike], need: Needed | None
) -> Terms:
    """Terms of the charter after `held`: governors added and removed, statements struck."""
    known = {g.name for g in held.terms.governors}
    for name in remove:
        if name not in known:
            raise Refusal("no-governor", f"a governor of {held.network}", name, ", ".join(sorted(known)))
    governors = [g for g in held.terms.governors if g.name not in {*remove, *(a.name for a in add)}] + add
    half = len(governors) // 2 + 1
    old = held.terms.need
    kept = Needed(charter=half, vouch=min(old.vouch, len(governors)), revoke=min(max(old.revoke, half), len(governors)))
    return msgspec.structs.replace(
        held.terms,
        issued=now,
        expires=now + YEAR,
        governors=tuple(governors),
        need=need or kept,
        strikes=(*held.terms.strikes, *strikes),
    )


def charter_view(found: Charter, conflict: bool) -> CharterView:
    """A charter for people and programs."""
    terms = found.terms
    return CharterView(
        network=found.network,
        version=found.version,
        hash=found.hash(),
        issued=iso(terms.issued),
        expires=iso(terms.expires),
        governors={g.name: keys.digits(g.name, keys.from_base64(g.root, 32)) for g in terms.governors},
        need={"charter": terms.need.charter, "vouch": terms.need.vouch, "revoke": terms.need.revoke},
        heartbeat=terms.heartbeat,
        erase_days=terms.erase_days,
        conflict=conflict,
        text=found.raw.decode(),
    )


async def network_of(office: Office, name: str) -> Network:
    """The network of that name; this node begins to take part in it where it does not yet."""
    return office.node.networks.get(name) or await office.node.enter(name)


def _as_governor(office: Office, name: str) -> tuple[Network, Charter]:
    network = office.node.network(name)
    held, own = network.membership.charter, office.node.identity
    governor = held.governor(own.name) if held else None
    if held is None or governor is None or keys.from_base64(governor.root, 32) != own.root:
        came = "no charter" if held is None else f"{own.name} is none"
        raise Refusal("no-governor", f"a governor of {network.name}", came, "ask one of its governors")
    return network, held


async def _root_of(office: Office, network: Network, request: VouchRequest) -> str:
    """The root key hash to vouch for: of the application, of the identity held, or as another governor wrote it."""
    if request.root:
        return request.root
    name = network.name
    applied = await office.node.engine.read(lambda tx: tx.governance.applications(name))
    raw = next((a.identity for a in applied if a.name == request.name), None)
    found = identity.parse(raw) if raw else office.node.directory.get(request.name)
    found = found or await _ask_others(network, request.name)
    if found is None:
        do = "let it apply, or give its root key hash with --root"
        raise Refusal("unknown-name", "an applicant or a known name", request.name, do)
    if request.digits and "".join(request.digits.split()) != "".join(found.digits().split()):
        raise Refusal("other-digits", found.digits(), request.digits, "do not vouch: find out whose key this is")
    return root_hash(found.root)


async def _ask_others(network: Network, name: str) -> Identity | None:
    """The identity of an applicant as another governor holds it (xs1 10.2)."""
    for peer in network.gossip.peers.values():
        try:
            found = identity.parse(await peer.ask("GET", f"/xs/1/identity/{name}"))
        except ProtocolError:
            continue
        if found.name == name:
            return found
    return None


async def _append(office: Office, network: Network, actor: Actor, record: Vouch | Revoke, detail: str) -> None:
    try:
        line = records.encode(record)
    except ProtocolError as error:
        raise Refusal("bad-statement", error.expected, error.came, "mend it and try again") from None
    log = await network.own_log(GOVERNANCE)

    def make(tx: Transaction) -> list[bytes]:
        office.record(tx, actor, f"network.{record.__struct_config__.tag}", record.name, detail)
        return [line]

    await log.append(make)
    network.signed(log)
    await network.membership.refresh()


def _network_view(network: Network) -> NetworkView:
    membership, name = network.membership, network.shared.node
    own = membership.standing(name)
    return NetworkView(
        network=network.name,
        log=network.shared.log,
        charter=membership.charter.version if membership.charter else 0,
        members=sum(s.is_member for s in membership.standings().values()),
        own_state=own.state if own else "stranger",
        own_tier=own.tier if own else "",
    )


def _member_view(office: Office, network: Network, standing: Standing) -> MemberView:
    known = office.node.directory.get(standing.name)
    return MemberView(
        name=standing.name,
        organisation=known.title() if known else "",
        tier=standing.tier,
        state=standing.state,
        until=iso(standing.until) if 0 < standing.until < limits.LAST_SECOND else None,
        vouchers=list(standing.vouchers),
        against=list(standing.against),
        digits=known.digits() if known else "",
        root=standing.root,
        next_root=standing.next_root,
        next_from=iso(standing.next_from) if standing.next_from else None,
        contested=bool(known and network.membership.contests(known)),
    )
