"""Who may set up a way in: a person for itself at the console, the operator, or who may let people in."""

from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.services import people
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.people import Person


class OfWhom(msgspec.Struct, frozen=True, kw_only=True):
    """Whose; empty: one's own."""

    name: Annotated[str, Meta(max_length=40)] = ""


def expect_may_set_up(actor: Actor, person: Person, now: int) -> None:
    """Raise Refusal for who may not give a person a way in.

    Nobody does so for themselves by a token, a paper, an account elsewhere or a session left open, which whoever finds
    it could make last, nor from rights that are narrowed.
    """
    if actor.grants is None:
        return
    if actor.name == person.name:
        if not actor.fresh or actor.scope:
            expected = "who signed in within half an hour, with all rights, by a way of this node and not by paper"
            raise Refusal("sign-in-again", expected, actor.described, "sign in again, or ask the operator for a link")
        return
    if not people.may(actor, "people", now):
        raise people.forbidden(actor, "people")
    people.at_the_machine(actor, person, now)


def whose(office: Office, actor: Actor, request: OfWhom) -> str:
    """Who is meant; raises Refusal for who looks at what is another's without the right to let people in."""
    name = request.name or actor.name
    if actor.name != name and not people.may(actor, "people", office.node.clock.now()):
        raise people.forbidden(actor, "people")
    return name


def word_of(actor: Actor, name: str) -> str:
    """On whose word a way in rests that an actor gives to a person; empty for the operator's and the person's own."""
    return actor.by if actor.name == name else people.let_in_by(actor)
