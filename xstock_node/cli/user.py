"""`xstock user`: the people of this node, their roles, one-time codes and tokens."""

from pathlib import Path

import click

from xstock_node.cli.output import emit, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.domain.rights import Role
from xstock_node.services.links import EnterRequest, LinkRequest, LinkView
from xstock_node.services.people import GlassRequest, PersonName, PersonRequest, PersonView, TokenView
from xstock_node.services.times import iso
from xstock_node.services.tokens import TokenRequest

ROLES = click.Choice([role.value for role in Role])


@click.group("user")
def user() -> None:
    """People of this node: roles, where they hold, tokens."""


@user.command("list")
@verb
async def list_(as_json: bool, home: Path | None) -> None:
    """Everybody and their roles."""
    async with open_session(home) as session:
        emit(await session.call("user.list"), as_json, _people)


@user.command("add")
@click.argument("name")
@click.option("--role", type=ROLES, required=True, help="The first role.")
@click.option("--site", "sites", multiple=True, help="Where it holds; the whole organisation by default.")
@click.option("--function", default="", help="What other nodes see instead of a name, such as duty desk.")
@verb
async def add(as_json: bool, home: Path | None, name: str, role: str, sites: tuple[str, ...], function: str) -> None:
    """A new person with a first role."""
    request = PersonRequest(name=name, role=Role(role), sites=list(sites), function=function)
    async with open_session(home) as session:
        emit(await session.call("user.add", request), as_json, lambda p: _people([p]))


@user.command("role")
@click.argument("name")
@click.option("--role", type=ROLES, required=True, help="One more role.")
@click.option("--site", "sites", multiple=True, help="Where it holds; the whole organisation by default.")
@verb
async def role(as_json: bool, home: Path | None, name: str, role: str, sites: tuple[str, ...]) -> None:
    """One more role for a person."""
    request = PersonRequest(name=name, role=Role(role), sites=list(sites))
    async with open_session(home) as session:
        emit(await session.call("user.role", request), as_json, lambda p: _people([p]))


@user.command("agree")
@click.argument("name")
@verb
async def agree(as_json: bool, home: Path | None, name: str) -> None:
    """As an approver: let the waiting roles of a person hold now."""
    async with open_session(home) as session:
        emit(await session.call("user.agree", PersonName(name=name)), as_json, lambda p: _people([p]))


@user.command("break-glass")
@click.option("--reason", required=True, help="Why; it stays in the list of acts.")
@verb
async def break_glass(as_json: bool, home: Path | None, reason: str) -> None:
    """In need: take a duty officer's rights for an hour, alone; everybody of this node is told at once."""
    async with open_session(home) as session:
        emit(await session.call("user.break-glass", GlassRequest(reason=reason)), as_json, lambda p: _people([p]))


@user.command("remove")
@click.argument("name")
@verb
async def remove(as_json: bool, home: Path | None, name: str) -> None:
    """End a person's rights and tokens."""
    async with open_session(home) as session:
        found = await session.call("user.remove", PersonName(name=name))
    emit(found, as_json, lambda p: words("user.removed", "{name} has no rights here any more", name=p.name))


@user.command("token")
@click.argument("name")
@click.option("--days", type=click.IntRange(1, 400), default=90, help="How long it holds.")
@click.option("--scope", multiple=True, help="Only these of the person's rights; several times.")
@click.option("--remark", default="", help="What it is for.")
@verb
async def token(as_json: bool, home: Path | None, name: str, days: int, scope: tuple[str, ...], remark: str) -> None:
    """A token for a person, shown once; give it to programs in XSTOCK_TOKEN."""
    request = TokenRequest(name=name, days=days, scope=list(scope), remark=remark)
    async with open_session(home) as session:
        emit(await session.call("user.token", request), as_json, _token)


@user.command("link")
@click.argument("name")
@click.option("--days", type=click.IntRange(1, 400), default=90, help="How long the person's token will hold.")
@click.option("--scope", multiple=True, help="Only these of the person's rights; several times.")
@verb
async def link(as_json: bool, home: Path | None, name: str, days: int, scope: tuple[str, ...]) -> None:
    """A one-time code by which a person sets up access within 24 hours, shown once."""
    request = LinkRequest(name=name, days=days, scope=list(scope))
    async with open_session(home) as session:
        emit(await session.call("user.link", request), as_json, _link)


@user.command("enter")
@click.option("--code", default="", help="The one-time code; asked for, unseen, where it is left out.")
@click.option("--remark", default="", help="What the token is for, such as a device.")
@verb
async def enter(as_json: bool, home: Path | None, code: str, remark: str) -> None:
    """Exchange a one-time code of `user link` for a token; the code is good for nothing afterwards."""
    asked = code or click.prompt(words("user.code", "code"), hide_input=True, err=True)
    async with open_session(home) as session:
        emit(await session.call("user.enter", EnterRequest(code=asked, remark=remark)), as_json, _token)


def _people(found: list[PersonView]) -> str:
    rows = []
    for person in found:
        for grant in person.grants:
            where = ", ".join(grant.sites) or words("user.everywhere", "everywhere")
            holds = words("user.holds", "holds") if grant.holds else words("user.waits", "waits for an approver")
            rows.append((person.name, grant.role, where, holds, person.tokens))
    return table(("name", "role", "where", "", "tokens"), rows) if rows else words("user.none", "nobody yet")


def _token(found: TokenView) -> str:
    return words("user.token", "{token}\n(for {name}; it is not shown again)", token=found.token, name=found.name)


def _link(found: LinkView) -> str:
    said = words(
        "user.link",
        "{code}\n(for {name}, once, until {until}: `xstock user enter`, or POST /api/1/people/enter; not shown again)",
        code=found.code,
        name=found.name,
        until=iso(found.exp),
    )
    return f"{said}\n{found.address}" if found.address else said


import xstock_node.cli.user_ways  # noqa: E402, F401 - adds its verbs to the group above
