"""`xstock peer`: the nodes that this one knows, and a round with them at once."""

from pathlib import Path

import click
import msgspec

from xstock_node.cli.output import emit, pairs, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.services import enrolment
from xstock_node.services.overview import PeerName, PeerView


@click.group("peer")
def peer() -> None:
    """The nodes that this one knows."""


@peer.command("list")
@verb
async def list_(as_json: bool, home: Path | None) -> None:
    """Pinned peers and when they were last heard."""
    async with open_session(home) as session:
        emit(await session.call("peer.list", PeerName()), as_json, _peers)


@peer.command("show")
@click.argument("name")
@verb
async def show(as_json: bool, home: Path | None, name: str) -> None:
    """All that is known of peer NAME."""
    async with open_session(home) as session:
        found = (await session.call("peer.list", PeerName(name=name)))[0]
    emit(found, as_json, lambda p: pairs(msgspec.structs.asdict(p).items()))


@peer.command("sync")
@click.argument("name", required=False, default="")
@verb
async def sync(as_json: bool, home: Path | None, name: str) -> None:
    """One round with peer NAME, or with all, now; the node has to run. Ends with 1 when one is silent."""
    async with open_session(home) as session:
        result = await session.call("peer.sync", PeerName(name=name))
    lines = [words("peer.answered", "{name}: answered", name=name) for name in result.answered]
    lines += [words("peer.silent", "{name}: {why}", name=name, why=why) for name, why in result.silent.items()]
    nobody = words("peer.nobody", "no peer is dialled: does the node run?")
    emit(result, as_json, lambda _: "\n".join(lines) or nobody)
    if result.silent:
        raise click.exceptions.Exit(1)


@peer.command("test")
@click.argument("name")
@verb
async def test(as_json: bool, home: Path | None, name: str) -> None:
    """Check peer NAME before the disaster: line, certificate, clock, signature, way back. Ends with 1 on an error."""
    async with open_session(home) as session:
        lines = await session.call("peer.test", PeerName(name=name))
    rows = [(line.check, line.state, line.found, line.do) for line in lines]
    emit(lines, as_json, lambda _: table(("check", "state", "found", "what to do"), rows))
    if any(line.state == "error" for line in lines):
        raise click.exceptions.Exit(1)


@peer.command("invite")
@click.option("--network", default="", help="The network; the home network by default.")
@click.option("--remark", default="", help="For whom it is; for this node's own people.")
@click.option("--days", default=14, help="How long it holds, at most 90.")
@verb
async def invite(as_json: bool, home: Path | None, network: str, remark: str, days: int) -> None:
    """An invitation to hand over; good for one application."""
    async with open_session(home) as session:
        request = enrolment.InviteRequest(network=network, remark=remark, days=days)
        made = await session.call("peer.invite", request)
    emit(made, as_json, _invitation)


@peer.command("join")
@click.argument("invite")
@click.option("--contact", default="duty officer", help="A function that answers the telephone, no person.")
@click.option("--digits", default="", help="The sponsor's 24 digits as read out by telephone.")
@verb
async def join(as_json: bool, home: Path | None, invite: str, contact: str, digits: str) -> None:
    """Join a network by INVITE: take its charter and apply to the sponsor."""
    async with open_session(home) as session:
        request = enrolment.JoinRequest(invite=invite, contact=contact, digits=digits)
        emit(await session.call("peer.join", request), as_json, _joined)


def _invitation(made: enrolment.InviteView) -> str:
    lines = [
        made.invite,
        words("invite.until", "holds until {when}", when=made.expires),
        words("invite.digits", "read these to them by telephone: {digits}", digits=made.digits),
    ]
    return "\n".join(lines)


def _joined(view: enrolment.JoinView) -> str:
    lines = [
        words("join.state", "{network}: {state}, charter {charter}", **msgspec.structs.asdict(view)),
        words("join.theirs", "{sponsor} reads out:  {sponsor_digits}", **msgspec.structs.asdict(view)),
        words("join.ours", "you read out:  {own_digits}", own_digits=view.own_digits),
    ]
    return "\n".join(lines)


def _peers(views: list[PeerView]) -> str:
    rows = [
        (v.name, v.organisation, v.country, v.offers, v.records, v.last_in or words("value.never", "never"), _mark(v))
        for v in views
    ]
    return table(("name", "organisation", "in", "offers", "records", "called us", ""), rows)


def _mark(view: PeerView) -> str:
    return words("mark.stale", "stale") if view.stale else ""
