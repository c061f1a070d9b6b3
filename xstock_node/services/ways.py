"""Who may set up a way in: a person for itself at the console, the operator, or who may let people in."""

from xstock_node.services import people
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor
from xstock_node.services.people import Person


def expect_may_set_up(actor: Actor, person: Person, now: int) -> None:
    """Raise Refusal for who may not give a person a way in.

    Nobody does so for themselves by a token, a paper or a session left open, which whoever finds it could make last,
    nor from rights that are narrowed.
    """
    if actor.grants is None:
        return
    if actor.name == person.name:
        if not actor.fresh or actor.scope:
            expected = "who signed in at the console within half an hour, with all rights and not by a paper code"
            raise Refusal("sign-in-again", expected, actor.described, "sign in again, or ask the operator for a link")
        return
    if not people.may(actor, "people", now):
        raise people.forbidden(actor, "people")
    people.at_the_machine(actor, person, now)


def expect_own_or_people(actor: Actor, name: str, now: int) -> None:
    """Raise Refusal for who looks at what is another's without the right to let people in."""
    if actor.name != name and not people.may(actor, "people", now):
        raise people.forbidden(actor, "people")


def word_of(actor: Actor, name: str) -> str:
    """On whose word a way in rests that an actor gives to a person; empty for the operator's and the person's own."""
    return actor.by if actor.name == name else people.let_in_by(actor)
