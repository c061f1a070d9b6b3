"""`xstock user sessions`, `sign-out`, `ways`, `codes`, `end-token`: by what people come in, and where they are."""

from pathlib import Path

import click

from xstock_node.cli.output import emit, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.cli.user import user
from xstock_node.services.duty_codes import CodesView
from xstock_node.services.session_desk import Ended, SessionView, Some, WaysView
from xstock_node.services.tokens import TokenId, TokenLine
from xstock_node.services.ways import OfWhom


@user.command("sessions")
@click.argument("name")
@verb
async def sessions(as_json: bool, home: Path | None, name: str) -> None:
    """Where a person is signed in at the console."""
    async with open_session(home) as session:
        emit(await session.call("session.list", OfWhom(name=name)), as_json, _sessions)


@user.command("sign-out")
@click.argument("name")
@click.option("--id", "id_", default="", help="One session by its id; all of the person's by default.")
@verb
async def sign_out(as_json: bool, home: Path | None, name: str, id_: str) -> None:
    """Sign a person out at the console, on one device or everywhere."""
    async with open_session(home) as session:
        emit(await session.call("session.end", Some(name=name, id=id_)), as_json, _ended)


@user.command("ways")
@click.argument("name")
@verb
async def ways(as_json: bool, home: Path | None, name: str) -> None:
    """By what a person may come in: password, passkeys, paper codes, tokens; no secret of them."""
    async with open_session(home) as session:
        emit(await session.call("user.ways", OfWhom(name=name)), as_json, _ways)


@user.command("codes")
@click.argument("name")
@verb
async def codes(as_json: bool, home: Path | None, name: str) -> None:
    """Ten one-time codes for paper, shown once; the sheet before ends."""
    async with open_session(home) as session:
        emit(await session.call("user.codes", OfWhom(name=name)), as_json, _codes)


@user.command("end-token")
@click.argument("name")
@click.option("--id", "id_", required=True, help="The token by its id, as `user ways` lists it.")
@verb
async def end_token(as_json: bool, home: Path | None, name: str, id_: str) -> None:
    """End a token of a person."""
    async with open_session(home) as session:
        emit(await session.call("user.token.end", TokenId(name=name, id=id_)), as_json, _token)


def _sessions(found: list[SessionView]) -> str:
    rows = [(one.id, one.how, one.device, one.made, one.seen, one.until) for one in found]
    if not rows:
        return words("user.no-sessions", "signed in nowhere")
    return table(("id", "by", "device", "since", "last used", "until"), rows)


def _ended(found: Ended) -> str:
    return words("user.signed-out", "{count} sessions ended", count=found.count)


def _ways(found: WaysView) -> str:
    rows = [("passkey", key.id, key.label, key.made, key.used) for key in found.passkeys]
    rows += [("token", token.id, token.remark, token.made, token.until) for token in found.tokens]
    if found.password:
        rows.append(("password", "", "", found.password, ""))
    if found.codes_made:
        left = words("user.codes-left", "{count} left", count=found.codes_left)
        rows.append(("paper codes", "", left, found.codes_made, ""))
    if not rows:
        return words("user.no-ways", "none: `xstock user link {name}` lets the person in", name=found.name)
    return table(("way in", "id", "", "since", "last used, or until"), rows)


def _codes(found: CodesView) -> str:
    said = (
        "{name}: each code is good once, at the console under `with a code`, and signs this name in for {hours} hours."
    )
    head = words("user.codes-head", said, name=found.name, hours=found.hours)
    lines = [f"{one.number:>2}  {one.code}" for one in found.codes]
    last = words("user.codes-last", "Print or copy them now: they are not shown again, and the sheet before has ended.")
    return "\n".join([head, "", *lines, "", last])


def _token(found: TokenLine) -> str:
    return words("user.token-ended", "the token {remark} ({id}) is over", remark=found.remark, id=found.id)
