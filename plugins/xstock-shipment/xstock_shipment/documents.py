"""Messages as documents, and documents as messages: bytes on one side, neutral values on the other."""

import re
from collections.abc import Callable, Sequence
from typing import Final
from xml.etree import ElementTree

import msgspec

from xstock_node.plugins import Declined
from xstock_node.plugins.interchange import Document, Reading, ResourceMessage, Skipped, limits
from xstock_node.plugins.markup import BadMarkup, parse_xml
from xstock_shipment.parts import Broken
from xstock_shipment.reading import doubts, read_despatch, read_receipt, read_status
from xstock_shipment.tags import DESPATCH, PROOF, RECEIPT, STATUS, Element, document_of
from xstock_shipment.writing import write

_MINE: Final = tuple("urn:oasis:names:specification:ubl:".encode(form) for form in ("utf-8", "utf-16le", "utf-16be"))
_NO_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9._-]+")
_READERS: Final[dict[str, Callable[[Element], ResourceMessage]]] = {
    DESPATCH: read_despatch,
    RECEIPT: read_receipt,
    STATUS: read_status,
}


def read_document(raw: bytes) -> Reading | None:
    """What the document says; None for one of another kind."""
    if not any(name in raw for name in _MINE):
        return None
    try:
        root = parse_xml(raw)
        document = document_of(root)
        if document == PROOF:
            return Reading(skipped=(Skipped(reason="proof", text="it repeats the receipt of the returned goods"),))
        if not document:
            return None
        message = _READERS[document](root)
        msgspec.json.decode(msgspec.json.encode(message), type=ResourceMessage)
        return Reading(messages=(message,), flags=doubts(root)[: limits.MESSAGE_MANY])
    except (BadMarkup, Broken) as error:
        return Reading(error=error.word, error_text=str(error)[:300])
    except msgspec.ValidationError as error:
        return Reading(error="too-much", error_text=f"expected what a message holds; came {error}"[:300])


def write_documents(messages: Sequence[ResourceMessage]) -> tuple[Document, ...]:
    """The documents of an operation; `Declined` where its receipts count more than was despatched."""
    try:
        written = write(messages)
        return tuple(
            Document(
                name=f"{number:03}-{one.document}-{_NO_NAME.sub('-', one.message)[:100]}.xml",
                content=_bytes(one.root),
                media="application/xml",
            )
            for number, one in enumerate(written, 1)
        )
    except Broken as error:
        raise Declined(str(error)) from None


def _bytes(root: Element) -> bytes:
    ElementTree.indent(root)
    said = ElementTree.tostring(root, encoding="unicode")
    if (wrong := _NO_XML.search(said)) is not None:
        raise Broken("wrong-value", "characters that XML knows", f"U+{ord(wrong[0]):04X}", "leave it out")
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + said + "\n").encode()
