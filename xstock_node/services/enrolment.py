"""Joining a network: invitations, applications, and the sponsor's side of both.

Whoever joins compares 24 digits with the sponsor by telephone, in both directions; what travels by wire proves only
that it is the same party as before.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.domain.towns import Town
from xstock_node.protocol import charter, identity, limits
from xstock_node.protocol.charter import Charter
from xstock_node.protocol.decode import decode
from xstock_node.protocol.errors import BadSignature, ProtocolError
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.membership import root_hash
from xstock_node.protocol.recordtypes import Hash, NodeName, Time
from xstock_node.services.enrolling import ApplicationBody, take, token_hash
from xstock_node.services.errors import Refusal
from xstock_node.services.governing import NetworkName, network_of
from xstock_node.services.network import Network
from xstock_node.services.office import Actor, Office
from xstock_node.services.times import iso
from xstock_node.services.towns import TOWNS
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Application, Invite

PREFIX = "xs1-invite:"
DAY = 86_400


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """What an invitation says: which network, by which charter, who invites and where, a token that is used once."""

    network: Annotated[str, Meta(max_length=32)]
    charter: Hash
    version: int
    name: NodeName
    root: Hash
    url: Annotated[str, Meta(max_length=200)]
    token: Annotated[str, Meta(max_length=64)]
    exp: Time


class InviteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Invite somebody; `remark` is for this node's own people."""

    network: str = ""
    remark: str = ""
    days: Annotated[int, Meta(ge=1, le=90)] = 14


