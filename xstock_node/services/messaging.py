"""Messages of other systems in: read by a format, kept once, and given effect as far as a message alone may.

A foreign request opens a draft that a person sends; a foreign cancellation ends what it began as long as nothing has
left. Whatever else comes is kept in its chain. Nothing here moves stock: that takes the node's own signed steps.
"""

import hashlib
from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.domain.messages import MessageKind, ResourceMessage
from xstock_node.plugins.calls import Defect
from xstock_node.plugins.errors import AdapterError
from xstock_node.plugins.inbox import Document as PluginDocument
from xstock_node.plugins.interchange import Reading, Skipped
from xstock_node.protocol import limits
from xstock_node.services import alert_views, recalling
from xstock_node.services.alert_views import AlertTaken
from xstock_node.services.errors import Refusal
from xstock_node.services.message_intake import Document, take_in
from xstock_node.services.messages_held import MESSAGES, SAID, HeldMessage, MessageState
from xstock_node.services.office import Actor, Office
from xstock_node.services.times import iso
from xstock_node.services.typed import clean
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
    found = await import_messages(office, actor, format_, request.content, reading)
    alerts = await alert_views.import_alerts(office, actor, format_, reading.alerts)
    return msgspec.structs.replace(found, alerts=alerts)


async def import_messages(
    office: Office, actor: Actor, format_: str, content: bytes, reading: Reading
) -> MessagesTaken:
    """Keep what a document says, and give effect to its recalls."""
    if len(reading.messages) > limits.MESSAGES_A_DOCUMENT:
        expected, came = f"at most {limits.MESSAGES_A_DOCUMENT} messages in a document", str(len(reading.messages))
        raise Refusal("too-many", expected, came, "send more documents")
    document = Document(format_, hashlib.sha256(content).hexdigest())
    views = []
    for held, came in await take_in(office, actor, document, reading.messages):
        ends = came != "differs" and held.kind in ("recall", "request")
        stands = await recalling.settle(office, actor, held) if ends else held
        views.append(msgspec.structs.replace(_view(stands), new=came == "new"))
    skipped, flags = list(reading.skipped), [clean(flag) for flag in reading.flags]
    return MessagesTaken(format=format_, messages=views, alerts=[], skipped=skipped, flags=flags)


async def read_document(office: Office, request: MessageFile) -> tuple[str, Reading]:
    """The name of the format that knows a document, and what it says; Refusal where none does."""
    document = PluginDocument(name=request.file, content=request.content, media=request.media)
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
