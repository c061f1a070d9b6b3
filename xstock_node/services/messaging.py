"""Messages of other systems in: read by a format, kept once, and given effect as far as a message alone may.

A foreign request opens a draft that a person sends; a foreign cancellation ends what it began as long as nothing has
left. Whatever else comes is kept in its chain. Nothing here moves stock: that takes the node's own signed steps.
"""

import hashlib
from collections.abc import Container
from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.domain.messages import MessageKind, ResourceMessage
from xstock_node.plugins.calls import Defect
from xstock_node.plugins.errors import AdapterError, Declined
from xstock_node.plugins.inbox import Document, Receipt
from xstock_node.plugins.interchange import Reading, Skipped
from xstock_node.protocol import limits
from xstock_node.services import alert_views, recalling
from xstock_node.services.alert_views import AlertTaken
from xstock_node.services.drafts import DraftLine, DraftRequest, draft_id, put_draft
from xstock_node.services.errors import Refusal
from xstock_node.services.messages_held import MESSAGES, SAID, HeldMessage, MessageState, first_of, message_id
from xstock_node.services.office import Actor, Office
from xstock_node.services.times import iso
from xstock_node.services.typed import clean, decimal_text
from xstock_node.storage.interfaces import Transaction

FORMAT = "message-format"


class MessageFile(msgspec.Struct, frozen=True, kw_only=True):
    """A document of another system: its name, its bytes, its media type."""

    file: Annotated[str, Meta(max_length=300)]
    content: Annotated[bytes, Meta(max_length=limits.MESSAGE)]
    media: Annotated[str, Meta(max_length=200)] = ""


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    """A message as kept. `new` is False for one that was there already; `state` taken, waiting or refused."""

    id: str
    foreign_id: str
    format: str
    kind: MessageKind
    sender: str
    sent: str
    status: str
    chain: str
    state: MessageState
    reason: str
    draft: str
    new: bool = False
    message: ResourceMessage | None = None


class MessagesTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What a document held; `skipped` and `flags` say what of it could not be taken as it was meant."""

    format: str
    messages: list[MessageView]
    alerts: list[AlertTaken]
    skipped: list[Skipped]
    flags: list[str]


class MessageRef(msgspec.Struct, frozen=True, kw_only=True):
    """One message, by its id here."""

    id: str


async def import_message(office: Office, actor: Actor, request: MessageFile) -> MessagesTaken:
    """Take a document in: each message of it once."""
    format_, reading = await read_document(office, request)
    sha256 = hashlib.sha256(request.content).hexdigest()
    views = [await _take(office, actor, format_, sha256, message) for message in reading.messages]
    skipped, flags = list(reading.skipped), [clean(flag) for flag in reading.flags]
    alerts = await alert_views.import_alerts(office, actor, format_, reading.alerts)
    return MessagesTaken(format=format_, messages=views, alerts=alerts, skipped=skipped, flags=flags)


async def read_document(office: Office, request: MessageFile) -> tuple[str, Reading]:
    """The name of the format that knows a document, and what it says; Refusal where none does."""
    document = Document(name=request.file, content=request.content, media=request.media)
    names = []
    for adapter in office.host.of_kind(FORMAT):
        names.append(adapter.name)
        try:
            reading: Reading | None = await adapter.plugin.call(FORMAT, adapter.name, "read", document)
        except (AdapterError, Defect) as error:
            raise Refusal(
                "not-read", f"a message that {adapter.name} reads", str(error), "see `xstock plugin list`"
            ) from None
        if reading is None:
            continue
        if reading.error:
            raise Refusal(
                reading.error, f"a message by the rules of {adapter.name}", reading.error_text, "ask its sender"
            )
        return adapter.name, reading
    known = ", ".join(names) or "none: allow a plugin that reads messages"
    raise Refusal(
        "unknown-format", f"a message of a format that is loaded ({known})", request.file, "see `xstock plugin list`"
    )


class NodeInbox:
    """The `Inbox` of a plugin's context: what comes by it is taken in under the plugin's name."""

    def __init__(self, office: Office, plugin: str) -> None:
        self._office, self._actor = office, Actor("plugin", plugin)

    async def take(self, document: Document) -> tuple[Receipt, ...]:
        """See `Inbox.take`."""
        request = MessageFile(file=document.name, content=document.content, media=document.media)
        try:
            found = await import_message(self._office, self._actor, request)
        except Refusal as error:
            raise Declined(f"expected {error.expected}; came {error.came}; {error.do}") from None
        return tuple(
            Receipt(
                id=one.id,
                foreign_id=one.foreign_id,
                kind=one.kind,
                state=one.state,
                reason=one.reason,
                known=not one.new,
            )
            for one in found.messages
        )


async def list_messages(office: Office, actor: Actor, request: None = None) -> list[MessageView]:
    """All messages of other systems, newest first, without what they say."""
    held = await office.node.engine.read(MESSAGES.list)
    return [_view(one) for one in sorted(held, key=lambda one: (-one.at, one.chain, one.sent, one.id))]


async def show_message(office: Office, actor: Actor, request: MessageRef) -> MessageView:
    """One message with what it says."""

    def work(tx: Transaction) -> MessageView:
        return msgspec.structs.replace(_view(held_of(tx, request.id)), message=SAID.get(tx, request.id))

    return await office.node.engine.read(work)


def held_of(tx: Transaction, id_: str) -> HeldMessage:
    """One message; Refusal where there is none."""
    held = MESSAGES.get(tx, id_)
    if held is None:
        raise Refusal("no-message", "the id of a message", id_, "see `xstock message list`", 2)
    return held


async def _take(office: Office, actor: Actor, format_: str, sha256: str, message: ResourceMessage) -> MessageView:
    now = office.node.clock.now()
    items = await office.catalogue()

    def keep(tx: Transaction) -> tuple[HeldMessage, bool]:
        known = [one for one in MESSAGES.list(tx) if one.format == format_]
        id_ = message_id(format_, message.sender, message.id)
        before = next((one for one in known if one.id == id_), None)
        if before is not None:
            return _again(tx, before, message), False
        if len(known) >= limits.MESSAGES:
            raise Refusal("too-many", f"at most {limits.MESSAGES} messages", "one more", "ask the node's operator")
        held = HeldMessage(
            id=id_,
            format=format_,
            sha256=sha256,
            at=now,
            chain=first_of(known, message),
            foreign_id=message.id,
            kind=message.kind,
            sender=message.sender,
            sent=message.sent,
            status=message.status,
            recalls=message.recalls,
            replaces=message.replaces,
        )
        if message.kind == "request":
            draft = put_draft(tx, draft_of(held, message, items), now)
            held = msgspec.structs.replace(held, draft=draft.id)
        elif not any(one.chain == held.chain for one in known):
            held = msgspec.structs.replace(held, state="waiting", reason="what it refers to has not come")
        MESSAGES.put(tx, id_, held, now)
        SAID.put(tx, id_, message, now)
        _wake(tx, held, now)
        office.record(tx, actor, "message.take", id_, f"{format_} {message.kind} {clean(message.id)[:100]}")
        return held, True

    held, new = await office.node.engine.write(keep, durable=True)
    if held.kind == "recall" or (held.kind == "request" and new):
        held = await recalling.settle(office, actor, held)
    return msgspec.structs.replace(_view(held), new=new)


def _again(tx: Transaction, before: HeldMessage, message: ResourceMessage) -> HeldMessage:
    """A message that came again; one of the same id that says something else is refused, and the first stays."""
    if SAID.get(tx, before.id) == message:
        return before
    return msgspec.structs.replace(before, state="refused", reason="a message of this id said something else before")


def _wake(tx: Transaction, held: HeldMessage, now: int) -> None:
    """What waited for this message waits no more."""
    for one in MESSAGES.list(tx):
        if one.state == "waiting" and one.format == held.format and one.chain == held.chain and one.id != held.id:
            MESSAGES.put(tx, one.id, msgspec.structs.replace(one, state="taken", reason=""), now)


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


def _view(held: HeldMessage) -> MessageView:
    return MessageView(
        id=held.id,
        foreign_id=held.foreign_id,
        format=held.format,
        kind=held.kind,
        sender=held.sender,
        sent=iso(held.sent) if held.sent else "",
        status=held.status,
        chain=held.chain,
        state=held.state,
        reason=held.reason,
        draft=held.draft,
    )