class InviteView(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation to hand over, and the digits that both sides compare."""

    invite: str
    network: str
    expires: str
    digits: str


class JoinRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Join by an invitation; `digits` are those that the sponsor read out."""

    invite: str
    contact: str = "duty officer"
    digits: str = ""


class JoinView(msgspec.Struct, frozen=True, kw_only=True):
    """How far joining has come. Both sides compare the digits by telephone."""

    network: str
    sponsor: str
    sponsor_digits: str
    own_digits: str
    charter: int
    state: str


class ApplyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Make an application: for a file, or posted to a sponsor that is known."""

    sponsor: str
    network: str = ""
    contact: str = "duty officer"
    post: bool = False


class ApplicationFile(msgspec.Struct, frozen=True, kw_only=True):
    """An application as text, to be carried to a governor, and what became of it where it was posted."""

    text: str
    state: str = "written"


class ApplicationsAsked(NetworkName, frozen=True, kw_only=True):
    """Who waits; with `all` also towns that were sponsored, refused, or left."""

    all: bool = False


class ApplicationView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who wants to join. Compare the digits by telephone before you vouch.

    `kind` is node, or what a town says that it is which applied by the public form: its `id` is what the other verbs
    take, `tier` what it asks for, or what it was given.
    """

    name: str
    organisation: str
    country: str
    network: str
    at: str
    sponsor: str
    contact: str
    invited: bool
    digits: str
    id: str = ""
    kind: str = "node"
    state: str = "waiting"
    tier: str = ""


async def invite(office: Office, actor: Actor, request: InviteRequest) -> InviteView:
    """Make an invitation whose token is good for one application."""
    network = office.node.network(request.network)
    held, own, now = network.membership.charter, office.node.identity, office.node.clock.now()
    if held is None:
        raise Refusal("no-charter", f"a charter of {network.name}", "none", "`xstock network found` makes one")
    if not own.url():
        raise Refusal("no-url", "a URL in this node's identity", "none", "an application can be carried as a file")
    token = urlsafe_b64encode(office.node.random.randbytes(18)).decode()
    row = Invite(network.name, token_hash(token), now, now + request.days * DAY, request.remark, "")

    def work(tx: Transaction) -> None:
        tx.governance.put_invite(row)
        office.record(tx, actor, "peer.invite", network.name, request.remark)

    await office.node.engine.write(work, durable=True)
    found = Invitation(
        network=network.name,
        charter=held.hash(),
        version=held.version,
        name=own.name,
        root=root_hash(own.root),
        url=own.url(),
        token=token,
        exp=row.exp,
    )
    text = PREFIX + urlsafe_b64encode(msgspec.json.encode(found)).decode()
    return InviteView(invite=text, network=network.name, expires=iso(row.exp), digits=own.digits())


async def join(office: Office, actor: Actor, request: JoinRequest) -> JoinView:
    """Take the charter and the sponsor's identity that an invitation stands for, and apply."""
    invitation = read_invitation(request.invite, office.node.clock.now())
    sponsor = await _sponsor(office, invitation)
    if request.digits and "".join(request.digits.split()) != "".join(sponsor.digits().split()):
        raise Refusal("other-digits", sponsor.digits(), request.digits, "nothing was taken: ask who reads them out")
    charters = await _charters(office, invitation)
    network = await network_of(office, invitation.network)
    for found in charters:
        if network.membership.charter is None or network.membership.charter.version < found.version:
            await network.membership.put_charter(found)
    await network.learning.learn(sponsor.name, [sponsor.raw.decode()])
    body = _application(office, network, sponsor.name, request.contact, invitation.token)
    answer = await office.node.outside.ask_openly("POST", f"{invitation.url}/xs/1/apply", msgspec.json.encode(body))
    state = str(decode(answer, dict[str, str], limits.SMALL_BODY).get("state", "waiting"))
    await office.node.engine.write(
        lambda tx: office.record(tx, actor, "peer.join", network.name, sponsor.name), durable=True
    )
    return JoinView(
        network=network.name,
        sponsor=sponsor.name,
        sponsor_digits=sponsor.digits(),
        own_digits=office.node.identity.digits(),
        charter=charters[-1].version,
        state=state,
    )


async def apply(office: Office, actor: Actor, request: ApplyRequest) -> ApplicationFile:
    """An application as a file, and posted to its sponsor where asked for."""
    network = office.node.network(request.network)
    body = msgspec.json.encode(_application(office, network, request.sponsor, request.contact, ""))
    if not request.post:
        return ApplicationFile(text=body.decode())
    sponsor = office.node.directory.get(request.sponsor)
    if sponsor is None or not sponsor.url():
        raise Refusal("unknown-sponsor", "a sponsor whose URL is known", request.sponsor, "carry the file instead")
    answer = await office.node.outside.ask_openly("POST", f"{sponsor.url()}/xs/1/apply", body)
    return ApplicationFile(text=body.decode(), state=str(decode(answer, dict[str, str], limits.SMALL_BODY)["state"]))


async def take_application(office: Office, actor: Actor, request: ApplicationFile) -> ApplicationView:
    """Take an application that was carried here as a file."""
    body = decode(request.text.encode(), ApplicationBody, limits.APPLICATION)
    taken = await take(office.node, body)
    return _view(taken)


async def list_applications(office: Office, actor: Actor, request: ApplicationsAsked) -> list[ApplicationView]:
    """Who wants to join, nodes and towns; the towns are those of the home network."""
    network = office.node.network(request.network)
    found = await office.node.engine.read(lambda tx: tx.governance.applications(network.name))
    nodes = [_view(a) for a in found if not network.membership.is_member(a.name)]
    held = await office.node.engine.read(TOWNS.list) if network is office.node.home else []
    towns = [_of_town(office, one) for one in held if request.all or one.state == "waiting"]
    return [*nodes, *sorted(towns, key=lambda one: (one.at, one.id))]


def read_invitation(text: str, now: int) -> Invitation:
    """An invitation as it was handed over; it must not have expired."""
    try:
        raw = urlsafe_b64decode(text.strip().removeprefix(PREFIX).encode("ascii", "replace"))
        found = decode(raw, Invitation, limits.APPLICATION)
    except (ValueError, ProtocolError) as error:
        expected = "an invitation as `xstock peer invite` prints it"
        raise Refusal("bad-invite", expected, str(error), "copy it whole") from None
    if found.exp < now:
        raise Refusal("old-invite", "an invitation that still holds", f"expired {iso(found.exp)}", "ask for a new one")
    return found


async def _sponsor(office: Office, invitation: Invitation) -> Identity:
    url = f"{invitation.url}/xs/1/id/{invitation.name}"
    raw = await office.node.outside.ask_openly("GET", url, most=limits.IDENTITY_NOTE)
    found = identity.parse(raw)
    if (found.name, root_hash(found.root)) != (invitation.name, invitation.root):
        raise BadSignature(f"the identity of {invitation.name} that the invitation names", found.name, "do not join")
    return found


async def _charters(office: Office, invitation: Invitation) -> list[Charter]:
    """Every version of the charter up to the one that the invitation names, each following the one before.

    See xs1 13.8.
    """
    found: list[Charter] = []
    for version in range(1, invitation.version + 1):
        url = f"{invitation.url}/xs/1/charter/{invitation.network}/{version}"
        new = charter.parse(await office.node.outside.ask_openly("GET", url, most=limits.CHARTER_NOTE))
        if found:
            charter.check_successor(found[-1], new)
        found.append(new)
    if not found or found[-1].hash() != invitation.charter or found[-1].network != invitation.network:
        raise BadSignature(
            "the charter that the invitation names", found[-1].hash() if found else "none", "do not join"
        )
    return found


def _application(office: Office, network: Network, sponsor: str, contact: str, token: str) -> ApplicationBody:
    raw = office.node.identity.raw.decode()
    return ApplicationBody(network=network.name, identity=raw, sponsor=sponsor, contact=contact, token=token)


def _view(application: Application) -> ApplicationView:
    found = identity.parse(application.identity)
    return ApplicationView(
        name=found.name,
        organisation=found.title(),
        country=found.statement.country,
        network=application.network,
        at=iso(application.at),
        sponsor=application.sponsor,
        contact=application.contact,
        invited=application.invited,
        digits=found.digits(),
    )


def _of_town(office: Office, town: Town) -> ApplicationView:
    said = town.said
    return ApplicationView(
        name=said.node or said.name,
        organisation=said.name,
        country=said.country,
        network=office.node.home.name,
        at=iso(town.at),
        sponsor=office.node.identity.name,
        contact=said.contact,
        invited=False,
        digits=said.digits,
        id=town.id,
        kind=said.kind,
        state=town.state,
        tier=town.tier or said.tier,
    )
