"""The distribution around a message, EDXL-DE 2.0, as XML and as the JSON that dispatch centres exchange."""

import re
from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple, cast
from xml.etree import ElementTree

import msgspec

from xstock_dispatch.emsi import Emsi, Type
from xstock_dispatch.marks import UNSAID
from xstock_dispatch.times import write_time
from xstock_dispatch.told import Broken, broken
from xstock_dispatch.trees import DE, EMSI, Element, from_plain, from_xml, to_plain, to_xml
from xstock_node.plugins.interchange import Id, Status

KIND_OF: Final[dict[Type, str]] = {
    "ACK": "Ack",
    "ALERT": "Report",
    "CANCEL": "Cancel",
    "ERROR": "Error",
    "UPDATE": "Update",
}
_ROOT: Final = f"{{{DE}}}edxlDistribution"
_XLINK: Final = "{http://www.w3.org/1999/xlink}type"
_HUB: Final = "hubex"
_YEAR: Final = 365 * 86400
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_MUST: Final = (
    "distributionID",
    "senderID",
    "dateTimeSent",
    "dateTimeExpires",
    "distributionStatus",
    "distributionKind",
)


class Envelope(NamedTuple):
    """What a distribution says; one that is not there says nothing, and the message alone decides."""

    sender: str = ""
    sent: str = ""
    status: str = ""
    language: str = ""
    recipients: tuple[str, ...] = ()


class Outgoing(NamedTuple):
    """A message on its way: `sent` in unix seconds."""

    message: Emsi
    sender: str
    sent: int
    status: Status
    language: str
    recipients: tuple[str, ...]


class _Said(msgspec.Struct, frozen=True, rename="camel"):
    """What every distribution has to say, and what it may."""

    distribution_id: Id = msgspec.field(name="distributionID")
    sender_id: Id = msgspec.field(name="senderID")
    date_time_sent: Id
    date_time_expires: Id
    distribution_status: Literal["Actual", "Exercise", "System", "Test", "Unknown", "NoAppropriateDefault"]
    distribution_kind: Id


def unwrap_xml(root: Element) -> Iterator[tuple[Emsi, Envelope | None]]:
    """The messages in a document; with None those without a distribution. Raises `Broken`."""
    if root.tag == f"{{{EMSI}}}emsi":
        yield from_xml(root), None
    if root.tag != _ROOT:
        return
    found = [one for entry in root.iterfind(_path("content", "contentObject")) for one in entry.iter(f"{{{EMSI}}}emsi")]
    if not found:
        return
    said = _checked({name: (root.findtext(_path(name)) or "").strip() for name in _MUST})
    addresses = root.iterfind(_path("descriptor", "explicitAddress", "explicitAddressValue"))
    envelope = Envelope(
        sender=root.findtext(_path("senderID")) or "",
        sent=said.date_time_sent,
        status=said.distribution_status,
        language=root.findtext(_path("descriptor", "language")) or "",
        recipients=tuple(one.text or "" for one in addresses),
    )
    for one in found:
        yield from_xml(one), envelope


def _path(*names: str) -> str:
    return "/".join(f"{{{DE}}}{name}" for name in names)


def _checked(said: Any) -> _Said:
    if isinstance(said, dict):
        for name in _MUST:
            if not said.get(name):
                raise Broken("missing", f"{name} of EDXL-DE 2.0", "none", "add it")
    try:
        return msgspec.convert(said, _Said)
    except msgspec.ValidationError as error:
        raise broken(error, "a distribution of EDXL-DE 2.0") from None


class _Address(msgspec.Struct, frozen=True, rename="camel"):
    explicit_address_value: Id | tuple[Id, ...] = ()


class _Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    language: Id = ""
    explicit_address: _Address | tuple[_Address, ...] = ()


class _Header(msgspec.Struct, frozen=True):
    """RC-DE, the header of the French profile, of which the status alone counts; the message stands in it."""

    emsi: Any = None
    status: Literal["", "Actual", "Exercise", "System", "Test", "Draft"] = ""


class _Embedded(msgspec.Struct, frozen=True):
    message: _Header = _Header()


class _Json(msgspec.Struct, frozen=True, rename="camel"):
    embedded_json_content: _Embedded = _Embedded()


class _Object(msgspec.Struct, frozen=True, rename="camel"):
    json_content: _Json = _Json()


class _Around(msgspec.Struct, frozen=True, rename="camel"):
    content: tuple[_Object, ...] = ()
    descriptor: _Descriptor = _Descriptor()


