"""The people of a node: who may do what and where, by grants; and the tokens by which they are known.

A token is shown once and kept as its hash. The operator on the node's own socket holds every right, as whoever may
open that socket may open the data folder.
"""

import hashlib
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.domain import duty, rights
from xstock_node.domain.duty import Roster
from xstock_node.domain.reasons import Reason, sentence
from xstock_node.domain.rights import Grant, Role, rights_of
from xstock_node.protocol.recordtypes import ShortText
from xstock_node.services import credentials
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.services.typed import plain
from xstock_node.storage.interfaces import Transaction

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}(?!\n)$")]


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token by its hash; `scope` narrows the rights of its person, empty for all of them.

    `by`: who let the person in, empty for the operator at the machine.
    """

    hash: str
    made: int
    exp: int
    scope: tuple[str, ...] = ()
    remark: str = ""
    by: str = ""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time code by its hash; the token that it is exchanged for holds `days` and has that `scope`."""

    hash: str
    exp: int
    days: int
    scope: tuple[str, ...] = ()
    by: str = ""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who works with this node. `function` is what others see of them."""

    name: Name
    function: str = ""
    grants: tuple[Grant, ...] = ()
    tokens: tuple[Token, ...] = ()
    made: int = 0
    link: Link | None = None


PEOPLE: Shelf[Person] = Shelf("person", Person)
ROSTER: Shelf[Roster] = Shelf("roster", Roster)
THE_ROSTER = "node"
FOUNDED: Shelf[str] = Shelf("founded", str)
FIRST = "approver"
"""Under what the name of a node's first approver is kept: from then on a second person agrees, whoever left."""
"""The id of the one roster, by which night deputies hold their rights."""


class GrantView(msgspec.Struct, frozen=True, kw_only=True):
    """A grant; `holds` says whether it has taken effect."""

    role: Role
    sites: list[str]
    holds: bool
    effective: int
    until: int
    by: str
    agreed_by: str


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    """A person as listed; tokens are counted."""

    name: str
    function: str
    grants: list[GrantView]
    tokens: int


RESERVED = frozenset({"operator", "token", "node"})
"""Names by which the node itself acts: a person of that name could not be told from it in the list of acts."""


class PersonRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A new person, or a role for one; `sites` empty: in the whole organisation."""

    name: Name
    role: Role
    sites: Annotated[list[ShortText], Meta(max_length=100)] = []
    function: str = ""


class PersonName(msgspec.Struct, frozen=True, kw_only=True):
    """One person."""

    name: Name


class GlassRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Why rights are taken; it stays in the list of acts."""

    reason: Annotated[ShortText, Meta(min_length=3)]


class TokenView(msgspec.Struct, frozen=True, kw_only=True):
    """A token, shown this once."""

    name: str
    token: str
    exp: int


async def list_people(office: Office, actor: Actor, request: None = None) -> list[PersonView]:
    """Everybody and their roles."""
    now = office.node.clock.now()
    return [_view(person, now) for person in await office.node.engine.read(PEOPLE.list)]


async def add_person(office: Office, actor: Actor, request: PersonRequest) -> PersonView:
    """A new person with a first role."""
    return await _give(office, actor, request, new=True)


async def give_role(office: Office, actor: Actor, request: PersonRequest) -> PersonView:
    """One more role for a person."""
    return await _give(office, actor, request, new=False)


async def agree(office: Office, actor: Actor, request: PersonName) -> PersonView:
    """As an approver: let the waiting roles of a person take effect now; never one's own gift, nor for oneself."""
    now = office.node.clock.now()

    def work(tx: Transaction) -> Person:
        person = held(tx, request.name)
        if actor.name in (person.name, *(g.by for g in person.grants if g.effective > now)):
            raise Refusal("second-person", "somebody else than who gave the role or gets it", actor.name, "ask another")
        agreed = tuple(
            msgspec.structs.replace(g, effective=now, agreed_by=actor.name) if g.effective > now else g
            for g in person.grants
        )
        person = msgspec.structs.replace(person, grants=agreed)
        PEOPLE.put(tx, person.name, person, now)
        office.record(tx, actor, "user.agree", person.name)
        return person

    return _view(await office.node.engine.write(work, durable=True), now)


