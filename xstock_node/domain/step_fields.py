"""What each step is asked for, said for people: its row of the table and its fields with their types and a sentence.

The sentences stand beside the types of `steps` and go into `protocol/schemas/steps.json` too. A field means the same
in every step, but where SENTENCES has it under `Type.field`.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

from xstock_node.domain import rights, steps
from xstock_node.domain.operations import BY_VERB, STEPS, Step
from xstock_node.protocol.recordtypes import Hash, Pair, ShortText, Time, Word

SENTENCES: Final[dict[str, str]] = {
    # every step
    "note": "A remark in the writer's words.",
    "reason": "Why, as a code word.",
    "answer_by": "Until when an answer is awaited.",
    "function": "Who decided, by function and never by name.",
    "attached": "What the attachments named in `blobs` are.",
    # asking
    "request": "The requester's id of the request that this operation belongs to.",
    "event": "The event: GLIDE number, CAP identifier, UCPM number.",
    "area": "The area that is hit, in words.",
    "people": "How many people are affected.",
    "severity": "How grave it is: 1 to 3, 0 where it was not said.",
    "place": "Where to, as a place name.",
    "country": "Where to: the country (ISO 3166-1).",
    "needed_by": "By when it is needed.",
    "Ask.terms": "The terms that the requester would accept.",
    "agreement": "The agreement under which is asked.",
    "lines": "The goods: items with their quantities.",
    # promising and accepting
    "hold_until": "Until when the goods are held; nothing is promised after it.",
    "ready_at": "When the goods can leave.",
    "Promise.terms": "The terms that the supplier offers.",
    "origin": "Where the goods lie, coarsely.",
    "transport": "Who transports.",
    "cost": "An estimate of the cost, in `currency`.",
    "currency": "The currency (ISO 4217).",
    "conditions": "Conditions of the supplier.",
    "owner": "Who decides on the goods, by function.",
    "Accept.terms": "The terms that are chosen.",
    "consignee": "Who takes the goods over.",
    "due": "The day on which a loan ends.",
    # on the way
    "consignment": "The consignment, by its short id.",
    "units": "Its handling units; `xstock op units` numbers them.",
    "crossings": "The border crossings in their order.",
    "countries": "The countries of the way in their order, both ends included.",
    "day": "The day of the crossing.",
    "vehicle": "The hash of the vehicle's side line: side:0 names the first one given with --side.",
    "entry": "The point of entry (UN/LOCODE).",
    "crossing": "The border crossing.",
    "slot": "When the vehicle is expected at its destination.",
    "permits": "Numbers of authorities, or what was sent to them and when.",
    "seal": "The numbers of the seals.",
    "valid_until": "Until when the green light stands.",
    "free": "Why no clearance is needed.",
    "carrier": "Who carries it.",
    "mode": "How it travels: a code of UN/ECE Recommendation 19.",
    "arrival": "When it is expected to arrive.",
    "Movement.event": "What happened at the border or on the way.",
    "Movement.place": "Where it happened.",
    "at": "When it happened.",
    "leg": "Where goods were lost: on the way out, on loan, or on the way back.",
    # counting, talking, ending
    "counts": "What was counted of each item.",
    "provisional": "Whether a second person has still to agree to the count.",
    "of": "The hash of the message that it is about.",
    "verb": "The step that is asked for or answered.",
    "digits": "The 24 digits that were read out.",
    "outcome": "What was agreed, as a code word.",
    "customs_due": "The day by which the goods have to leave the country again.",
    "regime": "The customs regime that they were brought under.",
    "written_off": "What is written off.",
    "filed": "Whether the papers are filed.",
    # parts: lines
    "Line.item": "The code of the item.",
    "unit": "The unit (UNECE Recommendation 20).",
    "Line.qty": "The quantity.",
    "Line.name": "The item in the writer's words.",
    "Line.need": "The need in words that the quantity was worked out from.",
    "Line.lot": "The lot number.",
    "Line.expiry": "The earliest day or month of expiry.",
    "Line.by": "By when this line is needed, where it differs.",
    "subs": "Whether substitutes are welcome.",
    "reckoned": "How the quantity came about.",
    "value": "The value of one, in `currency`.",
    "crew": "Who comes with one team or piece of equipment, in numbers.",
    "Crew.module": "The type of the module, such as HCP.",
    "Crew.persons": "How many persons.",
    "Crew.self_sufficiency_days": "For how many days it needs nothing from its host.",
    "Reckoning.people": "For how many people.",
    "Reckoning.households": "For how many households.",
    "Reckoning.climate": "In which climate.",
    "Reckoning.days": "For how many days.",
    "Reckoning.ratios": "By which version of the ratios.",
    "Reckoning.gross": "What the ratios come to, in the unit of the line.",
    "Reckoning.own": "What of it the own stock covers.",
    "Reckoning.why": "Why more is asked than that.",
    # parts: counts, units, permits, attachments
    "Count.item": "The code of the item.",
    "Count.good": "How many are in order.",
    "Count.damaged": "How many are damaged.",
    "Count.short": "How many are missing against the papers.",
    "Count.over": "How many are there beyond the papers.",
    "sscc": "The number of the handling unit.",
    "Count.reason": "Why, in words.",
    "HandlingUnit.lines": "What is on it.",
    "HandlingUnit.kg": "Its gross weight in kg; left out where unknown.",
    "HandlingUnit.m3": "Its volume in m3; left out where unknown.",
    "serials": "Serial numbers.",
    "Permit.authority": "The authority.",
    "Permit.permission": "What the number permits, by the name that the reception profile gives it.",
    "Permit.number": "The number that it gave.",
    "Permit.sent_at": "When it was told.",
    "Attached.sha256": "The hash of the attachment.",
    "Attached.kind": "What it is for.",
    "Attached.media": "Its media type.",
    "Attached.size": "Its size in bytes.",
}

_TYPES: Final[tuple[tuple[Any, str], ...]] = (
    (ShortText, "text"),
    (Time, "time"),
    (Word, "word"),
    (steps.MaybeWord, "word"),
    (Hash, "hash"),
    (steps.MaybeHash, "hash"),
    (steps.MaybeDay, "day"),
    (steps.MaybeCountry, "country"),
    (steps.Currency, "currency"),
    (steps.Unlocode, "UN/LOCODE"),
    (steps.Sscc, "SSCC"),
    (steps.Consignment, "word"),
    (Pair, "quantity"),
    (bool, "yes or no"),
    (int, "whole number"),
    (str, "text"),
)


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a step; a part's field is named behind its own, `lines[].item`."""

    name: str
    type: str
    meaning: str


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """A step as a person looks it up: whose it is, what it needs, what it says. `roles` are those with the right."""

    step: str
    kind: str
    side: str
    states: list[str]
    leads_to: str
    answers: list[str]
    right: str
    roles: list[str]
    papers: list[str]
    fields: list[Field]


