"""Approving: steps that wait for the stock owner's release or for a second person, and who signed what already."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from xstock_node.domain.rights import DAY
from xstock_node.protocol.recordtypes import Hash, ShortText
from xstock_node.services.errors import Refusal
from xstock_node.services.fresh import fresh
from xstock_node.services.office import Actor, Office
from xstock_node.services.people import forbidden, may
from xstock_node.services.shelf import Shelf
from xstock_node.services.times import iso
from xstock_node.storage.interfaces import Transaction

LIVES = 7 * DAY
ASK = "request.new"
"""What waits is no step of an operation but a whole request; its `case` is the id of that request."""


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's yes, and by which right."""

    by: str
    right: str
    at: int


class Draft(NamedTuple):
    """A step as a person wrote it: its case, verb and fields, and the side lines it names."""

    case: str
    verb: str
    fields: dict[str, Any]
    side: tuple[bytes, ...] = ()


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A paper by which an owner without an account releases goods: its hash, day and the function that signed it."""

    sha256: Hash
    day: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?!\n)$")]
    function: Annotated[ShortText, Meta(min_length=2)]


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A step that is written but not signed by the node yet: what it still `needs`, and why.

    `letter`: the owner's, and who `entered` it; it counts once two persons did.
    """

    id: str
    case: str
    verb: str
    fields: dict[str, Any]
    side: tuple[bytes, ...] = ()
    by: str
    at: int
    needs: tuple[str, ...]
    why: tuple[str, ...] = ()
    signed: tuple[Signed, ...] = ()
    letter: Letter | None = None
    entered: tuple[str, ...] = ()
    exercise: bool = False

    @property
    def is_exercise(self) -> bool:
        """Whether it is part of an exercise, as the id of a case tells too."""
        return self.exercise or (self.verb != ASK and self.case.startswith("x"))

    @property
    def draft(self) -> Draft:
        """The step itself."""
        return Draft(self.case, self.verb, self.fields, self.side)

    @property
    def rights(self) -> frozenset[str]:
        """The rights that somebody signed with."""
        return frozenset(s.right for s in self.signed)

    @property
    def missing(self) -> tuple[str, ...]:
        """The rights that nobody has signed with yet."""
        return tuple(right for right in self.needs if right not in self.rights)


PENDING: Shelf[Pending] = Shelf("pending", Pending)


class PendingView(msgspec.Struct, frozen=True, kw_only=True):
    """A step that waits for people of this node."""

    id: str
    case: str
    verb: str
    by: str
    at: str
    missing: list[str]
    why: list[str]
    fields: dict[str, Any]
    exercise: bool


def judged(pending: Pending, needs: Mapping[str, Sequence[str]]) -> Pending:
    """What waits as it is judged now: what else it needs is added, and why; nothing that it needed is taken away."""
    why = tuple(reason for reasons in needs.values() for reason in reasons)
    return msgspec.structs.replace(
        pending, needs=tuple(dict.fromkeys((*pending.needs, *needs))), why=why or pending.why
    )


def sign_with(pending: Pending, actor: Actor, now: int) -> Pending:
    """A person signs one of the rights that are missing; never two for the same step, and never what it lacks.

    The pharmacist's check is no second pair of eyes: who holds that right too signs it with the other.
    """
    if actor.name in {*(s.by for s in pending.signed), *pending.entered}:
        raise Refusal("second-person", "another person than who signed already", actor.name, "ask a second person")
    held = [r for r in pending.missing if may(actor, r, now)]
    if not held:
        raise forbidden(actor, " or ".join(pending.missing), "ask one of them")
    first = next((r for r in held if r != "pharmacist"), "pharmacist")
    rights = dict.fromkeys([first, *(r for r in held if r == "pharmacist")])
    signed = [Signed(by=actor.name, right=right, at=now) for right in rights]
    return msgspec.structs.replace(pending, signed=(*pending.signed, *signed))


def by_letter(pending: Pending, actor: Actor, letter: Letter, now: int) -> Pending:
    """A person enters the owner's letter; the second one who enters the same gives the owner's release by it.

    Who entered it signs nothing else of the step. Raises Refusal for who may not answer, and for another letter.
    """
    if "release" not in pending.missing:
        raise Refusal("no-letter-wanted", "a step that waits for the owner's release", "one that does not", "")
    if actor.name in {*(s.by for s in pending.signed), *pending.entered}:
        raise Refusal("second-person", "another person than who entered or signed already", actor.name, "ask another")
    if not may(actor, "answer", now):
        raise forbidden(actor, "answer", "ask one of them")
    if pending.letter not in (None, letter):
        do = "look at the letter again; refuse the step and write it anew where the first one read it wrongly"
        raise Refusal("letter-differs", "the hash, day and function that the first person entered", "others", do)
    entered = (*pending.entered, actor.name)
    signed = (Signed(by=f"letter of {letter.function}", right="release", at=now),) if len(entered) > 1 else ()
    return msgspec.structs.replace(pending, letter=letter, entered=entered, signed=(*pending.signed, *signed))


def sign(office: Office, tx: Transaction, actor: Actor, pending: Pending, letter: Letter | None) -> Pending:
    """The step with one signature more, and the act of it."""
    now, what, missing = office.node.clock.now(), f"{pending.verb} {pending.id}", pending.missing
    if letter is not None:
        pending = by_letter(pending, actor, letter, now)
        paper = f"{letter.sha256} of {letter.day} by {letter.function}"
        office.record(tx, actor, "approve.letter", pending.case, f"{what} {paper}")
        return pending
    pending = sign_with(pending, actor, now)
    for right in sorted(set(missing) - set(pending.missing)):
        office.record(tx, actor, f"approve.{right}", pending.case, what)
    return pending


def begin(office: Office, actor: Actor, draft: Draft, needs: dict[str, list[str]], exercise: bool) -> Pending:
    """A step that waits; whoever wrote it signs at once with what they hold."""
    now = office.node.clock.now()
    why = tuple(reason for reasons in needs.values() for reason in reasons)
    id_, _ = fresh(office.node.random)
    pending = Pending(**draft._asdict(), id=id_, by=actor.name, at=now, needs=tuple(needs), why=why, exercise=exercise)
    if any(may(actor, right, now) for right in pending.needs):
        pending = sign_with(pending, actor, now)
    return pending


def live(tx: Transaction, now: int, case: str = "") -> list[Pending]:
    """What waits, of one case or of all; after a week it lapses."""
    return [p for p in PENDING.list(tx) if p.at + LIVES > now and case in ("", p.case)]


def lapsed(tx: Transaction, now: int) -> list[Pending]:
    """What nobody signed within a week."""
    return [p for p in PENDING.list(tx) if p.at + LIVES <= now]


def pending_view(pending: Pending) -> PendingView:
    """A pending step as listed."""
    return PendingView(
        id=pending.id,
        case=pending.case,
        verb=pending.verb,
        by=pending.by,
        at=iso(pending.at),
        missing=list(pending.missing),
        why=list(pending.why),
        fields=pending.fields,
        exercise=pending.is_exercise,
    )
