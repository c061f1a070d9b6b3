"""Messages as documents, and documents as messages: bytes on one side, neutral values on the other."""

import re
from collections.abc import Callable
from typing import Any, Final, Literal
from xml.etree import ElementTree

import msgspec

from xstock_dispatch.envelope import Outgoing, unwrap_json, unwrap_xml, wrap_json, wrap_xml
from xstock_dispatch.kinds import KINDS
from xstock_dispatch.reading import read_message
from xstock_dispatch.told import MANY, Broken, Told
from xstock_dispatch.trees import EMSI
from xstock_dispatch.writing import without_unknown, write_message
from xstock_node.plugins.errors import Declined
from xstock_node.plugins.interchange import Document, Reading, ResourceMessage
from xstock_node.plugins.markup import BadMarkup, parse_json, parse_xml

Form = Literal["xml", "json"]
FORMS: Final[tuple[Form, Form]] = ("xml", "json")
MEDIA: Final[dict[Form, str]] = {"xml": "application/xml", "json": "application/json"}
_MINE: Final = tuple(EMSI.encode(form) for form in ("utf-8", "utf-16le", "utf-16be"))
_NO_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9._-]+")
_JSON: Final = msgspec.json.Encoder(decimal_format="number")


def _form(raw: bytes) -> Form | None:
    """In which form a document may have EMSI in it."""
    if any(name in raw for name in _MINE):
        return "xml"
    if raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"{":
        return None
    return "json" if b'"emsi"' in raw or (b'"CONTEXT"' in raw and b'"MSGTYPE"' in raw) else None


def read_document(raw: bytes) -> Reading | None:
    """What the document says, in whichever form; None where no message of EMSI is in it."""
    form = _form(raw)
    if form is None:
        return None
    told = Told()
    try:
        found = list(unwrap_xml(parse_xml(raw)) if form == "xml" else unwrap_json(parse_json(raw)))
        messages = tuple(read_message(emsi, envelope, told) for emsi, envelope in found)
    except (BadMarkup, Broken) as error:
        return Reading(error=error.word, error_text=str(error)[:1000])
    if not messages:
        return None
    if len(messages) > MANY:
        return Reading(
            error="too-much", error_text=f"expected at most {MANY} messages; came {len(messages)}; split them"
        )
    return Reading(messages=messages, skipped=tuple(told.skipped)[:MANY], flags=tuple(told.flags)[:MANY])


def read_answer(raw: bytes) -> tuple[str, str]:
    """The word of an answer (ACK or ERROR) and its free text; empty where it holds no message of EMSI."""
    form = _form(raw)
    if form is None:
        return "", ""
    try:
        found = list(unwrap_xml(parse_xml(raw)) if form == "xml" else unwrap_json(parse_json(raw)))
    except (BadMarkup, Broken):
        return "", ""
    heads = [emsi.context for emsi, _ in found]
    errors = [head for head in heads if head.msgtype == "ERROR"]
    chosen = (errors or heads)[:1]
    return (chosen[0].msgtype, chosen[0].freetext) if chosen else ("", "")


def write_documents(messages: tuple[ResourceMessage, ...], form: Form) -> tuple[Document, ...]:
    """A document for each message that EMSI has, in their order; `Declined` where one of them cannot be said whole."""
    documents = list[Document]()
    for number, message in enumerate((one for one in messages if one.kind in KINDS), 1):
        out = (message.sender, message.sent, message.status, message.language, message.recipients)
        try:
            raw = to_bytes(Outgoing(write_message(message), *out), form)
            _whole(message, raw)
        except Broken as error:
            raise Declined(f"message {message.id}: {error}") from None
        name = f"{number:03}-{message.kind}-{_NO_NAME.sub('-', message.id)[:100]}.{form}"
        documents.append(Document(name=name, content=raw, media=MEDIA[form]))
    return tuple(documents)


def to_bytes(out: Outgoing, form: Form) -> bytes:
    """The distribution as bytes; raises `Broken` for what no document can say."""
    writers: dict[Form, Callable[[Outgoing], str]] = {"xml": _xml, "json": _plain}
    try:
        return writers[form](out).encode()
    except UnicodeEncodeError as error:
        raise Broken("wrong-value", "text of Unicode", str(error), "leave it out") from None


def _xml(out: Outgoing) -> str:
    root = wrap_xml(out)
    ElementTree.indent(root)
    said = ElementTree.tostring(root, encoding="unicode")
    if (wrong := _NO_XML.search(said)) is not None:
        raise Broken("wrong-value", "characters that XML knows", f"U+{ord(wrong[0]):04X}", "leave it out")
    # A bare carriage return would be read back as the end of a line.
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + said + "\n").replace("\r", "&#13;")


def _plain(out: Outgoing) -> str:
    found: Any = wrap_json(out)
    return msgspec.json.format(_JSON.encode(found), indent=2).decode() + "\n"


def _whole(message: ResourceMessage, raw: bytes) -> None:
    """What is read from the bytes is the message again: nothing is sent in which something was lost."""
    read, meant = read_document(raw), without_unknown(message)
    if read is not None and read.messages == (meant,):
        return
    came = "nothing" if read is None else read.error_text
    if read is not None and read.messages:
        fields = ResourceMessage.__struct_fields__
        came = ", ".join(one for one in fields if getattr(read.messages[0], one) != getattr(meant, one))
    raise Broken("not-whole", "a message that reads the same from its document", came, "correct these fields")
