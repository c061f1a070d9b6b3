"""Tokens by which programs act for a person: made, listed and ended by the person at the console, or for the person.

A token is shown once and kept as its hash (`people.py`).
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.domain import rights
from xstock_node.services import people, ways
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.people import PEOPLE, Name, Token, TokenView, held
from xstock_node.services.times import iso
from xstock_node.services.ways import OfWhom
from xstock_node.storage.interfaces import Transaction


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A token for a person: for how many days, and for which of its rights (empty: all)."""

    name: Name
    days: Annotated[int, Meta(ge=1, le=400)] = 90
    scope: list[str] = []
    remark: Annotated[str, Meta(max_length=100)] = ""


class TokenId(OfWhom, frozen=True, kw_only=True):
    """One token by its id."""

    id: Annotated[str, Meta(min_length=1, max_length=40)]


class TokenLine(msgspec.Struct, frozen=True, kw_only=True):
    """A token without its secret; `scope` empty: all rights of the person; `by`: who made it, empty for the operator
    or the person.
    """

    id: str
    remark: str
    scope: list[str]
    made: str
    until: str
    by: str


async def make_token(office: Office, actor: Actor, request: TokenRequest) -> TokenView:
    """A new token for a person: one's own at the console, another's with the right to let people in."""
    people.may_hand_on(actor, request.scope)
    now, secret = office.node.clock.now(), people.new_secret(office)
    exp = now + request.days * rights.DAY
    token = Token(
        hash=people.hash_of(secret),
        made=now,
        exp=exp,
        scope=tuple(request.scope),
        remark=request.remark,
        by=ways.word_of(actor, request.name),
    )

    def work(tx: Transaction) -> None:
        if actor.name != request.name and not people.may(actor, "people", now):
            raise people.forbidden(actor, "people")
        person = held(tx, request.name)
        ways.expect_may_set_up(actor, person, now)
        live = [t for t in person.tokens if t.exp > now]
        PEOPLE.put(tx, person.name, msgspec.structs.replace(person, tokens=(*live, token)), now)
        office.record(tx, actor, "user.token", person.name, f"{request.days} days")

    await office.node.engine.write(work, durable=True)
    return TokenView(name=request.name, token=secret, exp=exp)


async def end_token(office: Office, actor: Actor, request: TokenId) -> TokenLine:
    """End a token of a person."""
    name, now = ways.whose(office, actor, request), office.node.clock.now()

    def work(tx: Transaction) -> TokenLine:
        person = held(tx, name)
        ended = next((token for token in person.tokens if id_of(token) == request.id), None)
        if ended is None:
            raise Refusal("no-token", "the id of a token", request.id, "see `xstock user ways`")
        left = tuple(token for token in person.tokens if token is not ended)
        PEOPLE.put(tx, name, msgspec.structs.replace(person, tokens=left), now)
        office.record(tx, actor, "user.token.end", name, ended.remark)
        return token_line(ended)

    return await office.node.engine.write(work, durable=True)


def token_line(token: Token) -> TokenLine:
    """A token as listed."""
    return TokenLine(
        id=id_of(token),
        remark=token.remark,
        scope=list(token.scope),
        made=iso(token.made),
        until=iso(token.exp),
        by=token.by,
    )


def id_of(token: Token) -> str:
    """What names a token where its secret must not stand."""
    return token.hash[:16]
