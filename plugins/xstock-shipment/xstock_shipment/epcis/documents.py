"""Documents of EPCIS 2.0 in JSON-LD as messages, and messages as documents: bytes on one side, values on the other."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from xstock_node.plugins import Declined
from xstock_node.plugins.interchange import Document, Reading, ResourceMessage, limits
from xstock_node.plugins.markup import BadMarkup, parse_json
from xstock_shipment.epcis.reading import Parties, read_events
from xstock_shipment.epcis.shapes import CONTEXT, OWN, Body, EpcisDocument, Event
from xstock_shipment.epcis.times import write_time
from xstock_shipment.epcis.writing import write_message
from xstock_shipment.parts import Broken

MEDIA: Final = "application/ld+json"
VERSION: Final = "2.0"
KINDS: Final = ("EPCISDocument", "EPCISQueryDocument")
_MINE: Final = tuple(word.encode(form) for word in KINDS for form in ("utf-8", "utf-16le", "utf-16be"))
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9._-]+")
_ENCODER: Final = msgspec.json.Encoder()


def read_document(raw: bytes) -> Reading | None:
    """What the document says; None for one of another format."""
    if raw.lstrip()[:1] == b"<" or not any(name in raw for name in _MINE):
        return None
    try:
        found = parse_json(raw)
        if not isinstance(found, dict) or found.get("type") not in KINDS:
            return None
        document = msgspec.convert(found, EpcisDocument)
        events = document.events if document.is_own else tuple(map(_without_own, document.events))
        if len(events) > limits.MESSAGES_A_DOCUMENT:
            raise Broken("too-much", f"at most {limits.MESSAGES_A_DOCUMENT} events", str(len(events)), "split them")
        read = list(read_events(events, Parties(document.sender, document.receiver)))
    except (BadMarkup, Broken) as error:
        return Reading(error=error.word, error_text=str(error)[:1000])
    except msgspec.ValidationError as error:
        return Reading(error="wrong-value", error_text=f"expected events of EPCIS 2.0; came {error}"[:1000])
    return Reading(messages=tuple(one.message for one in read), flags=tuple(flag for one in read for flag in one.flags))


def _without_own(event: Event) -> Event:
    declared = event.error_declaration
    if declared is not None:
        declared = msgspec.structs.replace(declared, said=None)
    return msgspec.structs.replace(event, said=None, part="", error_declaration=declared)


def write_documents(messages: Sequence[ResourceMessage]) -> tuple[Document, ...]:
    """A document for each message that is an event, in their order; `Declined` where one cannot be said whole."""
    known = {one.id: one for one in messages}
    documents: list[Document] = []
    for number, message in enumerate(messages, 1):
        try:
            events = write_message(message, known)
            if not events:
                continue
            raw = _bytes(message, events)
            _whole(message, raw)
        except (Broken, UnicodeEncodeError) as error:
            raise Declined(f"message {message.id}: {error}") from None
        name = f"{number:03}-{message.kind}-{_NO_NAME.sub('-', message.id)[:100]}.jsonld"
        documents.append(Document(name=name, content=raw, media=MEDIA))
    return tuple(documents)


def _bytes(message: ResourceMessage, events: tuple[Event, ...]) -> bytes:
    document = EpcisDocument(
        context=[CONTEXT, OWN],
        type=KINDS[0],
        schema_version=VERSION,
        creation_date=write_time(message.sent),
        sender=message.sender,
        receiver=message.recipients[0] if message.recipients else "",
        epcis_body=Body(event_list=events),
    )
    raw = msgspec.json.format(_ENCODER.encode(document), indent=2) + b"\n"
    if len(raw) > limits.MESSAGE:
        raise Broken("too-large", f"a document of at most {limits.MESSAGE} bytes", str(len(raw)), "send less at once")
    return raw


def _whole(message: ResourceMessage, raw: bytes) -> None:
    """What is read from the bytes is the message again: nothing is sent in which something was lost."""
    read = read_document(raw)
    if read is not None and read.messages == (message,):
        return
    came = "nothing" if read is None else read.error_text
    if read is not None and read.messages:
        fields = ResourceMessage.__struct_fields__
        came = ", ".join(one for one in fields if getattr(read.messages[0], one) != getattr(message, one))
    raise Broken("not-whole", "a message that reads the same from its document", came, "correct these fields")
