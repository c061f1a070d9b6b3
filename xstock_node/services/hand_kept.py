"""The list of own stock that people keep by hand: lines added, changed and removed."""

from datetime import datetime

import msgspec

from xstock_node.domain.ageing import HAND
from xstock_node.domain.steps import Currency
from xstock_node.domain.stock import StockLine, Unit
from xstock_node.protocol import limits
from xstock_node.services import branches
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.stock_lines import LineView, line_ref
from xstock_node.services.typed import figure_of, plain, whole_of
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Source

TEXTS = (
    ("code", "item_code"),
    ("name", "item_name"),
    ("location", "location"),
    ("lot", "lot"),
    ("module", "module"),
)


class LineRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A line kept by hand; with `ref` the line that it changes. Quantities are decimal strings, `value` is that of one.

    Teams, and equipment with people: `module` type, `crew` persons and `self_sufficiency_days` of one, whole numbers.
    """

    name: str = ""
    quantity: str = ""
    unit: str = ""
    ref: str = ""
    code: str = ""
    location: str = ""
    lot: str = ""
    expiry: str = ""
    reserved: str = ""
    damaged: str = ""
    module: str = ""
    value: str = ""
    currency: Currency = ""
    crew: str = ""
    self_sufficiency_days: str = ""


class RefRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One line, by its ref."""

    ref: str


async def add_line(office: Office, actor: Actor, request: LineRequest) -> LineView:
    """Add a line to the list kept by hand."""
    source = _editable(office)
    if not request.name and not request.code:
        raise Refusal("no-name", "a name or a code of the goods", "neither", "name them", 2)
    place = branches.site_for(actor, "stock", request.location, office.node.clock.now())
    now = office.node.clock.now()
    line = _changed(None, msgspec.structs.replace(request, location=place), now)

    def store(tx: Transaction) -> str:
        ref = _new_ref(tx, source, line)
        _put(tx, source, ref, line, now)
        office.record(tx, actor, "stock.add", ref, f"{line.quantity} {line.unit or ''} {line.item_name or ''}")
        return ref

    ref = await office.node.engine.write(store, durable=True)
    return LineView(source=source, ref=ref, code="", line=line)


async def set_line(office: Office, actor: Actor, request: LineRequest) -> LineView:
    """Change quantities, place, lot or expiry of a line kept by hand; its ref stays."""
    source = _editable(office)

    def store(tx: Transaction) -> StockLine:
        now = office.node.clock.now()
        line = _changed(_own_line(tx, source, request.ref), request, now)
        _put(tx, source, request.ref, line, now)
        office.record(tx, actor, "stock.set", request.ref, f"{line.quantity}")
        return line

    line = await office.node.engine.write(store, durable=True)
    return LineView(source=source, ref=request.ref, code="", line=line)


async def remove_line(office: Office, actor: Actor, request: RefRequest) -> RefRequest:
    """Remove a line kept by hand."""
    source = _editable(office)

    def store(tx: Transaction) -> None:
        _own_line(tx, source, request.ref)
        tx.stock.remove_line(source, request.ref)
        office.record(tx, actor, "stock.remove", request.ref)

    await office.node.engine.write(store, durable=True)
    return request


def _editable(office: Office) -> str:
    if name := office.host.editable():
        return name
    raise Refusal("not-editable", "a source that people keep by hand", "none is loaded", "see `xstock doctor`")


def _new_ref(tx: Transaction, source: str, line: StockLine) -> str:
    """The ref of a new line. One that lies elsewhere by now keeps its ref, and the new one gets a number behind it."""
    known = {ref: held.location for _, ref, held in tx.stock.lines()}
    ref = plain_ref = line_ref(source, line)
    number = 1
    while ref in known:
        if known[ref] == line.location:
            raise Refusal("line-exists", "a new line", f"{ref} is there already", f"use `xstock stock set {ref}`")
        number += 1
        ref = f"{plain_ref}-{number}"
    return ref


def _own_line(tx: Transaction, source: str, ref: str) -> StockLine:
    for found, name, line in tx.stock.lines():
        if name == ref and found == source:
            return line
        if name == ref:
            raise Refusal("not-editable", "a line kept by hand", f"{ref} comes from {found}", "import a newer file")
    raise branches.no_line(ref)


def _put(tx: Transaction, source: str, ref: str, line: StockLine, now: int) -> None:
    """Put a line kept by hand; its list counts as of now, each line as of when its quantity was said."""
    kept = {name: found for where, name, found in tx.stock.lines() if where == source} | {ref: line}
    tx.stock.replace(Source(source, HAND, "", now, len(kept), 0), list(kept.items()))


def _changed(line: StockLine | None, request: LineRequest, now: int) -> StockLine:
    if line is None and not request.quantity:
        raise Refusal("no-quantity", "a quantity", "none", "give --quantity", 2)
    fields: dict[str, object] = {}
    if request.quantity:
        fields |= {"quantity": figure_of(request.quantity, "quantity"), "counted_at": now}
    if request.unit:
        if request.unit not in set(Unit):
            raise Refusal("bad-unit", f"one of {' '.join(Unit)}", request.unit, "choose one", 2)
        fields["unit"] = request.unit
    for name, field in TEXTS:
        if value := getattr(request, name):
            fields[field] = plain(value, name)
    if bool(request.value) != bool(request.currency):
        raise Refusal("no-currency", "a value with its currency", request.value or request.currency, "give both", 2)
    if request.value:
        fields |= {"value": figure_of(request.value, "value"), "currency": request.currency}
    for name in ("crew", "self_sufficiency_days"):
        if value := getattr(request, name):
            fields[name] = whole_of(value, name, limits.CREW)
    if request.expiry:
        fields["expiry"] = _day(request.expiry)
    for name, value in (("reserved", request.reserved), ("damaged", request.damaged)):
        if value:
            fields[name] = figure_of(value, name)
    if line is not None:
        return msgspec.structs.replace(line, **fields)
    empty = {"item_code": None, "item_name": None, "unit": "pcs", "location": None, "lot": None, "expiry": None}
    return StockLine(**(empty | fields))  # type: ignore[arg-type]


def _day(text: str) -> str:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date().isoformat()
    except ValueError:
        raise Refusal("bad-date", "an ISO date such as 2027-06-30", text, "write it so", 2) from None