async def break_glass(office: Office, actor: Actor, request: GlassRequest) -> PersonView:
    """In need: take the rights to see and of a duty officer for an hour, alone; who has branches has them there.

    Everybody is told at once.

    Raises Refusal for who is no person of this node, whose token is narrowed, or who has them already.
    """
    now = office.node.clock.now()

    def work(tx: Transaction) -> Person:
        person = PEOPLE.get(tx, actor.name) if actor.grants is not None else None
        if person is None:
            raise Refusal("no-person", "a person of this node, by a token", actor.described, "the operator needs none")
        if actor.scope:
            raise Refusal("forbidden", "a token that is not narrowed", actor.described, "use the person's own token")
        live = tuple(g for g in person.grants if not g.is_over(now))
        if any(g.agreed_by == rights.GLASS for g in live):
            raise Refusal("glass-broken", "no such rights yet", "they run still", "see `xstock user list`")
        taken = rights.glass(person.name, now, live)
        if not taken:
            raise Refusal("forbidden", "a role that holds now", "none", "ask an administrator for one")
        person = msgspec.structs.replace(person, grants=(*live, *taken))
        PEOPLE.put(tx, person.name, person, now)
        office.record(tx, actor, "user.break-glass", person.name, plain(request.reason, "reason"))
        return person

    found = _view(await office.node.engine.write(work, durable=True), now)
    office.changes.tell("")
    return found


async def remove_person(office: Office, actor: Actor, request: PersonName) -> PersonName:
    """End all rights and tokens of a person; what they did stays recorded."""

    def work(tx: Transaction) -> None:
        person = held(tx, request.name)
        if actor.grants is not None and _approves(person) and not any(map(_approves, _others(tx, person))):
            do = "let another approver hold first; the operator at the machine may remove the last one"
            raise Refusal("last-approver", "somebody else who approves", request.name, do)
        PEOPLE.drop(tx, request.name)
        credentials.forget(tx, request.name)
        office.record(tx, actor, "user.remove", request.name)

    await office.node.engine.write(work, durable=True)
    return request


def may_hand_on(actor: Actor, scope: Sequence[str]) -> None:
    """Raise Refusal for a scope that names a right which there is not, or goes beyond the token of who hands it on."""
    unknown = sorted(set(scope) - rights.ALL)
    if unknown:
        raise Refusal("no-right", f"rights: {', '.join(sorted(rights.ALL))}", ", ".join(unknown), "", 2)
    if actor.scope and not (scope and set(scope) <= set(actor.scope)):
        came = ", ".join(sorted(scope)) or "all rights of the person"
        raise Refusal("forbidden", f"a scope within {', '.join(sorted(actor.scope))}", came, "name a narrower one")


def new_secret(office: Office) -> str:
    """A token that nobody can guess."""
    return f"xs_{office.node.random.randbytes(24).hex()}"


def let_in_by(actor: Actor) -> str:
    """Whose word a token rests on; empty for the operator's."""
    return "" if actor.grants is None else actor.name


def at_the_machine(actor: Actor, person: Person, now: int) -> None:
    """Raise Refusal for who lets a person in whose role a second person confirms, and is not the operator."""
    if actor.grants is not None and any(
        g.role in rights.CONFIRMED_BY_A_SECOND and not g.is_over(now) for g in person.grants
    ):
        expected = "the operator at the machine, for a role that a second person confirms"
        raise Refusal("forbidden", expected, actor.described, "make it there")


async def actor_of(office: Office, secret: str, road: str) -> Actor | None:
    """Who a token belongs to, with the rights of this hour; None where nobody has it."""
    now, wanted = office.node.clock.now(), hash_of(secret)
    people, roster = await office.node.engine.read(lambda tx: (PEOPLE.list(tx), ROSTER.get(tx, THE_ROSTER)))
    for person in people:
        for token in person.tokens:
            if token.hash == wanted and token.exp > now:
                return acting(person, roster, now, road, token.scope, token.by)
    return None


def acting(person: Person, roster: Roster | None, now: int, road: str, scope: Sequence[str], by: str = "") -> Actor:
    """A person as an actor, with the rights of this hour narrowed to a scope (empty: all of them)."""
    grants, off = _of_this_hour(person, roster, now)
    return Actor(person.name, road, grants, frozenset(scope), off, by=by)


def forbidden(actor: Actor, rights_: str, do: str = "ask one who has the right") -> Refusal:
    """What an actor is told who lacks a right, or whose hours are over."""
    return Refusal("forbidden", f"a person who may {rights_}", actor.described, do)


