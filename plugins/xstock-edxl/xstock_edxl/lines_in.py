"""One ResourceInformation as a line of a neutral message. What has no place there is kept as a code."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final, cast

from xstock_edxl import marks
from xstock_edxl.kinds import ANSWER_OF, MOMENT_OF, MOMENTS
from xstock_edxl.places import read_place
from xstock_edxl.tags import Element, content, each, local, one, space, text, words
from xstock_edxl.times import read_time
from xstock_edxl.told import Broken, Told
from xstock_node.plugins.interchange import Coded, Moment, Place, Point, Resource, Schedule

_NUMBER: Final = re.compile(r"\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_WORDS_OF: Final = {
    "Resource": ("Description", "Credentials", "Certifications", "SpecialRequirements"),
    "AssignmentInformation": ("Restrictions", "AnticipatedFunction", "OrderID", "AssignmentInstructions"),
}


def read_line(information: Element, told: Told) -> Resource:
    """The line; `rules.check` was passed."""
    resource, assignment = one(information, "Resource"), one(information, "AssignmentInformation")
    marked, scheduled = _marks(resource)
    codes = [*_type_codes(resource), *_keywords(resource)]
    fields: dict[str, Any] = {
        "id": text(information, "ResourceInfoElementID"),
        "resource": text(resource, "ResourceID"),
        "name": text(resource, "Name") or _type_name(resource),
        "item": _item(resource),
        "owner": _owner(resource),
        **_answer(information),
        **_quantity(one(assignment, "Quantity"), codes, told),
        **marked,
    }
    known = set(codes)
    codes += [code for code in _kept(information, resource, assignment) if code not in known]
    fields["schedule"] = tuple(_schedule(information, scheduled, codes, told))
    if resource is not None and one(resource, "ResponsibleParty") is not None:
        told.skip("person", "ResponsibleParty")
    return Resource(**fields, codes=tuple(codes))


def _marks(resource: Element | None) -> tuple[dict[str, str], list[list[str]]]:
    """What our own keywords say, and the schedules among them."""
    said, scheduled = dict[str, str](), list[list[str]]()
    for keyword in each(resource, "Keyword"):
        name = marks.mark(text(keyword, "ValueListURN").strip())
        if name == "schedule":
            scheduled.append([content(value) for value in each(keyword, "Value")])
        elif name:
            said[name] = text(keyword, "Value")
    return said, scheduled


def _coded(entry: Element | None) -> Iterator[Coded]:
    """The values of a ValueListType."""
    scheme = marks.scheme(text(entry, "ValueListURN").strip())
    for value in each(entry, "Value"):
        yield Coded(scheme, content(value))


def _item(resource: Element | None) -> str:
    structure = one(resource, "TypeStructure")
    return text(structure, "Value") if text(structure, "ValueListURN").strip() == marks.ITEM else ""


def _type_codes(resource: Element | None) -> Iterator[Coded]:
    structure = one(resource, "TypeStructure")
    if text(structure, "ValueListURN").strip() != marks.ITEM:
        yield from _coded(structure)
    named = bool(text(resource, "Name"))
    for part in one(resource, "TypeInfo") or ():
        if named or local(part) != "Resource":
            name = f"{{{space(part)}}}{local(part)}" if space(part) else local(part)
            yield Coded(f"{marks.RAW}TypeInfo/{name}", words(part))


def _type_name(resource: Element | None) -> str:
    """What the free part of the type calls a resource that has no name."""
    found = [words(part) for part in one(resource, "TypeInfo") or () if local(part) == "Resource"]
    return found[0] if found else ""


def _keywords(resource: Element | None) -> Iterator[Coded]:
    for keyword in each(resource, "Keyword"):
        if not marks.mark(text(keyword, "ValueListURN").strip()):
            yield from _coded(keyword)


def _owner(resource: Element | None) -> str:
    ownership = one(resource, "OwnershipInformation")
    return text(ownership, "Owner") or text(ownership, "OwningJurisdiction")


def _answer(information: Element) -> dict[str, str]:
    response = one(information, "ResponseInformation")
    if response is None:
        return {}
    return {
        "about": text(response, "PrecedingResourceInfoElementID"),
        "answer": ANSWER_OF[text(response, "ResponseType").strip()],
        "reason": text(response, "ResponseReason") or text(one(response, "ReasonCode"), "Value"),
    }


def _quantity(quantity: Element | None, codes: list[Coded], told: Told) -> dict[str, Any]:
    """Quantity and unit, or what was said instead; a unit of another list than UNECE Rec 20 becomes a code."""
    if quantity is None:
        return {}
    measured = one(quantity, "MeasuredQuantity")
    if measured is None:
        said, unit = "; ".join(content(part) for part in each(quantity, "QuantityText")), ""
    else:
        said, unit = text(measured, "Amount"), ""
        measure = one(measured, "UnitOfMeasure")
        if "recommendation20" in text(measure, "ValueListURN").lower():
            unit = text(measure, "Value")
        elif measure is not None:
            codes += _coded(measure)
            told.flag("unknown-unit", text(measure, "Value"))
    if _NUMBER.fullmatch(said.strip()):
        return {"quantity": Decimal(said.strip()), "unit": unit}
    return {"said": said, "unit": unit}


def _kept(information: Element, resource: Element | None, assignment: Element | None) -> Iterator[Coded]:
    """Elements without a place of their own, as codes named after them."""
    for parent in (resource, assignment):
        for name in _WORDS_OF[local(parent)] if parent is not None else ():
            for found in each(parent, name):
                yield Coded(marks.RAW + name, words(found))
    for price in each(assignment, "PriceQuote"):
        if words(price) != marks.UNSAID:
            yield Coded(marks.PRICE, words(price))
    yield from _coded(one(one(information, "ResponseInformation"), "ReasonCode"))
    status = one(resource, "ResourceStatus")
    yield from (code for code in _coded(one(status, "DeploymentStatus")) if code.value != marks.UNSAID)
    if (available := text(status, "Availability")) and available != marks.UNSAID:
        yield Coded(f"{marks.RAW}Availability", available)


def _schedule(information: Element, scheduled: list[list[str]], codes: list[Coded], told: Told) -> list[Schedule]:
    found = list[Schedule]()
    for entry in each(information, "ScheduleInformation"):
        said = text(entry, "ScheduleType").strip()
        moment = MOMENT_OF.get(said)
        if moment is None:
            told.flag("schedule-as-code", said)
            codes.append(
                Coded(marks.RAW + said, " ".join(words(part) for part in entry if local(part) != "ScheduleType"))
            )
            continue
        when = text(entry, "DateTime")
        at = read_time(when, said, told) if when.strip() else 0
        found.append(Schedule(moment=moment, at=at, place=read_place(one(entry, "Location"), told)))
    for values in scheduled:
        at, schedule = _schedule_of(values, told)
        found.insert(at, schedule)
    return found


def _schedule_of(values: list[str], told: Told) -> tuple[int, Schedule]:
    """A schedule from a keyword of ours, and its number among those of the line."""
    said = [value.partition("=")[::2] for value in values]
    one_of, lines = dict(said), tuple(value for name, value in said if name == "address")
    try:
        point = Point(*map(float, one_of["point"].split())) if "point" in one_of else None
        place = {name: one_of[name] for name in ("description", "country", "code") if name in one_of}
        where = Place(**place, point=point, address=lines) if place or point or lines else None
        at = read_time(one_of["time"], "schedule", told) if "time" in one_of else 0
        moment = MOMENT_OF[MOMENTS[cast(Moment, one_of["moment"])]]
        return int(one_of["at"]), Schedule(moment=moment, at=at, place=where)
    except (KeyError, ValueError, TypeError):
        raise Broken("wrong-value", f"a schedule in {marks.OURS}schedule", "; ".join(values), "correct it") from None
