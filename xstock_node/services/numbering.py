"""Numbering handling units: each gets an SSCC that this node never gave before; the counter outlives crashes."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from xstock_node.domain import steps
from xstock_node.domain.fields import FieldError
from xstock_node.domain.sscc import LENGTH, make_sscc
from xstock_node.domain.steps import HandlingUnit, Line
from xstock_node.protocol import limits
from xstock_node.protocol.recordtypes import Pair
from xstock_node.services.branches import no_case
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.services.typed import pair_of, plain
from xstock_node.storage.interfaces import Transaction

EXTENSIONS: Final = 10


class Counter(msgspec.Struct, frozen=True, kw_only=True):
    """The next serial number under a prefix; it only grows."""

    prefix: str
    following: int = 0


COUNTERS: Shelf[Counter] = Shelf("sscc", Counter)


class LoadedLine(msgspec.Struct, frozen=True, kw_only=True):
    """What is on a unit, as a person writes it: quantity in digits, unit (else the item's own), lot, expiry."""

    item: str
    quantity: str
    unit: str = ""
    lot: str = ""
    expiry: str = ""
    value: str = ""
    currency: str = ""


class NewUnit(msgspec.Struct, frozen=True, kw_only=True):
    """`count` units that are alike; gross kilograms and cubic metres of one, left out where unknown."""

    lines: Annotated[list[LoadedLine], Meta(min_length=1, max_length=steps.MANY)]
    count: Annotated[int, Meta(ge=1, le=steps.MANY)] = 1
    kg: str = ""
    m3: str = ""
    serials: list[str] = []


class UnitsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a consignment that is to be staged."""

    case: str
    consignment: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,16}(?!\n)$")]
    units: Annotated[list[NewUnit], Meta(min_length=1, max_length=steps.MANY)]


class UnitsView(msgspec.Struct, frozen=True, kw_only=True):
    """Fields of a `stage` step: the consignment and its numbered units."""

    consignment: str
    units: list[dict[str, Any]]


async def number_units(office: Office, actor: Actor, request: UnitsRequest) -> UnitsView:
    """Give each unit its SSCC. A number that was given is never given again, whether the step is taken or not."""
    prefix = office.settings.gs1_prefix
    if not prefix:
        do = "set node.gs1_prefix to the prefix of your GS1 certificate"
        raise Refusal("no-prefix", "a GS1 company prefix", "none is set", do, 3)
    loads = [(unit, await _lines(office, unit)) for unit in request.units for _ in range(unit.count)]
    if len(loads) > steps.MANY:
        raise Refusal("too-many", f"at most {steps.MANY} units a step", str(len(loads)), "make two consignments", 2)

    def work(tx: Transaction) -> list[str]:
        row = tx.cases.get(request.case)
        if row is None or row.supplier != office.node.identity.name:
            raise no_case(request.case)
        counter, now = COUNTERS.get(tx, prefix) or Counter(prefix=prefix), office.node.clock.now()
        numbers = [_number(prefix, counter.following + place) for place in range(len(loads))]
        COUNTERS.put(tx, prefix, Counter(prefix=prefix, following=counter.following + len(loads)), now)
        office.record(tx, actor, "unit.number", request.case, f"{request.consignment} {numbers[0]} +{len(numbers)}")
        return numbers

    numbers = await office.node.engine.write(work, durable=True)
    units = [_unit(sscc, unit, lines) for sscc, (unit, lines) in zip(numbers, loads, strict=True)]
    return UnitsView(consignment=request.consignment, units=[msgspec.to_builtins(unit) for unit in units])


def _number(prefix: str, count: int) -> str:
    """The SSCC of the count-th unit: the extension digit grows when the serial numbers are used up."""
    room = 10 ** (LENGTH - 2 - len(prefix))
    extension, serial = divmod(count, room)
    if extension >= EXTENSIONS:
        raise Refusal("no-number", "a number under this prefix", f"all {room * EXTENSIONS} are given", "get a prefix")
    try:
        return make_sscc(prefix, serial, extension)
    except FieldError as error:
        raise Refusal("no-prefix", error.expected, error.came, error.do, 3) from None


async def _lines(office: Office, unit: NewUnit) -> tuple[Line, ...]:
    catalogue = await office.catalogue()
    found = []
    for line in unit.lines:
        item = catalogue.get(line.item)
        if item is None and not line.unit:
            raise Refusal(
                "no-item", "a code of the catalogue, or the unit", line.item, "see `xstock catalogue list`", 2
            )
        found.append(
            Line(
                item=line.item,
                unit=line.unit or str(item.unit if item else ""),
                qty=pair_of(line.quantity, f"the quantity of {line.item}", above_zero=True),
                lot=plain(line.lot, "lot"),
                expiry=plain(line.expiry, "expiry"),
                value=pair_of(line.value, "a value") if line.value else steps.NOTHING,
                currency=line.currency,
            )
        )
    return tuple(found)


def _unit(sscc: str, unit: NewUnit, lines: tuple[Line, ...]) -> HandlingUnit:
    serials = tuple(plain(serial, "serial")[: limits.FREE_TEXT] for serial in unit.serials)
    return HandlingUnit(sscc=sscc, lines=lines, kg=_pair(unit.kg, "kg"), m3=_pair(unit.m3, "m3"), serials=serials)


def _pair(text: str, field: str) -> Pair | None:
    return pair_of(text, field, above_zero=True) if text else None
