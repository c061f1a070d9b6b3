"""The change of shift, signed by both: who goes off duty hands the note over, who comes on says that it was read.

The note is kept as it was, with its SHA-256. Each word is an act of its person in the list of acts, whose hashes go
into the node's signed audit log. Nobody takes over from themselves.
"""

import hashlib
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from xstock_node.services import handing_over
from xstock_node.services.errors import Refusal
from xstock_node.services.fresh import fresh
from xstock_node.services.handing_over import NoteRequest
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.services.times import iso
from xstock_node.storage.interfaces import Transaction

KEPT: Final = 30
"""Hand-overs that are kept; the list of acts has the hash of each."""


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """A hand-over as kept: the note, by whom it was given and taken, and when (unix seconds; empty and 0 before)."""

    id: str
    text: tuple[str, ...]
    sha256: str
    given_by: str
    given: int
    taken_by: str = ""
    taken: int = 0


HAND_OVERS: Final[Shelf[HandOver]] = Shelf("hand-over", HandOver)


class HandOverId(msgspec.Struct, frozen=True, kw_only=True):
    """One hand-over; `sha256` of what was read, where that is said."""

    id: Annotated[str, Meta(max_length=40)]
    sha256: Annotated[str, Meta(max_length=64)] = ""


class HandOversAsked(msgspec.Struct, frozen=True, kw_only=True):
    """All hand-overs, or one by its id."""

    id: Annotated[str, Meta(max_length=40)] = ""


class HandOverView(msgspec.Struct, frozen=True, kw_only=True):
    """A hand-over: the note as it was given, by whom and when; `taken_by` and `taken` are empty while nobody has it.

    In a list only the note that waits has its `text`.
    """

    id: str
    text: list[str]
    sha256: str
    given_by: str
    given: str
    taken_by: str
    taken: str


async def give(office: Office, actor: Actor, request: NoteRequest) -> HandOverView:
    """Hand over: the note of this moment is kept, and waits for who comes on duty. One that waited is replaced."""
    note, now = await handing_over.note(office, actor, request), office.node.clock.now()
    sha256 = hashlib.sha256("\n".join(note.text).encode()).hexdigest()
    id_, _ = fresh(office.node.random)
    made = HandOver(id=id_, text=tuple(note.text), sha256=sha256, given_by=actor.name, given=now)

    def work(tx: Transaction) -> None:
        for old in _all(tx)[KEPT - 1 :]:
            HAND_OVERS.drop(tx, old.id)
        for waiting in (one for one in _all(tx) if not one.taken):
            HAND_OVERS.drop(tx, waiting.id)
        HAND_OVERS.put(tx, made.id, made, now)
        office.record(tx, actor, "duty.hand-over", made.id, sha256)

    await office.node.engine.write(work, durable=True)
    office.changes.tell("")
    return _view(made)


async def take(office: Office, actor: Actor, request: HandOverId) -> HandOverView:
    """Take over: somebody else has read the note and has duty from now on."""
    now = office.node.clock.now()

    def work(tx: Transaction) -> HandOver:
        found = HAND_OVERS.get(tx, request.id)
        if found is None or found.taken:
            came = f"one that {found.taken_by} has taken" if found else "none"
            raise Refusal("no-hand-over", "a hand-over that waits", came, "see `xstock duty hand-overs`")
        if request.sha256 not in ("", found.sha256):
            raise Refusal("another-note", "the note that was handed over", "another one", "read it again")
        if actor.name == found.given_by:
            raise Refusal(
                "second-person", "somebody else than who handed over", actor.name, "who comes on duty takes over"
            )
        taken = msgspec.structs.replace(found, taken_by=actor.name, taken=now)
        HAND_OVERS.put(tx, taken.id, taken, now)
        office.record(tx, actor, "duty.take-over", taken.id, taken.sha256)
        return taken

    taken = await office.node.engine.write(work, durable=True)
    office.changes.tell("")
    return _view(taken)


async def list_hand_overs(office: Office, actor: Actor, request: HandOversAsked) -> list[HandOverView]:
    """The hand-overs that are kept, the newest first; with `id` that one alone, and its note."""
    found = await office.node.engine.read(_all)
    if not request.id:
        return [_view(one) if not one.taken else msgspec.structs.replace(_view(one), text=[]) for one in found]
    if not (chosen := [_view(one) for one in found if one.id == request.id]):
        raise Refusal("no-hand-over", "the id of a note", request.id, "see `xstock duty hand-overs`")
    return chosen


def _all(tx: Transaction) -> list[HandOver]:
    return sorted(HAND_OVERS.list(tx), key=lambda one: (-one.given, one.id))


def _view(one: HandOver) -> HandOverView:
    return HandOverView(
        id=one.id,
        text=list(one.text),
        sha256=one.sha256,
        given_by=one.given_by,
        given=iso(one.given),
        taken_by=one.taken_by,
        taken=iso(one.taken) if one.taken else "",
    )
