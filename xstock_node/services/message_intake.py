"""The messages of one document, kept in one transaction: each once, in its chain; a request opens a draft.

A request that takes the place of an earlier one of its sender takes the place of that one's draft too, while nobody has
sent it.
"""

from collections.abc import Container, Sequence
from typing import Literal, NamedTuple

import msgspec

from xstock_node.domain.messages import ResourceMessage
from xstock_node.services.drafts import DRAFTS, DraftLine, DraftRequest, draft_id, drop_draft, put_draft
from xstock_node.services.messages_held import (
    MESSAGES,
    SAID,
    HeldMessage,
    by_foreign_id,
    first_of,
    in_chain,
    keep,
    message_id,
)
from xstock_node.services.office import Actor, Office
from xstock_node.services.typed import clean, decimal_text
from xstock_node.storage.interfaces import Transaction

REASON = "what it refers to has not come"
OTHER = "a message of this id said something else before"


class Took(NamedTuple):
    """The head of a message as it now stands; `differs`: one of its id said something else, and that one stays."""

    held: HeldMessage
    came: Literal["new", "known", "differs"]


class Document(NamedTuple):
    """Where messages come from: the format that read them, and the SHA-256 of the bytes."""

    format: str
    sha256: str


async def take_in(office: Office, actor: Actor, document: Document, messages: Sequence[ResourceMessage]) -> list[Took]:
    """Keep the messages of a document, all of them or none."""
    items, now = await office.catalogue(), office.node.clock.now()

    def work(tx: Transaction) -> list[Took]:
        found = [_take(tx, document, message, items, now) for message in messages]
        for held, came in found:
            if came == "new":
                what = f"{held.format} {held.kind} {clean(held.foreign_id)[:100]}"
                office.record(tx, actor, "message.take", held.id, what)
        return found

    return await office.node.engine.write(work, durable=True)


def _take(tx: Transaction, document: Document, message: ResourceMessage, items: Container[str], now: int) -> Took:
    id_ = message_id(document.format, message.sender, message.id)
    before = MESSAGES.get(tx, id_)
    if before is not None:
        if SAID.get(tx, id_) == message:
            return Took(before, "known")
        return Took(msgspec.structs.replace(before, state="refused", reason=OTHER), "differs")
    chain = first_of(tx, document.format, message)
    held = HeldMessage(
        id=id_,
        format=document.format,
        sha256=document.sha256,
        at=now,
        chain=chain,
        foreign_id=message.id,
        kind=message.kind,
        sender=message.sender,
        sent=message.sent,
        status=message.status,
        recalls=message.recalls,
        replaces=message.replaces,
    )
    others = in_chain(tx, document.format, chain)
    if message.kind == "request":
        draft = draft_of(held, message, items)
        draft = put_draft(tx, _in_place(tx, held, draft, now) if message.replaces else draft, now)
        held = msgspec.structs.replace(held, draft=draft.id)
    elif not others:
        held = msgspec.structs.replace(held, state="waiting", reason=REASON)
    keep(tx, held, message, now)
    for one in others:
        if one.state == "waiting" and one.kind != "recall":
            MESSAGES.put(tx, one.id, msgspec.structs.replace(one, state="taken", reason=""), now)
    return Took(held, "new")


def _in_place(tx: Transaction, held: HeldMessage, draft: DraftRequest, now: int) -> DraftRequest:
    """A draft that takes the place of those of the requests which its message replaces; one that was sent is named."""
    for target in by_foreign_id(tx, held.format, held.recalls):
        if not target.draft or not held.sender or (target.sender, target.status) != (held.sender, held.status):
            continue
        drop_draft(tx, target.draft, f"replaced by {clean(held.foreign_id)[:100]}", now)
        old = DRAFTS.get(tx, target.draft)
        if old is not None and old.state == "sent":
            note = f"takes the place of request {old.request}, which is sent already. {draft.note}"
            draft = msgspec.structs.replace(draft, note=note[:1000])
    return draft


def draft_of(held: HeldMessage, message: ResourceMessage, items: Container[str]) -> DraftRequest:
    """The draft that a foreign request opens; what the catalogue does not know stays to be named by a person."""
    wanted = [s for line in message.lines for s in line.schedule if s.moment == "requested-arrival"]
    place = next((s.place for s in wanted if s.place is not None), None)
    contact = message.contacts[0] if message.contacts else None
    where = contact.place.description if contact and contact.place else ""
    return DraftRequest(
        id=draft_id(held.format, f"{message.sender}\x1f{message.id}"),
        origin=held.format,
        foreign_id=message.id,
        about=held.id,
        at=held.at,
        event=message.incidents[0] if message.incidents else "",
        place=clean(place.description) if place else "",
        country=place.country if place else "",
        needed_by=max((s.at for s in wanted), default=0),
        note=clean(message.note or message.incident)[:1000],
        contact=", ".join(clean(text) for text in (contact.description, contact.role, where) if text)
        if contact
        else "",
        lines=[
            DraftLine(
                id=line.id,
                name=clean(line.name or line.said or line.item),
                item=line.item if line.item in items else "",
                quantity="" if line.quantity is None else decimal_text(line.quantity),
                unit=line.unit,
                codes=list(line.codes),
            )
            for line in message.lines
        ],
        exercise=message.status != "Actual",
    )
