"""Approving: steps that wait for the stock owner's release or for a second person, and who signed what already."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta

from xstock_node.domain.rights import DAY
from xstock_node.domain.steps import Line
from xstock_node.domain.sums import ZERO, Key
from xstock_node.domain.units import from_sent_pair
from xstock_node.protocol.recordtypes import Hash, ShortText
from xstock_node.services.errors import Refusal
from xstock_node.services.fresh import fresh
from xstock_node.services.office import Actor, Office, Thresholds
from xstock_node.services.people import forbidden, may
from xstock_node.services.promises import Stock
from xstock_node.services.shelf import Shelf
from xstock_node.services.times import iso
from xstock_node.storage.interfaces import Transaction

LIVES = 7 * DAY


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

    @property
    def draft(self) -> Draft:
        """The step itself."""
        return Draft(self.case, self.verb, self.fields, self.side)

    @property
    def missing(self) -> tuple[str, ...]:
        """The rights that nobody has signed with yet."""
        done = [s.right for s in self.signed]
        return tuple(right for right in self.needs if right not in done)


PENDING: Shelf[Pending] = Shelf("pending", Pending)


Needs = dict[str, list[str]]
PROMISES: Final = frozenset({"offer", "standby", "amended"})


class Medicines(NamedTuple):
    """The codes of medical items among the lines of a step, and whether somebody may sign as a pharmacist there."""

    items: tuple[str, ...] = ()
    pharmacist: bool = False


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


UNKNOWN: Final = (ZERO, "")


def needs_of(
    verb: str,
    lines: Sequence[Line],
    stock: Stock,
    limits: Thresholds,
    medicines: Medicines = Medicines(),
) -> Needs:
    """The rights that a step needs beside its own, each with its reasons.

    An offer needs the owner's release, and a second person above thresholds; an offer or dispatch of medicines the
    pharmacist, where there is one. `stock` is what the organisation may promise of each item, and what one is worth: a
    value that a line says counts, else that of the stock. An unknown one is told, and is a reason where the settings
    say so.
    """
    named = ", ".join(medicines.items)
    checked = {"pharmacist": [f"medicines: {named}"]} if named and medicines.pharmacist else {}
    if verb not in PROMISES:
        return checked if verb == "dispatch" else {}
    needs: Needs = {"release": ["the stock owner releases every offer"]} | checked
    if named and not checked:
        needs["release"].append(f"medicines ({named}), and nobody here is a pharmacist: the stock owner alone")
    value, wanted = ZERO, dict[Key, Decimal]()
    for line in lines:
        key = line.item, line.unit
        wanted[key] = wanted.get(key, ZERO) + line.quantity
        each, currency = _worth(line, stock.worth.get(key, UNKNOWN))
        if currency == limits.currency:
            value += line.quantity * each
        elif currency:
            needs.setdefault("approve", []).append(f"a value in {currency}, which no threshold is given for")
        else:
            right = "approve" if limits.unknown_value else "release"
            needs.setdefault(right, []).append(f"the value of {line.item} is not known")
    for key, quantity in wanted.items():
        there, most = stock.here.get(key, ZERO), limits.pieces.get(key[0])
        if most is not None and quantity > most:
            needs.setdefault("approve", []).append(f"more than {most} of {key[0]}")
        if there and quantity * 100 > there * limits.percent:
            needs.setdefault("approve", []).append(f"{quantity * 100 / there:.0f} % of the {key[0]} that there are")
    if value > limits.value:
        needs.setdefault("approve", []).append(f"a value of {value} {limits.currency}")
    return needs


def _worth(line: Line, known: tuple[Decimal, str]) -> tuple[Decimal, str]:
    """What one of a line is worth: as it says, but never less than the stock says in the same currency."""
    said = max(from_sent_pair(line.value), ZERO), line.currency
    if not line.currency:
        return known
    return max(said, known) if known[1] == line.currency else said


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


def begin(office: Office, actor: Actor, draft: Draft, needs: dict[str, list[str]]) -> Pending:
    """A step that waits; whoever wrote it signs at once with what they hold."""
    now = office.node.clock.now()
    why = tuple(reason for reasons in needs.values() for reason in reasons)
    id_, _ = fresh(office.node.random)
    pending = Pending(**draft._asdict(), id=id_, by=actor.name, at=now, needs=tuple(needs), why=why)
    if any(may(actor, right, now) for right in pending.needs):
        pending = sign_with(pending, actor, now)
    return pending


def live(tx: Transaction, now: int, case: str = "") -> list[Pending]:
    """What waits, of one case or of all; after a week it is forgotten."""
    return [p for p in PENDING.list(tx) if p.at + LIVES > now and case in ("", p.case)]


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
        exercise=pending.case.startswith("x"),
    )
