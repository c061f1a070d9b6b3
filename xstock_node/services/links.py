"""One-time codes by which a person sets up access: made for one person, used once within a day, kept as a hash.

- a person has at most one code; a new one ends the one before, and so does a role that a second person confirms;
- only who has a role that holds now gets a code or comes in by it;
- after a restore every code has ended;
- whatever is wrong with a code, the answer is the same.
"""

import re
from base64 import b32encode
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from xstock_node.domain import rights
from xstock_node.services import people, sessions
from xstock_node.services.credentials import CREDENTIALS, SESSIONS
from xstock_node.services.door import wrong
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.people import PEOPLE, Link, Name, Person, Token, TokenView
from xstock_node.services.typed import plain
from xstock_node.storage.interfaces import Transaction

LIVES: Final = rights.DAY
_BYTES, _GROUP = 15, 4


class LinkRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A code for a person: for how many days its token will hold, and for which of the person's rights (empty: all)."""

    name: Name
    days: Annotated[int, Meta(ge=1, le=400)] = 90
    scope: list[str] = []


class LinkView(msgspec.Struct, frozen=True, kw_only=True):
    """A code, shown this once, until when it may be used (unix seconds), and where the console is opened with it; that
    is empty where this node has no console.
    """

    name: str
    code: str
    exp: int
    address: str = ""


class EnterRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A code as it was read or typed, and what the token is for, such as the name of a device."""

    code: Annotated[str, Meta(max_length=64)]
    remark: Annotated[str, Meta(max_length=100)] = ""


async def make_link(office: Office, actor: Actor, request: LinkRequest) -> LinkView:
    """A new code for a person whose role holds now; those that a second person confirms get it at the machine alone."""
    people.may_hand_on(actor, request.scope)
    now = office.node.clock.now()
    letters = b32encode(office.node.random.randbytes(_BYTES)).decode().lower()
    code = "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))
    link = Link(
        hash=people.hash_of(letters),
        exp=now + LIVES,
        days=request.days,
        scope=tuple(request.scope),
        by=people.let_in_by(actor),
    )

    def work(tx: Transaction) -> None:
        person = people.held(tx, request.name)
        people.at_the_machine(actor, person, now)
        if not _holds(person, now):
            do = "wait until an approver agrees (`xstock user agree`)"
            raise Refusal("no-grant", "a person with a role that holds now", request.name, do)
        PEOPLE.put(tx, person.name, msgspec.structs.replace(person, link=link), now)
        office.record(tx, actor, "user.link", person.name, f"token of {request.days} days")

    await office.node.engine.write(work, durable=True)
    address = f"{office.settings.console}/sign-in/code?code={code}" if office.settings.console else ""
    return LinkView(name=request.name, code=code, exp=link.exp, address=address)


async def enter(office: Office, actor: Actor, request: EnterRequest) -> TokenView:
    """A token for who brings a code; the code is gone in the same transaction."""
    now, wanted = office.node.clock.now(), people.hash_of(_letters(request.code))
    secret, remark = people.new_secret(office), plain(request.remark, "remark")

    def work(tx: Transaction) -> TokenView:
        person = next((one for one in PEOPLE.list(tx) if one.link is not None and one.link.hash == wanted), None)
        if person is None or person.link is None or person.link.exp <= now or not _holds(person, now):
            raise Refusal(
                "bad-code", "a code of the last 24 hours that nobody used yet", "another", "ask for a new one"
            )
        link = person.link
        exp = now + link.days * rights.DAY
        token = Token(hash=people.hash_of(secret), made=now, exp=exp, scope=link.scope, remark=remark, by=link.by)
        live = [t for t in person.tokens if t.exp > now]
        PEOPLE.put(tx, person.name, msgspec.structs.replace(person, link=None, tokens=(*live, token)), now)
        office.record(tx, Actor(person.name, actor.road), "user.enter", person.name, remark)
        return TokenView(name=person.name, token=secret, exp=exp)

    return await office.node.engine.write(work, durable=True)


def is_known(tx: Transaction, code: str) -> bool:
    """Whether a code is some person's."""
    wanted = people.hash_of(_letters(code))
    return any(one.link is not None and one.link.hash == wanted for one in PEOPLE.list(tx))


def open_session(office: Office, tx: Transaction, secret: str, code: str, device: str) -> None:
    """Begin a session of the console for who brings a code; it holds no longer than the token would, with its scope."""
    now, wanted = office.node.clock.now(), people.hash_of(_letters(code))
    person = next((one for one in PEOPLE.list(tx) if one.link is not None and one.link.hash == wanted), None)
    if person is None or person.link is None or person.link.exp <= now or not _holds(person, now):
        raise wrong()
    link = person.link
    PEOPLE.put(tx, person.name, msgspec.structs.replace(person, link=None), now)
    until = now + link.days * rights.DAY
    sessions.open_(office, tx, secret, person.name, sessions.LINK, device, link.scope, link.by, until)


async def end_codes(office: Office, actor: Actor) -> int:
    """End every code and session, as after a restore: what was used up or ended since the copy would be good again; how
    many codes there were.
    """
    now = office.node.clock.now()

    def work(tx: Transaction) -> int:
        open_ = [person for person in PEOPLE.list(tx) if person.link is not None]
        for person in open_:
            PEOPLE.put(tx, person.name, msgspec.structs.replace(person, link=None), now)
            office.record(tx, actor, "user.link.end", person.name, "restored")
        for ways in CREDENTIALS.list(tx):
            if ways.sheet is not None:
                CREDENTIALS.put(tx, ways.person, msgspec.structs.replace(ways, sheet=None), now)
                office.record(tx, actor, "user.codes.end", ways.person, "restored")
        for session in SESSIONS.list(tx):
            SESSIONS.drop(tx, session.hash)
        return len(open_)

    return await office.node.engine.write(work, durable=True)


def _letters(code: str) -> str:
    """A code without what people put between its letters."""
    return re.sub(r"[\s-]", "", code).lower()


def _holds(person: Person, now: int) -> bool:
    """Whether some role of a person has taken effect."""
    return any(grant.holds(now) for grant in person.grants)