def unwrap_json(found: Any) -> Iterator[tuple[Emsi, Envelope | None]]:
    """The same of JSON values: `edxl` around messages, or `emsi`, or what is in it, alone."""
    if not isinstance(found, dict):
        return
    if "edxl" not in found:
        if "emsi" in found or {"CONTEXT", "EVENT"} <= found.keys():
            yield from_plain(found.get("emsi", found)), None
        return
    try:
        around = msgspec.convert(found["edxl"], _Around)
    except msgspec.ValidationError as error:
        raise broken(error, "EDXL-DE 2.0 as JSON") from None
    headers = [one.json_content.embedded_json_content.message for one in around.content]
    headers = [one for one in headers if one.emsi is not None]
    if not headers:
        return
    said = _checked(found["edxl"])
    addresses = around.descriptor.explicit_address
    values = [one.explicit_address_value for one in (addresses if isinstance(addresses, tuple) else (addresses,))]
    recipients = tuple(one for value in values for one in (value if isinstance(value, tuple) else (value,)))
    for header in headers:
        real = said.distribution_status in ("Actual", "Unknown", "NoAppropriateDefault")
        status = header.status if real and header.status else said.distribution_status
        envelope = Envelope(said.sender_id, said.date_time_sent, status, around.descriptor.language, recipients)
        yield from_plain(header.emsi), envelope


def _head(out: Outgoing) -> dict[str, str]:
    if out.status == "Draft":
        raise Broken("wrong-value", "a message that is no draft", out.status, "send no drafts")
    for name, value in (("an id", out.message.context.id), ("a sender", out.sender)):
        if not value.strip():
            raise Broken("missing", name, "none", "add it")
    if any(not one.strip() for one in out.recipients):
        raise Broken("missing", "a name of each recipient", "none", "leave it out")
    if out.language and not _LANGUAGE.fullmatch(out.language):
        raise Broken("wrong-value", "a language such as ro or sr-Cyrl", out.language, "correct it")
    return {
        "distributionID": out.message.context.id,
        "senderID": out.sender,
        "dateTimeSent": write_time(out.sent, "sent"),
        "dateTimeExpires": write_time(out.sent + _YEAR, "sent"),
        "distributionStatus": out.status,
        "distributionKind": KIND_OF[out.message.context.msgtype],
    }


def wrap_xml(out: Outgoing) -> Element:
    """The distribution with the message in it; raises `Broken` for what none can say."""
    root = Element(_ROOT, {_XLINK: "extended"})
    for name, value in _head(out).items():
        _add(root, name, value)
    if out.language or out.recipients:
        descriptor = _add(root, "descriptor", link=True)
        if out.language:
            _add(descriptor, "language", out.language)
        if out.recipients:
            address = _add(descriptor, "explicitAddress")
            _add(address, "explicitAddressScheme", _HUB)
            for recipient in out.recipients:
                _add(address, "explicitAddressValue", recipient)
    entry = _add(_add(root, "content", link=True), "contentObject", link=True)
    _add(_add(entry, "contentXML"), "embeddedXMLContent").append(to_xml(out.message))
    return root


def _add(parent: Element, name: str, said: str | None = None, *, link: bool = False) -> Element:
    """A new last child; with `link` one that the schema makes a resource of XLink."""
    child = ElementTree.SubElement(parent, f"{{{DE}}}{name}", {_XLINK: "resource"} if link else {})
    child.text = said
    return child


def wrap_json(out: Outgoing) -> dict[str, Any]:
    """The same as JSON values, with the header RC-DE, which knows no status Test: the message says so itself."""
    head = _head(out)
    descriptor = dict[str, Any]()
    if out.language:
        descriptor["language"] = out.language
    if out.recipients:
        values = out.recipients[0] if len(out.recipients) == 1 else out.recipients
        descriptor["explicitAddress"] = {"explicitAddressScheme": _HUB, "explicitAddressValue": values}
    message = {
        "messageId": head["distributionID"],
        "sender": _party(out.sender),
        "sentAt": head["dateTimeSent"],
        "kind": head["distributionKind"],
        "status": "System" if out.status == "Test" else out.status,
        "recipient": [_party(one) for one in out.recipients or (UNSAID,)],
        "emsi": to_plain(out.message),
    }
    content = [{"jsonContent": {"embeddedJsonContent": {"message": message}}}]
    return {"edxl": {**head, "descriptor": descriptor, "content": content}}


def _party(name: str) -> dict[str, str]:
    return {"name": name, "URI": f"xstock:{name}"}


def status_of(mode: str, envelope: Envelope | None) -> Status:
    """The status of a message: whoever says that it is not real is believed."""
    modes: dict[str, Status] = {"EXERCS": "Exercise", "EXCERCS": "Exercise", "SYSTEM": "System", "TEST": "Test"}
    if mode in modes:
        return modes[mode]
    around = envelope.status if envelope else ""
    return cast(Status, around) if around in ("Exercise", "System", "Test") else "Actual"
