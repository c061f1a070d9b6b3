"""The desk of draft requests: a person reads what a warning or a foreign message suggests, sends it, or dismisses it.

A draft is sent by whoever may ask, under the same thresholds as any request. What was unknown has to be said by that
person: no item and no quantity is guessed. A draft of an exercise goes into an exercise, a real one never does.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from xstock_node.domain import steps
from xstock_node.domain.alerts import Id
from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.items import BaseUnit, Item
from xstock_node.domain.units import convert, factor
from xstock_node.protocol import limits
from xstock_node.protocol.recordtypes import ShortText, Time
from xstock_node.services import requesting
from xstock_node.services.asked_lines import Asked
from xstock_node.services.drafts import DRAFTS, DraftLine, DraftRequest
from xstock_node.services.errors import Refusal
from xstock_node.services.network import Network
from xstock_node.services.office import Actor, Office
from xstock_node.services.once import done
from xstock_node.services.request_views import RequestView
from xstock_node.services.requesting import NewRequest
from xstock_node.services.times import iso
from xstock_node.services.typed import clean, decimal_text, figure_of, plain
from xstock_node.storage.interfaces import Transaction

_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)


class DraftsAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Open drafts, or `all`."""

    all: bool = False


class DraftRef(msgspec.Struct, frozen=True, kw_only=True):
    """One draft."""

    id: str


class Dismissal(msgspec.Struct, frozen=True, kw_only=True):
    """A draft that nobody is to send, and why."""

    id: str
    reason: Annotated[str, Meta(min_length=1, max_length=limits.FREE_TEXT)]


class ChosenLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a line of a draft stands for: `line` is its id or its number (from 1), `item` a catalogue code.

    An empty quantity or unit is the draft's own.
    """

    line: Id
    item: str
    quantity: str = ""
    unit: str = ""


class TakeDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A draft to send: to whom, what its lines stand for, which are left out, what is asked beside them.

    What is empty or 0 here stays as the draft has it. With `notify` a need is announced, and lines are not wanted.
    """

    id: str
    to: Annotated[list[str], Meta(min_length=1, max_length=200)]
    lines: Annotated[list[ChosenLine], Meta(max_length=steps.MANY)] = []
    leave: Annotated[list[Id], Meta(max_length=steps.MANY)] = []
    add: Annotated[list[Asked], Meta(max_length=steps.MANY)] = []
    event: ShortText = ""
    area: ShortText = ""
    place: ShortText = ""
    country: str = ""
    people: Annotated[int, Meta(ge=0)] = 0
    severity: Annotated[int, Meta(ge=0, le=3)] = 0
    needed_by: Time = 0
    answer_by: Time = 0
    terms: list[steps.Terms] = []
    note: ShortText = ""
    network: str = ""
    notify: bool = False
    site: ShortText = ""


class DraftView(msgspec.Struct, frozen=True, kw_only=True):
    """A draft. `origin` is alert, town or a format, `about` the id here of its warning, message or town; `state`
    open, sent (as `request`) or dropped (`reason`). Unknown texts and times are empty; severity 1 (life at risk) to 3,
    0 not said.
    """

    id: str
    origin: str
    foreign_id: str
    about: str
    at: str
    event: str
    area: str
    place: str
    country: str
    people: int
    severity: int
    needed_by: str
    note: str
    contact: str
    lines: list[DraftLine]
    exercise: bool
    state: str
    request: str
    reason: str


async def list_drafts(office: Office, actor: Actor, request: DraftsAsked) -> list[DraftView]:
    """Draft requests, the newest first."""
    found = await office.node.engine.read(DRAFTS.list)
    wanted = [one for one in found if request.all or one.state == "open"]
    return [_view(one) for one in sorted(wanted, key=lambda one: (-one.at, one.id))]


async def show_draft(office: Office, actor: Actor, request: DraftRef) -> DraftView:
    """One draft request."""
    return _view(await office.node.engine.read(lambda tx: _held(tx, request.id)))


async def dismiss_draft(office: Office, actor: Actor, request: Dismissal) -> DraftView:
    """Put an open draft away for good; nothing that is heard later opens it again."""
    reason, now = plain(request.reason, "reason"), office.node.clock.now()

    def work(tx: Transaction) -> DraftRequest:
        held = _open(tx, request.id)
        dropped = msgspec.structs.replace(held, state="dropped", touched=True, reason=reason)
        DRAFTS.put(tx, held.id, dropped, now)
        office.record(tx, actor, "draft.dismiss", held.id, reason)
        return dropped

    found = await office.node.engine.write(work, durable=True)
    office.changes.tell("")
    return _view(found)


async def take_draft(office: Office, actor: Actor, request: TakeDraft) -> RequestView:
    """Send a draft as a request of this node; raises Refusal for a line whose item or quantity nobody knows."""
    now = office.node.clock.now()
    if await office.node.engine.read(lambda tx: done(tx, actor.name, actor.once, now)):
        return await requesting.new_request(office, actor, NewRequest(to=request.to))  # which tells what was done
    draft = await office.node.engine.read(lambda tx: _open(tx, request.id))
    _fits(draft, office.node.network(request.network))
    chosen = _chosen(draft, request, await office.catalogue())
    kept = _with_chosen(draft, chosen)

    def beside(tx: Transaction, id_: str) -> None:
        if _open(tx, draft.id) != draft:
            do = f"read it again: `xstock request draft {draft.id}`"
            raise Refusal("draft-changed", "the draft as it was read", "another word on it came", do)
        sent = msgspec.structs.replace(kept, state="sent", touched=True, request=id_)
        DRAFTS.put(tx, draft.id, sent, now)
        office.record(tx, actor, "draft.take", draft.id, f"request {id_}")

    wanted = NewRequest(
        to=request.to,
        lines=[*chosen.values(), *request.add],
        event=request.event or _cut(draft.event or draft.foreign_id),
        area=request.area or _cut(draft.area),
        place=request.place or _cut(draft.place),
        country=request.country or (draft.country if _COUNTRY.fullmatch(draft.country) else ""),
        people=request.people or draft.people,
        severity=request.severity or draft.severity,
        needed_by=request.needed_by or draft.needed_by,
        answer_by=request.answer_by,
        terms=request.terms,
        note=request.note or _cut(draft.note),
        network=request.network,
        notify=request.notify,
        site=request.site,
    )
    return await requesting.new_request(office, actor, wanted, beside)


