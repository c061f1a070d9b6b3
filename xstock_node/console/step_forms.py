"""The form of a step, made from the types of its fields; and what a filled form says as the fields of the step.

Quantities are typed by people (`figures`), moments by the reader's clock; a plate is kept beside the step, never in it.
What a consignment was staged with (crossing, day, vehicle) stands in the forms of the steps that follow.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args, get_origin
from zoneinfo import ZoneInfo

import msgspec

from xstock_node.console.asked import PIECES, local_moment, plain
from xstock_node.console.figures import readings
from xstock_node.console.form import Form
from xstock_node.domain.operations import BY_VERB
from xstock_node.domain.step_fields import SENTENCES
from xstock_node.domain.steps import BODIES, Body
from xstock_node.domain.units import decimal_pair
from xstock_node.services.errors import Refusal
from xstock_node.services.operating import SideText
from xstock_node.services.operation_views import OperationView

Kind = Literal["text", "texts", "number", "yes", "choice", "choices", "moment", "day", "lines", "counts", "plate"]
TIMES: Final = frozenset({"hold_until", "answer_by", "needed_by", "ready_at", "valid_until", "arrival", "at"})
DAYS: Final = frozenset({"day", "due", "customs_due"})
LINES: Final = frozenset({"lines", "written_off"})
BORDER: Final = ("at-border", "entry", "hold", "release", "delayed", "diverted", "incident", "checkpoint")
"""What may be said of a consignment at the border (`steps.Movement`)."""
LATER: Final = frozenset({"function", "answer_by", "reason", "agreement", "request", "owner", "regime", "mode"})
APART: Final = frozenset({"attached", "units", "permits", "slot", "cost"})
"""What no form asks: handling units, permits, slots and costs are stated by `xstock op step`."""
STAGED: Final = frozenset({"green-light", "clear", "dispatch"})
"""Steps about a consignment as it was staged: they name the vehicle that it was staged with."""
PLATE: Final = "side:0"
"""What stands in a step for the vehicle whose plate is kept beside it."""
COUNTED: Final = ("good", "damaged", "short", "over")
SIGNED_ALONE: Final = frozenset({"told", "ask"})


class FieldForm(msgspec.Struct, frozen=True, kw_only=True):
    """A field: its name, how it is filled in, the codes to choose from, the sentence that says what it is, and what
    stands in it at first.
    """

    name: str
    kind: Kind
    choices: list[str] = []
    hint: str = ""
    later: bool = False
    value: str = ""


class LineForm(msgspec.Struct, frozen=True, kw_only=True):
    """An item that the operation is about, and the quantity that a form proposes."""

    item: str
    unit: str
    quantity: str


class StepForm(msgspec.Struct, frozen=True, kw_only=True):
    """The form of a step that this node may take now."""

    verb: str
    kind: str
    right: str
    fields: list[FieldForm]
    lines: list[LineForm]


def forms_of(operation: OperationView) -> list[StepForm]:
    """The forms of all steps that may be taken now: those that answer what was asked first."""
    lines, staged = _lines(operation), _staged(operation)
    forms = [
        StepForm(
            verb=verb, kind=BY_VERB[verb].kind, right=BY_VERB[verb].right, fields=_fields(verb, staged), lines=lines
        )
        for verb in operation.may
        if verb not in SIGNED_ALONE
    ]
    return sorted(forms, key=lambda form: form.kind != "decision")


def fields_of(form: Form, operation: OperationView, zone: ZoneInfo) -> dict[str, Any]:
    """What a filled form says; raises Refusal `bad-field` that names the field. Empty fields are left out."""
    verb = form.text("step")
    if verb not in BODIES:
        raise Refusal("bad-field", "a step", verb[:40], "use the forms of the page", 2)
    found: dict[str, Any] = {}
    for field in _fields(verb):
        value = _value(field, form, operation, zone)
        if value not in ("", [], None, False):
            found[field.name] = value
    if verb in STAGED and (vehicle := _staged(operation, str(found.get("consignment", ""))).get("vehicle")):
        found["vehicle"] = vehicle
    return found


def side_of(form: Form) -> list[SideText]:
    """What is kept beside the step: the plate, where one was typed."""
    return [SideText(kind="plate", text=form.text("vehicle"))] if form.has("vehicle") else []


def _staged(operation: OperationView, consignment: str = "") -> dict[str, str]:
    """What the newest staging says, of one consignment or of any: its id, crossing, day, hash of the vehicle."""
    for step in reversed(operation.timeline):
        said = step.fields
        if step.verb == "stage" and consignment in ("", said.get("consignment", "")):
            crossings = said.get("crossings")
            last = crossings[-1] if isinstance(crossings, list | tuple) and crossings else ""
            known = {"crossing": last, **{name: said.get(name) for name in ("consignment", "day", "vehicle")}}
            return {name: value for name, value in known.items() if isinstance(value, str) and value}
    return {}


def _fields(verb: str, staged: Mapping[str, str] = {}) -> list[FieldForm]:
    type_ = BODIES.get(verb, Body)
    found = []
    for field in msgspec.structs.fields(type_):
        if field.name not in APART and not (field.name == "vehicle" and verb in STAGED):
            kind, choices = _kind(field.name, field.type)
            hint = SENTENCES.get(f"{type_.__name__}.{field.name}", SENTENCES.get(field.name, ""))
            value = staged.get(field.name, "") if verb != "stage" else ""
            form = FieldForm(
                name=field.name, kind=kind, choices=choices, hint=hint, later=field.name in LATER, value=value
            )
            found.append(form)
    return sorted(found, key=lambda one: (one.kind not in ("lines", "counts"), one.later))


def _kind(name: str, type_: Any) -> tuple[Kind, list[str]]:
    if name in TIMES:
        return "moment", []
    if name in DAYS:
        return "day", []
    if name in LINES:
        return "lines", []
    if name == "counts":
        return "counts", []
    if name == "vehicle":
        return "plate", []
    if name == "event":
        return "choice", list(BORDER)
    if type_ is bool:
        return "yes", []
    choices = _choices(type_)
    if choices:
        return ("choices" if _is_many(type_) else "choice"), choices
    if _is_many(type_):
        return "texts", []
    return ("number" if "int" in str(type_) and "str" not in str(type_) else "text"), []


def _is_many(type_: Any) -> bool:
    return get_origin(type_) in (tuple, list) or any(_is_many(inner) for inner in get_args(type_))


def _choices(type_: Any) -> list[str]:
    if get_origin(type_) is Literal:
        return [str(one) for one in get_args(type_) if one]
    return next((found for inner in get_args(type_) if (found := _choices(inner))), [])


def _lines(operation: OperationView) -> list[LineForm]:
    """The items of an operation with the most likely quantity: what is outstanding, promised or asked."""
    found = []
    for counter in operation.counters:
        figures = counter.figures
        quantity = next((figures[name] for name in ("accepted", "offered", "requested") if name in figures), "")
        found.append(LineForm(item=counter.item, unit=counter.unit, quantity=quantity))
    return found


def _value(field: FieldForm, form: Form, operation: OperationView, zone: ZoneInfo) -> Any:
    typed = form.text(field.name)
    match field.kind:
        case "lines":
            return [
                {"item": line.item, "unit": line.unit, "qty": quantity}
                for line in _lines(operation)
                if (quantity := _pair(form, f"{field.name}.{line.item}.qty", line.unit))
            ]
        case "counts":
            return [
                {"item": line.item, "unit": line.unit, **counts}
                for line in _lines(operation)
                if (counts := {k: p for k in COUNTED if (p := _pair(form, f"counts.{line.item}.{k}", line.unit))})
            ]
        case "moment":
            return _seconds(field.name, typed, zone) if typed else None
        case "texts":
            return [part.strip() for part in typed.replace(",", "\n").splitlines() if part.strip()]
        case "choices":
            return form.all(field.name)
        case "plate":
            return PLATE if typed else ""
        case "yes":
            return form.has(field.name)
        case "number":
            return int(typed) if typed.isascii() and typed.isdigit() else (typed or None)
        case _:
            return typed


def _pair(form: Form, name: str, unit: str) -> tuple[int, int] | None:
    """A quantity as steps say it; None where nothing, or zero, was typed."""
    typed = form.text(name)
    if not typed or typed.strip("0") in ("", ".", ","):
        return None
    found = readings(typed, whole=unit in PIECES)
    if len(found) > 1:
        either = " or ".join(map(plain, found))
        raise Refusal("ambiguous-figure", "a figure with one reading", typed[:40], f"write {either}", 2)
    if not found:
        raise Refusal("bad-quantity", "a figure; whole ones for pieces", typed[:40], "write digits", 2)
    return decimal_pair(found[0])


def _seconds(name: str, typed: str, zone: ZoneInfo) -> int:
    moment = local_moment(typed, zone)
    if moment.doubt:
        raise Refusal("bad-field", f"a day and an hour in {name}", typed[:40], moment.doubt, 2)
    return moment.at
