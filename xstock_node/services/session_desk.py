"""Sessions and ways in as people list and end them: one's own, or another's by who may let people in."""

from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.services import own_ways, people, sessions
from xstock_node.services.credentials import SESSIONS, Session, sessions_of, ways_of
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.times import iso
from xstock_node.services.tokens import TokenLine, token_line
from xstock_node.services.ways import OfWhom, whose
from xstock_node.storage.interfaces import Transaction


class Some(OfWhom, frozen=True, kw_only=True):
    """One of them by its id, or all where that is empty."""

    id: Annotated[str, Meta(max_length=40)] = ""


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session: on which device, how signed in (`passkey`, `password`, `account`, `link`, `code`), since when, when it
    was last used, until when.
    """

    id: str
    name: str
    device: str
    how: str
    made: str
    seen: str
    until: str


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How many ended."""

    count: int


class PasskeyLine(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey by the person's word for it; `used` is empty where it never was."""

    id: str
    label: str
    made: str
    used: str


class AccountLine(msgspec.Struct, frozen=True, kw_only=True):
    """An account elsewhere by the name that people know; `used` is empty where it never was."""

    id: str
    provider: str
    label: str
    made: str
    used: str


class WaysView(msgspec.Struct, frozen=True, kw_only=True):
    """The ways in of a person: since when a password (empty: none), passkeys, accounts elsewhere, paper codes and since
    when, tokens.
    """

    name: str
    password: str
    passkeys: list[PasskeyLine]
    accounts: list[AccountLine]
    codes_left: int
    codes_made: str
    tokens: list[TokenLine]


async def list_sessions(office: Office, actor: Actor, request: OfWhom) -> list[SessionView]:
    """The sessions of a person that are not over, the newest first."""
    name, now = whose(office, actor, request), office.node.clock.now()

    def work(tx: Transaction) -> list[SessionView]:
        people.held(tx, name)
        return [_view(session) for session in sessions_of(tx, name) if not sessions.is_over(session, now)]

    return await office.node.engine.read(work)


async def end_sessions(office: Office, actor: Actor, request: Some) -> Ended:
    """Sign a person out, on one device or everywhere."""
    name, now = whose(office, actor, request), office.node.clock.now()

    def work(tx: Transaction) -> Ended:
        people.held(tx, name)
        live = [s for s in sessions_of(tx, name) if not sessions.is_over(s, now)]
        chosen = [s for s in live if request.id in ("", sessions.id_of(s))]
        if request.id and not chosen:
            raise Refusal("no-session", "the id of a session", request.id, "see `xstock user sessions`")
        for session in chosen:
            SESSIONS.drop(tx, session.hash)
            office.record(tx, actor, "user.sign-out", name, session.device)
        return Ended(count=len(chosen))

    return await office.node.engine.write(work, durable=True)


async def show_ways(office: Office, actor: Actor, request: OfWhom) -> WaysView:
    """By what a person may come in; no secret of it."""
    name, now = whose(office, actor, request), office.node.clock.now()

    def work(tx: Transaction) -> WaysView:
        person, held = people.held(tx, name), ways_of(tx, name)
        sheet = held.sheet
        return WaysView(
            name=name,
            password=_time(held.password.made if held.password else 0),
            passkeys=[
                PasskeyLine(id=own_ways.name_of(k), label=k.label, made=iso(k.made), used=_time(k.used))
                for k in held.passkeys
            ],
            accounts=[
                AccountLine(id=a.id, provider=a.provider, label=a.label, made=iso(a.made), used=_time(a.used))
                for a in held.accounts
            ],
            codes_left=sum(not code.used for code in sheet.codes) if sheet else 0,
            codes_made=_time(sheet.made if sheet else 0),
            tokens=[token_line(token) for token in person.tokens if token.exp > now],
        )

    return await office.node.engine.read(work)


def _view(session: Session) -> SessionView:
    return SessionView(
        id=sessions.id_of(session),
        name=session.person,
        device=session.device,
        how=session.how,
        made=iso(session.made),
        seen=iso(session.seen),
        until=iso(min(session.exp, session.seen + sessions.IDLE)),
    )


def _time(moment: int) -> str:
    return iso(moment) if moment else ""
