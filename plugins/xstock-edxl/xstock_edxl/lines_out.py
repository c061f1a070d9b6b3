"""One line of a neutral message as ResourceInformation. What the type of message cannot say becomes a keyword."""

from decimal import Decimal
from typing import Final

from xstock_edxl import marks
from xstock_edxl.kinds import ANSWERS, MOMENTS, MessageType
from xstock_edxl.places import write_place
from xstock_edxl.tags import MSG, RM, Element, add, listed
from xstock_edxl.times import write_time
from xstock_node.plugins.interchange import Place, Resource, Schedule

_ALWAYS: Final = ("condition", "lot", "expiry", "terms")
_DEPLOYMENT: Final = marks.OURS + "deployment"


def write_line(message: Element, of: MessageType, line: Resource) -> None:
    """A new ResourceInformation of the message."""
    information = add(message, MSG, "ResourceInformation")
    add(information, MSG, "ResourceInfoElementID", line.id)
    answered = of.has("ResponseInformation") and bool(line.about and line.answer)
    if answered:
        _write_answer(information, line)
    _write_resource(information, of, line, _said_by_marks(of, line, answered))
    _write_assignment(information, of, line)
    for schedule in line.schedule:
        if MOMENTS[schedule.moment] not in of.no_moments:
            _write_schedule(information, schedule)


def _write_answer(information: Element, line: Resource) -> None:
    response = add(information, MSG, "ResponseInformation")
    add(response, RM, "PrecedingResourceInfoElementID", line.about)
    add(response, RM, "ResponseType", ANSWERS[line.answer])
    if line.reason:
        add(response, RM, "ResponseReason", line.reason)


def _said_by_marks(of: MessageType, line: Resource, answered: bool) -> list[tuple[str, list[str]]]:
    """The marks of a line: what its other elements do not say."""
    said = {name: getattr(line, name) for name in _ALWAYS}
    if not answered:
        said |= {"about": line.about, "answer": line.answer, "reason": line.reason}
    if line.quantity is None:
        said["unit"] = line.unit
    else:
        said["said"] = line.said
    if not of.has("OwnershipInformation"):
        said["owner"] = line.owner
    found = [(name, [value]) for name, value in said.items() if value]
    for at, schedule in enumerate(line.schedule):
        if MOMENTS[schedule.moment] in of.no_moments:
            found.append(("schedule", _schedule_words(at, schedule)))
    return found


def _write_resource(information: Element, of: MessageType, line: Resource, said: list[tuple[str, list[str]]]) -> None:
    known = line.resource or line.name or line.item or line.codes or said or line.owner
    if not known and "Resource" not in of.must:
        return
    resource = add(information, MSG, "Resource")
    if line.resource:
        add(resource, MSG, "ResourceID", line.resource)
    if line.name:
        add(resource, MSG, "Name", line.name)
    codes = [(marks.urn(code.scheme), code.value) for code in line.codes]
    kinds = [(marks.ITEM, line.item)] if line.item else codes[:1]
    for urn, value in kinds:
        listed(resource, "TypeStructure", urn, [value])
    for urn, value in codes if line.item else codes[1:]:
        listed(resource, "Keyword", urn, [value])
    for name, values in said:
        listed(resource, "Keyword", marks.OURS + name, values)
    if line.owner and of.has("OwnershipInformation"):
        add(add(resource, MSG, "OwnershipInformation"), RM, "Owner", line.owner)
    if "ResourceStatus" in of.must:
        status = add(resource, MSG, "ResourceStatus")
        listed(status, "DeploymentStatus", _DEPLOYMENT, [marks.UNSAID])
        add(status, MSG, "Availability", marks.UNSAID)


def _write_assignment(information: Element, of: MessageType, line: Resource) -> None:
    if line.quantity is None and not line.said:
        return
    assignment = add(information, MSG, "AssignmentInformation")
    quantity = add(assignment, MSG, "Quantity")
    if line.quantity is None:
        add(quantity, RM, "QuantityText", line.said)
    elif line.unit:
        measured = add(quantity, RM, "MeasuredQuantity")
        add(measured, RM, "Amount", _number(line.quantity))
        listed(measured, "UnitOfMeasure", marks.REC20, [line.unit], RM)
    else:
        add(quantity, RM, "QuantityText", _number(line.quantity))
    if "PriceQuote" in of.must:
        prices = [code.value for code in line.codes if code.scheme == marks.PRICE]
        add(add(assignment, MSG, "PriceQuote"), RM, "QuantityText", prices[0] if prices else marks.UNSAID)


def _number(quantity: Decimal) -> str:
    """Without an exponent, where it is of a size that can be read at all."""
    return format(quantity, "f") if -40 < quantity.adjusted() < 40 else str(quantity)


def _write_schedule(information: Element, schedule: Schedule) -> None:
    entry = add(information, MSG, "ScheduleInformation")
    add(entry, MSG, "ScheduleType", MOMENTS[schedule.moment])
    if schedule.at:
        add(entry, MSG, "DateTime", write_time(schedule.at, schedule.moment))
    if schedule.place is not None:
        write_place(entry, MSG, "Location", schedule.place)


def _schedule_words(at: int, schedule: Schedule) -> list[str]:
    """`name=value` of a schedule whose type the message does not allow; `at` is its number among those of the line."""
    found = [f"at={at}", f"moment={schedule.moment}"]
    if schedule.at:
        found.append(f"time={write_time(schedule.at, schedule.moment)}")
    return found + (_place_words(schedule.place) if schedule.place is not None else [])


def _place_words(place: Place) -> list[str]:
    found = [f"{name}={getattr(place, name)}" for name in ("description", "country", "code") if getattr(place, name)]
    if place.point is not None:
        found.append("point={!r} {!r}".format(*place.point))
    return found + [f"address={line}" for line in place.address]