def _held(tx: Transaction, id_: str) -> DraftRequest:
    held = DRAFTS.get(tx, id_)
    if held is None:
        raise Refusal("no-draft", "the id of a draft", clean(id_)[:80], "see `xstock request drafts`", 2)
    return held


def _open(tx: Transaction, id_: str) -> DraftRequest:
    held = _held(tx, id_)
    if held.state == "sent":
        came = f"it became request {held.request}"
        raise Refusal("draft-sent", "a draft that is open", came, f"see `xstock request show {held.request}`")
    if held.state == "dropped":
        raise Refusal("draft-dropped", "a draft that is open", held.reason, "ask anew with `xstock request new`")
    return held


def _fits(draft: DraftRequest, network: Network) -> None:
    """An exercise is asked about in an exercise alone, and what is real never."""
    if draft.exercise and not network.shared.is_exercise:
        do = "name an exercise with --network, or dismiss the draft"
        raise Refusal("exercise-draft", "a network of exercises", f"{network.name}, which is real", do)
    if network.shared.is_exercise and not draft.exercise:
        do = "name the real one with --network"
        raise Refusal("real-draft", "a real network", f"{network.name}, which is an exercise", do)


def _chosen(draft: DraftRequest, request: TakeDraft, catalogue: Catalogue) -> dict[str, Asked]:
    """The lines to ask for by the ids of the draft's."""
    said = {_line(draft, one.line): one for one in request.lines}
    left = {_line(draft, one) for one in request.leave}
    lines = [] if request.notify and not said else [one for one in draft.lines if one.id not in left]
    return {one.id: _asked(one, said.get(one.id), catalogue) for one in lines}


def _line(draft: DraftRequest, named: str) -> str:
    """The id of the line that a person means, by its id or its number."""
    ids = [one.id for one in draft.lines]
    if named in ids:
        return named
    if named.isascii() and named.isdigit() and 0 < int(named[:6]) <= len(ids):
        return ids[int(named[:6]) - 1]
    expected = f"a line of the draft ({', '.join(ids)})" if ids else "no line: the draft has none"
    raise Refusal("no-line", clean(expected)[:300], clean(named)[:80], f"see `xstock request draft {draft.id}`", 2)


def _asked(line: DraftLine, said: ChosenLine | None, catalogue: Catalogue) -> Asked:
    do = f"say --line '{clean(line.id)}=CODE=QUANTITY[:UNIT]', or --leave '{clean(line.id)}'"
    code = said.item if said else line.item
    if not code:
        raise Refusal("no-item", f"an item for {clean(line.id)}", clean(line.name) or "nothing", do, 2)
    item = catalogue.get(code)
    if item is None:
        raise Refusal("no-item", "a code of the catalogue", clean(code)[:80], "see `xstock catalogue list`", 2)
    quantity = (said.quantity if said else "") or line.quantity
    if not quantity:
        raise Refusal("no-quantity", f"a quantity for {clean(line.id)}", "it is unknown", do, 2)
    own = bool(said and said.quantity)
    unit = (said.unit if said else "") or ("" if own else line.unit)
    return _in_unit(item, figure_of(quantity, "a quantity", above_zero=True), unit, own, do)


def _in_unit(item: Item, quantity: Decimal, unit: str, own: bool, do: str) -> Asked:
    """The quantity in the item's unit. A figure of the draft without a unit is a number of pieces, and nothing else."""
    known = unit or (item.unit if own else BaseUnit.PIECE)
    if factor(known, item.unit) is None:
        raise Refusal("bad-unit", f"a unit that becomes {item.unit}", clean(unit)[:40] or "none", do, 2)
    return Asked(item=item.code, quantity=decimal_text(convert(quantity, known, item.unit)), unit=str(item.unit))


def _with_chosen(draft: DraftRequest, chosen: dict[str, Asked]) -> DraftRequest:
    """The draft with what its lines were sent as; one that was left out is no item."""

    def lines() -> Iterator[DraftLine]:
        for one in draft.lines:
            asked = chosen.get(one.id)
            if asked is None:
                yield msgspec.structs.replace(one, item="")
            else:
                yield msgspec.structs.replace(one, item=asked.item, quantity=asked.quantity, unit=asked.unit)

    return msgspec.structs.replace(draft, lines=list(lines()))


def _cut(text: str) -> str:
    return clean(text)[: limits.FREE_TEXT]


def _view(draft: DraftRequest) -> DraftView:
    said = {name: getattr(draft, name) for name in DraftView.__struct_fields__}
    return DraftView(**said | {"at": iso(draft.at), "needed_by": iso(draft.needed_by) if draft.needed_by else ""})
