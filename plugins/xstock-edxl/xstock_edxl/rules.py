"""What a message of EDXL-RM 1.0 has to have: the musts of its schema, and the rules R1 to R6, there in comments alone.
The same check is made of what is read and of what is written.
"""

from typing import Final

from xstock_edxl.kinds import ANSWER_OF, TYPES, MessageType
from xstock_edxl.tags import Element, content, each, local, one, text
from xstock_edxl.told import Broken, Word

_TOP: Final = ("MessageDescription", "PrecedingMessageID", "Funding", "ResourceInformation")
_INSIDE: Final = {
    "ResourceInformation": ("ResponseInformation", "Resource", "AssignmentInformation"),
    "Resource": ("ResourceStatus",),
    "AssignmentInformation": ("Quantity", "PriceQuote"),
}
_RECALLS: Final = ("Cancel", "Update")
_WHAT: Final = {
    "ContactInformation": "a contact",
    "ResourceInformation": "a line",
    "ResponseInformation": "an answer and the line that it is about",
    "MessageDescription": "a note",
    "PrecedingMessageID": "the message that it follows",
    "Resource": "a name, an id or a code of what it is about",
    "Quantity": "a quantity",
    "AssignmentInformation": "a quantity",
}
"""What these elements are, in the words of neutral messages."""


def check(message: Element) -> None:
    """Raises `Broken` where the message lacks what it has to have. `message` is of a type in the table."""
    name = local(message)
    for element in ("MessageID", "SentDateTime", "MessageContentType", "OriginatingMessageID"):
        _need(message, element)
    if text(message, "MessageContentType").strip() != name:
        came = text(message, "MessageContentType")
        raise Broken("wrong-value", f"MessageContentType {name} in {name}", came, "let both say the same")
    _parties(message)
    _recall(message)
    _musts(message, TYPES[name], _TOP)
    for line in each(message, "ResourceInformation"):
        _need(line, "ResourceInfoElementID")
        _line(line, TYPES[name])
    for part in message.iter():
        if local(part) in ("ContactLocation", "Location"):
            _any("R5", part, "LocationDescription", "Address", "TargetArea")


def _line(line: Element, of: MessageType) -> None:
    _musts(line, of, _INSIDE["ResourceInformation"])
    for element in ("Resource", "AssignmentInformation"):
        if (found := one(line, element)) is not None:
            _musts(found, of, _INSIDE[element])
    if (resource := one(line, "Resource")) is not None:
        _any("R1", resource, "ResourceID", "Name", "TypeStructure")
    if (response := one(line, "ResponseInformation")) is not None:
        _need(response, "PrecedingResourceInfoElementID")
        answer = text(response, "ResponseType").strip()
        if answer not in ANSWER_OF:
            raise Broken("wrong-value", "Accept, Provisional or Decline as ResponseType", answer, "correct it")
        if answer == "Provisional":
            _any("R2", response, "ReasonCode", "ResponseReason")
    for schedule in each(line, "ScheduleInformation"):
        _need(schedule, "ScheduleType")


def _musts(parent: Element, of: MessageType, elements: tuple[str, ...]) -> None:
    for element in elements:
        if element in of.must:
            _need(parent, element)


def _recall(message: Element) -> None:
    if (recall := one(message, "MessageRecall")) is not None:
        _need(recall, "RecallMessageID")
        if (how := text(recall, "RecallType").strip()) not in _RECALLS:
            raise Broken("wrong-value", "Cancel or Update as RecallType", how, "correct it")


def _parties(message: Element) -> None:
    for incident in each(message, "IncidentInformation"):
        _any("R6", incident, "IncidentID", "IncidentDescription")
    for funding in each(message, "Funding"):
        _any("R3", funding, "FundCode", "FundingInfo")
    for part in message.iter():
        if local(part) in ("ContactInformation", "ResponsibleParty"):
            _any("R4", part, "ContactDescription", "ContactRole")
    _need(message, "ContactInformation")


def _need(parent: Element, name: str) -> None:
    """The child is there, and says something."""
    found = one(parent, name)
    if found is None or not (len(found) or content(found).strip()):
        raise Broken("missing", f"{name} in {local(parent)}", "none", f"add {_WHAT.get(name, 'it')}")


def _any(rule: Word, parent: Element, *names: str) -> None:
    """One of the children at least says something, or has children that do."""
    if any(len(child) or content(child).strip() for name in names for child in each(parent, name)):
        return
    expected = f"{' or '.join((', '.join(names[:-1]), names[-1]))} in {local(parent)}"
    raise Broken(rule, expected, "none", "add one of them")
