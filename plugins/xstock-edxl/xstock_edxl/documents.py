"""Messages as documents, and documents as messages: bytes on one side, neutral values on the other."""

import re
from typing import Final
from xml.etree import ElementTree

import msgspec

from xstock_edxl.envelope import reference, unwrap, wrap
from xstock_edxl.reading import Envelope, is_message, read_message
from xstock_edxl.tags import DE, Element, local, space
from xstock_edxl.told import MANY, Broken, Told
from xstock_edxl.writing import write_message
from xstock_node.plugins.errors import Declined
from xstock_node.plugins.interchange import Document, Reading, ResourceMessage
from xstock_node.plugins.markup import BadMarkup, parse_xml

_MINE: Final = tuple("urn:oasis:names:tc:emergency:EDXL:".encode(form) for form in ("utf-8", "utf-16le", "utf-16be"))
_NO_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9._-]+")


def read_document(raw: bytes) -> Reading | None:
    """What the document says; None where no message of EDXL-RM 1.0 is in it."""
    if not any(name in raw for name in _MINE):
        return None
    try:
        root = parse_xml(raw)
    except BadMarkup as error:
        return Reading(error=error.word, error_text=str(error)[:1000])
    told = Told()
    try:
        messages = tuple(read_message(element, envelope, told) for element, envelope in _found(root, told))
    except Broken as error:
        return Reading(error=error.word, error_text=str(error)[:1000])
    if not messages:
        return None
    return Reading(messages=messages, skipped=tuple(told.skipped)[:MANY], flags=tuple(told.flags)[:MANY])


def _found(root: Element, told: Told) -> list[tuple[Element, Envelope]]:
    if is_message(root):
        told.flag("no-envelope")
        return [(root, Envelope())]
    if space(root) == DE and local(root) == "EDXLDistribution":
        return list(unwrap(root, told))
    return []


def write_documents(messages: tuple[ResourceMessage, ...]) -> tuple[Document, ...]:
    """One document for each message, in their order; `Declined` where one of them cannot be said whole."""
    types, references, documents = dict[str, str](), dict[str, str](), list[Document]()
    for number, message in enumerate(messages, 1):
        try:
            written = write_message(message, types.get(message.recalls))
            earlier = dict.fromkeys(one for one in (message.recalls, message.preceding) if one in references)
            raw = _bytes(wrap(message, written, [references[one] for one in earlier]))
            _whole(message, raw)
        except Broken as error:
            raise Declined(f"message {message.id}: {error}") from None
        types[message.id], references[message.id] = written.type, reference(message)
        name = f"{number:03}-{written.type}-{_NO_NAME.sub('-', message.id)[:100]}.xml"
        documents.append(Document(name=name, content=raw, media="application/xml"))
    return tuple(documents)


def _bytes(root: Element) -> bytes:
    ElementTree.indent(root)
    said = ElementTree.tostring(root, encoding="unicode")
    if (wrong := _NO_XML.search(said)) is not None:
        raise Broken("wrong-value", "characters that XML knows", f"U+{ord(wrong[0]):04X}", "leave it out")
    # A bare carriage return would be read back as the end of a line.
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + said + "\n").replace("\r", "&#13;").encode()


def _whole(message: ResourceMessage, raw: bytes) -> None:
    """What is read from the bytes is the message again: nothing is sent in which something was lost."""
    read, meant = read_document(raw), msgspec.structs.replace(message, shipment=None)  # EDXL-RM has no field for it
    if read is not None and read.messages == (meant,):
        return
    came = "nothing" if read is None else read.error_text
    if read is not None and read.messages:
        fields = ResourceMessage.__struct_fields__
        came = ", ".join(one for one in fields if getattr(read.messages[0], one) != getattr(meant, one))
    raise Broken("not-whole", "a message that reads the same from its document", came, "correct these fields")