def may(actor: Actor, right: str, now: int, site: str = "") -> bool:
    """Whether an actor holds a right: the operator any, a person by its grants and the scope of its token."""
    if actor.grants is None:
        return True
    return right in rights_of(actor.grants, now, site) and (not actor.scope or right in actor.scope)


def somewhere(actor: Actor, right: str, now: int) -> bool:
    """Whether an actor holds a right at one site at least; what is open is anybody's."""
    if actor.grants is None or right == rights.OPEN:
        return True
    held = any(right in rights.RIGHTS[g.role] and g.holds(now) for g in actor.grants)
    return held and (not actor.scope or right in actor.scope)


def anybody(tx: Transaction, right: str, now: int, site: str = "") -> bool:
    """Whether some person holds a right now, at a site or in the whole organisation."""
    return any(right in rights_of(person.grants, now, site) for person in PEOPLE.list(tx))


async def _give(office: Office, actor: Actor, request: PersonRequest, new: bool) -> PersonView:
    now = office.node.clock.now()
    if request.name in RESERVED:
        raise Refusal("bad-name", f"a name other than {', '.join(sorted(RESERVED))}", request.name, "choose another", 2)
    sites = [plain(site, "site").strip() for site in request.sites]
    if not all(sites):
        raise Refusal(
            "bad-site", "the name of a site", "an empty one", "leave --site out for the whole organisation", 2
        )

    def work(tx: Transaction) -> Person:
        person = PEOPLE.get(tx, request.name)
        if (person is None) != new:
            expected = "a name that nobody has yet" if new else "a person of this node"
            raise Refusal("no-person" if not new else "person-exists", expected, request.name, "see `xstock user list`")
        person = person or Person(name=request.name, function=request.function, made=now)
        founded = FOUNDED.get(tx, FIRST) is not None or any(map(_approves, PEOPLE.list(tx)))
        # While nobody could ever agree, the first people of a node begin at once.
        given = rights.grant(request.role, actor.name, now, sites, "" if founded else "founding")
        if request.role is Role.APPROVER and not founded:
            FOUNDED.put(tx, FIRST, person.name, now)
        link, tokens = person.link, person.tokens
        if request.role in rights.CONFIRMED_BY_A_SECOND:
            # A code or token made for lesser rights by who may not hand out these is no way to them.
            link, tokens = None, tuple(token for token in tokens if not token.by)
            credentials.forget_lent(tx, person.name, now)
        person = msgspec.structs.replace(person, grants=(*person.grants, given), link=link, tokens=tokens)
        PEOPLE.put(tx, person.name, person, now)
        office.record(tx, actor, "user.role", person.name, f"{request.role} {', '.join(sites)}".strip())
        return person

    return _view(await office.node.engine.write(work, durable=True), now)


def _of_this_hour(person: Person, roster: Roster | None, now: int) -> tuple[tuple[Grant, ...], str]:
    """The grants of a person as they hold now, and why not all of them do."""
    if not any(g.role is Role.NIGHT_DEPUTY for g in person.grants):
        return person.grants, ""
    if person.name in duty.on_duty(roster, now, Role.NIGHT_DEPUTY):
        return person.grants, ""
    ahead = duty.next_duty(roster, person.name, Role.NIGHT_DEPUTY, now)
    if roster and ahead:
        off = Reason("night_deputy_next", {"when": duty.local(roster, ahead.begins)})
    else:
        off = Reason("night_deputy_never")
    return rights.in_hours(person.grants, has_duty=False), sentence(off)


def _approves(person: Person) -> bool:
    """Whether a person has the role of an approver, now or once it is agreed to."""
    return any(grant.role is Role.APPROVER for grant in person.grants)


def _others(tx: Transaction, person: Person) -> list[Person]:
    return [other for other in PEOPLE.list(tx) if other.name != person.name]


def held(tx: Transaction, name: str) -> Person:
    """A person of this node; raises Refusal `no-person`."""
    person = PEOPLE.get(tx, name)
    if person is None:
        raise Refusal("no-person", "a person of this node", name, "see `xstock user list`")
    return person


def _view(person: Person, now: int) -> PersonView:
    grants = [
        GrantView(
            role=g.role,
            sites=list(g.sites),
            holds=g.holds(now),
            effective=g.effective,
            until=g.until,
            by=g.by,
            agreed_by=g.agreed_by,
        )
        for g in person.grants
    ]
    live = [token for token in person.tokens if token.exp > now]
    return PersonView(name=person.name, function=person.function, grants=grants, tokens=len(live))


def hash_of(secret: str) -> str:
    """Under what a secret is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()
