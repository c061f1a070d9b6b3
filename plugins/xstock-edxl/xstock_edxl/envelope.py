"""The distribution around a message, EDXL-DE 1.0: what it says about sender, status, language and recipients."""

from collections.abc import Iterator
from typing import Final, cast

from xstock_edxl import marks
from xstock_edxl.kinds import KINDS
from xstock_edxl.reading import Envelope, is_message
from xstock_edxl.tags import DE, Element, add, content, each, local, one, text
from xstock_edxl.times import write_time
from xstock_edxl.told import Broken, Told
from xstock_edxl.writing import Written
from xstock_node.plugins.interchange import ResourceMessage, Status

_STATUSES: Final = ("Actual", "Exercise", "System", "Test")
_TYPES: Final = (
    *("Report", "Update", "Cancel", "Request", "Response", "Dispatch", "Ack", "Error"),
    *("SensorConfiguration", "SensorControl", "SensorStatus", "SensorDetection"),
)
_MUST: Final = (
    *("distributionID", "senderID", "dateTimeSent", "distributionStatus", "distributionType"),
    "combinedConfidentiality",
)
_CONFIDENTIALITY: Final = "UNCLASSIFIED AND NOT SENSITIVE"


def reference(message: ResourceMessage) -> str:
    """How later distributions refer to the one of this message: identifier, sender and time."""
    return f"{message.id},{message.sender},{write_time(message.sent, 'sent')}"


def wrap(message: ResourceMessage, written: Written, references: list[str]) -> Element:
    """The distribution with the message in it; raises `Broken` for what no distribution can say."""
    if message.status not in _STATUSES:
        raise Broken("wrong-value", f"one of {', '.join(_STATUSES)} as status", message.status, "send no drafts")
    root = Element(f"{{{DE}}}EDXLDistribution")
    add(root, DE, "distributionID", message.id)
    add(root, DE, "senderID", message.sender)
    add(root, DE, "dateTimeSent", write_time(message.sent, "sent"))
    add(root, DE, "distributionStatus", message.status)
    add(root, DE, "distributionType", _type(message))
    add(root, DE, "combinedConfidentiality", _CONFIDENTIALITY)
    if message.language:
        add(root, DE, "language", message.language)
    for earlier in references:
        add(root, DE, "distributionReference", earlier)
    if message.recipients:
        address = add(root, DE, "explicitAddress")
        add(address, DE, "explicitAddressScheme", marks.RECIPIENT)
        for recipient in message.recipients:
            add(address, DE, "explicitAddressValue", recipient)
    _write_content(root, message, written)
    _check(root)
    return root


def _type(message: ResourceMessage) -> str:
    if message.recalls:
        return "Update" if message.replaces else "Cancel"
    return KINDS[message.kind].distribution


def _write_content(root: Element, message: ResourceMessage, written: Written) -> None:
    entry = add(root, DE, "contentObject")
    add(entry, DE, "contentDescription", written.type)
    for urn, value in written.marks:
        keyword = add(entry, DE, "contentKeyword")
        add(keyword, DE, "valueListUrn", urn)
        add(keyword, DE, "value", value)
    if message.incidents:
        add(entry, DE, "incidentID", message.incidents[0])
    add(add(entry, DE, "xmlContent"), DE, "embeddedXMLContent").append(written.element)


def unwrap(root: Element, told: Told) -> Iterator[tuple[Element, Envelope]]:
    """The messages of EDXL-RM in a distribution, with what it says about each; its other contents are told.

    Raises `Broken` where there is a message and the distribution lacks what it must say.
    """
    entries = [(entry, list(_embedded(entry))) for entry in each(root, "contentObject", DE)]
    if not any(is_message(element) for _, elements in entries for element in elements):
        return
    _check(root)
    addresses = each(root, "explicitAddress", DE)
    said = Envelope(
        sender=text(root, "senderID", DE),
        status=cast(Status, text(root, "distributionStatus", DE).strip()),
        language=text(root, "language", DE),
        recipients=tuple(content(to) for one_of in addresses for to in each(one_of, "explicitAddressValue", DE)),
    )
    for entry, elements in entries:
        for element in elements:
            if is_message(element):
                yield element, said._replace(marks=tuple(_marks(entry)))
            else:
                told.skip("other-content", local(element))
        if one(entry, "nonXMLContent", DE) is not None:
            told.skip("other-content", text(one(entry, "nonXMLContent", DE), "mimeType", DE))


def _embedded(entry: Element) -> Iterator[Element]:
    for part in each(one(entry, "xmlContent", DE), "embeddedXMLContent", DE):
        yield from part


def _marks(entry: Element) -> Iterator[tuple[str, str]]:
    for keyword in each(entry, "contentKeyword", DE):
        if (urn := text(keyword, "valueListUrn", DE).strip()).startswith(marks.OURS):
            yield urn, text(keyword, "value", DE)


def _check(root: Element) -> None:
    """What the schema of EDXL-DE 1.0 asks of a distribution."""
    for name in _MUST:
        if not text(root, name, DE).strip():
            raise Broken("missing", f"{name} in EDXLDistribution", "none", "add it")
    for name, allowed in (("distributionStatus", _STATUSES), ("distributionType", _TYPES)):
        if (came := text(root, name, DE).strip()) not in allowed:
            raise Broken("wrong-value", f"one of {', '.join(allowed)} as {name}", came, "correct it")