def rows(verbs: Iterable[str] | None = None) -> list[StepRow]:
    """The steps of the table in its order, all of them or those named; raises KeyError for one that it has not."""
    wanted = None if verbs is None else {BY_VERB[verb].verb for verb in verbs}
    return [_row(step) for step in STEPS if wanted is None or step.verb in wanted]


def fields_of(kind: type[msgspec.Struct], before: str = "") -> Iterator[Field]:
    """The fields of a step or part, those of the parts in it behind each."""
    for field in msgspec.structs.fields(kind):
        held, many = _shape(field.type)
        is_part = isinstance(held, type) and issubclass(held, steps.Part)
        name = f"{before}{field.name}{'[]' if is_part and many else ''}"
        yield Field(name=name, type=_type(field.type), meaning=meaning(kind, field.name))
        if is_part:
            yield from fields_of(held, f"{name}.")


def meaning(kind: type[msgspec.Struct], field: str) -> str:
    """The sentence of a field."""
    return SENTENCES.get(f"{kind.__name__}.{field}") or SENTENCES[field]


def described(schemas: dict[str, Any]) -> dict[str, Any]:
    """JSON Schemas of steps and parts, by their names, with a sentence at every field."""
    kinds = {kind.__name__: kind for kind in (*steps.BODIES.values(), *steps.Part.__subclasses__())}
    return {
        name: schema
        | {
            "properties": {
                field: {**found, "description": meaning(kinds[name], field)}
                for field, found in schema["properties"].items()
            }
        }
        for name, schema in schemas.items()
    }


def _row(step: Step) -> StepRow:
    return StepRow(
        step=step.verb,
        kind=step.kind,
        side=step.side or "either",
        states=sorted(step.states),
        leads_to=step.leads_to or "",
        answers=sorted(step.answers),
        right=step.right,
        roles=[role for role in rights.Role if step.right in rights.RIGHTS[role]],
        papers=list(step.papers),
        fields=list(fields_of(steps.BODIES[step.verb])),
    )


def _shape(type_: Any, many: bool = False) -> tuple[Any, bool]:
    """What a field holds, one or many, without what bounds it."""
    arguments = get_args(type_)
    if _word(type_) or not arguments or get_origin(type_) is Literal:
        return type_, many
    if Ellipsis in arguments:
        return _shape(arguments[0], True)
    return _shape(next(one for one in arguments if one is not type(None)), many)


def _word(type_: Any) -> str:
    return next((word for known, word in _TYPES if type_ == known), "")


def _type(type_: Any) -> str:
    """The type of a field in a few words."""
    held, many = _shape(type_)
    if get_origin(held) is Literal:
        word = "one of " + ", ".join(filter(None, get_args(held)))
    else:
        word = _word(held) or "group"
    return f"list of {word}" if many and word != "group" else "list" if many else word
