"""Peers and networks: who is trusted, how far each is behind, who belongs, who wants to."""

import msgspec

from xstock_node.console.acts import routed, told
from xstock_node.console.drawings import draw_peers
from xstock_node.console.page import Ask, Column, Field, Page, Press, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.services.enrolment import ApplicationsAsked, ApplicationView
from xstock_node.services.errors import Refusal
from xstock_node.services.governing import CharterView, MemberView, NetworkName, NetworkView
from xstock_node.services.overview import PeerView, StatusView


class PeersView(msgspec.Struct, frozen=True, kw_only=True):
    """The peers, and this node at a glance."""

    status: StatusView
    peers: list[PeerView]


async def _peers(visit: Visit, asked: None) -> PeersView:
    status = await visit.ask("status")
    return PeersView(status=status, peers=status.peers)


PEERS = Page(
    "peers",
    "/peers",
    mark("Peers"),
    "see",
    _peers,
    acts={
        "sync": told("peer.sync"),
        "test": told("peer.test"),
        "invite": told("peer.invite"),
        "join": told("peer.join"),
    },
    tables={
        "peers": Table(
            mark("Peers"),
            (
                Column("organisation", mark("Organisation")),
                Column("name", mark("Node"), "code"),
                Column("country", mark("Country")),
                Column("digits", mark("Digits to compare"), "code"),
                Column("offers", mark("Offers"), "number"),
                Column("last_in", mark("Heard"), "when"),
                Column("last_out", mark("Reached"), "when"),
                Column("stale", mark("Silent"), "yes"),
                Column("last_refusal", mark("Why"), "record"),
            ),
            lambda view: view.peers,
            mark("No peer yet. Ask a governor for an invitation, or pin one in the settings."),
            (
                Press("sync", mark("Call now"), ("name",), "operate"),
                Press("test", mark("Test"), ("name",), "operate"),
            ),
        )
    },
    asking=(
        Ask(
            "invite",
            mark("Invite a node"),
            mark("Make an invitation"),
            (Field("remark", mark("For whom")), Field("days", mark("Days"), "number", "14")),
            "govern",
        ),
        Ask(
            "join",
            mark("Join by an invitation"),
            mark("Apply"),
            (
                Field("invite", mark("Invitation"), "area", required=True),
                Field("contact", mark("Contact"), hint=mark("A duty desk, never a person."), required=True),
                Field("digits", mark("The sponsor's 24 digits, as read out by telephone")),
            ),
            "operate",
        ),
    ),
    draws={"peers": lambda visit, view: draw_peers(view.peers, visit.words)},
    group="partners",
    shape="plain",
)


class NetworkPage(msgspec.Struct, frozen=True, kw_only=True):
    """A network: its charter (null where there is none), its members, and who applies; `exercise` where it is one."""

    exercise: bool
    networks: list[NetworkView]
    charter: CharterView | None
    members: list[MemberView]
    applications: list[ApplicationView]


async def _network(visit: Visit, asked: NetworkName) -> NetworkPage:
    try:
        charter = await visit.ask("network.charter", asked)
    except Refusal:
        charter = None
    return NetworkPage(
        exercise=visit.office.node.network(asked.network).shared.is_exercise,
        networks=await visit.ask("network.list"),
        charter=charter,
        members=await visit.ask("network.members", asked),
        applications=await visit.ask("network.applications", ApplicationsAsked(network=asked.network)),
    )


NETWORK = Page(
    "network",
    "/network",
    mark("Network"),
    "see",
    _network,
    asks=NetworkName,
    acts={
        "vouch": routed("network.vouch", "/network"),
        "revoke": routed("network.revoke", "/network"),
        "apply": told("network.apply"),
    },
    tables={
        "networks": Table(
            mark("Networks"),
            (
                Column("network", mark("Network"), "text", "/network?network={network}"),
                Column("members", mark("Members"), "number"),
                Column("charter", mark("Charter"), "number"),
                Column("own_state", mark("We are"), "standing"),
                Column("own_tier", mark("Tier"), "said-tier"),
            ),
            lambda view: view.networks,
        ),
        "members": Table(
            mark("Members"),
            (
                Column("organisation", mark("Organisation")),
                Column("name", mark("Node"), "code"),
                Column("tier", mark("Tier"), "said-tier"),
                Column("state", mark("State"), "standing"),
                Column("until", mark("Until"), "when"),
                Column("vouchers", mark("Vouched for by")),
                Column("against", mark("Spoken against by")),
                Column("digits", mark("Digits"), "code"),
            ),
            lambda view: view.members,
            mark("No member yet."),
        ),
        "applications": Table(
            mark("Applications"),
            (
                Column("organisation", mark("Organisation")),
                Column("name", mark("Node"), "code"),
                Column("country", mark("Country")),
                Column("kind", mark("Kind"), "said-applicant"),
                Column("at", mark("Since"), "when"),
                Column("sponsor", mark("Sponsor"), "node"),
                Column("state", mark("State"), "said-application"),
                Column("digits", mark("Digits"), "code"),
            ),
            lambda view: view.applications,
            mark("Nobody wants to join."),
        ),
    },
    asking=(
        Ask(
            "apply",
            mark("Apply for membership"),
            mark("Make an application"),
            (
                Field("sponsor", mark("Sponsor"), required=True),
                Field("contact", mark("Contact"), hint=mark("A duty desk, never a person."), value="duty officer"),
                Field("post", mark("Send it to the sponsor at once"), "yes"),
            ),
            "operate",
        ),
        Ask(
            "vouch",
            mark("Stand for a name"),
            mark("Sign and vouch"),
            (
                Field("name", mark("Node"), required=True),
                Field("digits", mark("Its 24 digits, as read out by telephone")),
                Field("tier", mark("Tier")),
            ),
            "govern",
            mark("I compared the digits by voice"),
        ),
        Ask(
            "revoke",
            mark("Speak against a name"),
            mark("Sign and revoke"),
            (Field("name", mark("Node"), required=True), Field("why", mark("Why"), required=True)),
            "govern",
            mark("I know that this ends its membership"),
        ),
    ),
    group="partners",
    shape="plain",
)
