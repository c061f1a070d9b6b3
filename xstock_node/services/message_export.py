"""Messages for other systems out: an operation, a request's operations, or a chain that came in."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.domain.message_chain import OWN_ID, Partner, Told, chain_of
from xstock_node.domain.message_order import in_order
from xstock_node.domain.messages import ResourceMessage
from xstock_node.plugins.calls import Defect
from xstock_node.plugins.errors import AdapterError
from xstock_node.plugins.interchange import Document, Writing
from xstock_node.protocol import limits
from xstock_node.services import dossier
from xstock_node.services.dossier import Dossier
from xstock_node.services.drafts import DRAFTS, DraftRequest
from xstock_node.services.errors import Refusal
from xstock_node.services.messages_held import MESSAGES, SAID, chain
from xstock_node.services.messaging import FORMAT
from xstock_node.services.office import Actor, Office
from xstock_node.services.referring import references_of
from xstock_node.services.request_views import REQUESTS
from xstock_node.storage.interfaces import Transaction


class MessageExport(msgspec.Struct, frozen=True, kw_only=True):
    """What to write: `about` is an operation, a request, a message, or the id of the first message of a chain."""

    about: Annotated[str, Meta(max_length=300)]
    format: Annotated[str, Meta(max_length=60)]


class MessagesWritten(msgspec.Struct, frozen=True, kw_only=True):
    """The documents, in the order of the chain. `left_out` are ids of messages whose sender nobody knows, as they came
    without an envelope: they are not restated in another's name.
    """

    format: str
    documents: list[Document]
    left_out: list[str]


async def export_messages(office: Office, actor: Actor, request: MessageExport) -> MessagesWritten:
    """Write the messages of an operation, or of a chain that came in, in a format."""
    adapters = {one.name: one for one in office.host.of_kind(FORMAT)}
    adapter = adapters.get(request.format)
    if adapter is None:
        known = ", ".join(adapters) or "none: allow a plugin that writes messages"
        raise Refusal(
            "unknown-format", f"a format that is loaded ({known})", request.format, "see `xstock plugin list`", 2
        )
    names = {item.code: (await office.catalogue()).name(item.code, "en") for item in (await office.catalogue()).all()}
    messages = await office.node.engine.read(lambda tx: messages_of(office, tx, request.about, names))
    if not messages:
        raise Refusal(
            "no-messages", "an operation, a request or a message with a chain", request.about, "see `xstock op list`", 2
        )
    left_out = [one.id for one in messages if not one.sender]
    messages = tuple(one for one in messages if one.sender)
    try:
        documents = await adapter.plugin.call(FORMAT, adapter.name, "write", Writing(messages=messages))
    except (AdapterError, Defect) as error:
        raise Refusal(
            "not-written", f"messages that {adapter.name} has words for", str(error), "choose another format"
        ) from None
    return MessagesWritten(format=adapter.name, documents=list(documents), left_out=left_out)


def messages_of(office: Office, tx: Transaction, about: str, names: dict[str, str]) -> tuple[ResourceMessage, ...]:
    """The messages about something, in the order of their chain; none where nothing is known of it."""
    row = tx.cases.get(about)
    if row is not None:
        return own_chain(office, tx, dossier.read(tx, row), names)
    if (request := REQUESTS.get(tx, about)) is not None:
        rows = [found for found in (tx.cases.get(case) for case in request.cases.values()) if found is not None]
        chains = [own_chain(office, tx, dossier.read(tx, found), names) for found in rows]
        return in_order(message for one in chains for message in one)
    held = MESSAGES.get(tx, about)
    if held is not None:
        return chain(tx, held.format, held.chain)
    held_chains = (chain(tx, one.name, about) for one in office.host.of_kind(FORMAT))
    return next((found for found in held_chains if found), ())


def own_chain(office: Office, tx: Transaction, found: Dossier, names: dict[str, str]) -> tuple[ResourceMessage, ...]:
    """One of this node's operations as messages; answers to a foreign request carry its ids."""
    draft = _draft(tx, found.case.id)
    origin = SAID.get(tx, draft.about) if draft else None
    told = Told(
        case=found.case.id,
        requester=_partner(office, found.case.requester),
        supplier=_partner(office, found.case.supplier),
        exercise=office.node.networks[found.case.network].shared.is_exercise,
        names=names,
        origin=origin,
        lines={(line.item, line.unit): line.id for line in reversed(draft.lines) if line.item} if draft else {},
    )
    numbers = references_of(tx, found.case.id)
    return in_order(_referred(one, numbers) for one in chain_of(told, found.events()))


def _referred(message: ResourceMessage, numbers: tuple[str, ...]) -> ResourceMessage:
    """A message of this operation with the numbers that others gave to it; what came from outside stays as it came."""
    if not message.id.startswith(OWN_ID):
        return message
    incidents = tuple(dict.fromkeys([*message.incidents, *numbers]))[: limits.MESSAGE_FEW]
    return msgspec.structs.replace(message, incidents=incidents)


def _draft(tx: Transaction, case: str) -> DraftRequest | None:
    requests: Iterable[str] = (one.id for one in REQUESTS.list(tx) if case in one.cases.values())
    known = set(requests)
    return next((one for one in DRAFTS.list(tx) if one.request and one.request in known), None)


def _partner(office: Office, node: str) -> Partner:
    identity = office.node.directory.get(node)
    return Partner(node, identity.title() if identity else node, identity.statement.country if identity else "")
