"""The request for transport support: what is to be moved, from where to where, and why help is needed for it.

Weight and volume are sums of the units that know theirs; what is not known is said and counted, never taken as nought.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from xstock_node.domain.consignments import HandlingUnit, gross_kg, total, volume_m3
from xstock_node.plugins import Context, Declined
from xstock_node.plugins.forms import Entry, FormData, FormFacts, FormField, OperationFacts, Table
from xstock_ucpm import texts
from xstock_ucpm.rules import NOT_CONNECTED, RULES, UNKNOWN

FIELDS = (
    FormField(name="requesting_body", label="Requesting body", help="who asks for transport support"),
    FormField(name="requesting_contact", label="Contact of the requesting body", help="a function, how to reach it"),
    FormField(name="recipient", label="Recipient", help="who gets the assistance"),
    FormField(name="recipient_contact", label="Contact of the recipient", help="a function, how to reach it"),
    FormField(name="size", label="Largest piece", help="length x width x height in m"),
    FormField(name="floor_space", label="Floor space", help="in m2, or loading metres"),
    FormField(name="packaging", label="Packaging", help="pallets, boxes, containers; stackable or not"),
    FormField(name="vehicles", label="Vehicles to be carried", help="kind and number, weight and size; no plates"),
    FormField(name="staff", label="Staff to be carried", help="how many persons; no names"),
    FormField(name="requirements", label="Special requirements", help="temperature, forklift, escort, security"),
    FormField(name="need_met", label="Need met by it", help="which line of the request it answers"),
    FormField(name="local_procurement", label="Local procurement", help="whether it can be bought there, and why not"),
    FormField(name="why_transport", label="Why transport support", help="which own ways were tried"),
    FormField(name="state_of_play", label="State of play", help="what is arranged, what is open"),
    FormField(name="route", label="Route", help="countries and crossings in order"),
    FormField(name="embarkation", label="Place of embarkation", help="place, country, UN/LOCODE"),
    FormField(name="embarkation_contact", label="Contact at embarkation", help="a function, how to reach it"),
    FormField(name="disembarkation", label="Place of disembarkation", help="place, country, UN/LOCODE"),
    FormField(name="disembarkation_contact", label="Contact at disembarkation", help="a function, how to reach it"),
    FormField(name="ready_at", label="Ready at", help="when the goods stand ready, with the time zone"),
    FormField(name="alternatives", label="Alternatives", help="other places, days, modes that would do"),
    FormField(name="cost_contribution", label="Cost contribution", help="which share of the cost is asked for"),
)  # fmt: skip


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """An item to be moved; figures are decimals as text, `unknown` where nobody knows them."""

    item: str
    unit: str
    quantity: str
    kg: str
    hazards: tuple[str, ...]


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """The units that are packed: how many, what they weigh and take; `unknown_kg` is how many do not know theirs."""

    units: int
    packages: str
    kg: str
    unknown_kg: int
    m3: str
    unknown_m3: int


class TransportForm(msgspec.Struct, frozen=True, kw_only=True):
    """The form as JSON."""

    form: str
    rules: str
    reference: str
    references: tuple[str, ...]
    exercise: bool
    disaster: str
    area: str
    operations: tuple[str, ...]
    fields: dict[str, str]
    items: tuple[Moved, ...]
    load: Load


class TransportSupport:
    """What has to be moved for an operation, or for all operations of a request."""

    name = "ucpm-transport"
    title = "Request for transport support"

    async def fields(self, context: Context) -> tuple[FormField, ...]:
        """What people fill in."""
        return FIELDS

    async def make(self, context: Context, facts: FormFacts) -> FormData:
        """The form; raises `Declined` where there is nothing to move."""
        items = [item for one in facts.operations for item in _items(one)]
        if not items:
            came = f"{len(facts.operations)} operations" if facts.operations else facts.about
            raise Declined(f"expected an operation with goods to move; came {came}; wait for an offer")
        values = texts.filled(FIELDS, facts, _known(facts))
        units = [unit for one in facts.operations for unit in one.units]
        said = TransportForm(
            form=self.name,
            rules=RULES,
            reference=texts.reference(facts),
            references=facts.references,
            exercise=facts.exercise,
            disaster=facts.references[0] if facts.references else "",
            area=facts.request.area if facts.request else "",
            operations=tuple(one.operation for one in facts.operations),
            fields=values,
            items=tuple(items),
            load=_load(units),
        )
        return FormData(
            title=self.title,
            reference=said.reference,
            entries=(*_entries(said), *texts.entries(FIELDS, values)),
            tables=(_table(said),),
            says=(NOT_CONNECTED, f"Rules: {RULES}."),
            signs=("Requesting body",),
            open=texts.left_open(FIELDS, values),
            data=msgspec.json.encode(said),
        )


def _known(facts: FormFacts) -> dict[str, str]:
    """What the node can fill in by itself."""
    asked, first = facts.request, facts.operations[0]
    origins = dict.fromkeys(one.consignment.origin for one in facts.operations if one.consignment)
    crews = [crew for one in facts.operations for crew in one.crews]
    staff = sum((Decimal(crew.crew) * crew.quantity for crew in crews if crew.crew), Decimal(0))
    return {
        "requesting_body": texts.name_of(facts.own),
        "recipient": texts.name_of(first.requester),
        "packaging": texts.joined(dict.fromkeys(unit.package or "" for one in facts.operations for unit in one.units)),
        "staff": texts.figure(staff) if staff else "",
        "route": texts.joined(first.countries, " - "),
        "embarkation": texts.joined(origins),
        "disembarkation": texts.joined((asked.place, asked.country)) if asked else "",
        "need_met": texts.joined(line.name for line in asked.lines) if asked else "",
    }


def _items(one: OperationFacts) -> list[Moved]:
    hazards = _hazards(one.units)
    found = []
    for line in one.lines:
        quantity = next((q for q in (line.dispatched, line.accepted, line.offered) if q is not None), None)
        if not quantity:
            continue
        kg = None if line.unit_kg is None else line.unit_kg * quantity
        found.append(
            Moved(
                item=line.item,
                unit=str(line.unit),
                quantity=texts.figure(quantity),
                kg=texts.figure(kg),
                hazards=hazards.get(line.item, ()),
            )
        )
    return found


def _hazards(units: Iterable[HandlingUnit]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for unit in units:
        for content in unit.contents:
            if (goods := content.dangerous) is not None:
                said = texts.joined((f"UN {goods.un_number}", goods.hazard_class, goods.packing_group or ""))
                found[content.item] = tuple(dict.fromkeys((*found.get(content.item, ()), said)))
    return found


def _load(units: list[HandlingUnit]) -> Load:
    weight, volume, packages = gross_kg(units), volume_m3(units), total(units, lambda unit: unit.packages)
    return Load(
        units=len(units),
        packages=texts.figure(packages.known if units and not packages.unknown else None),
        kg=texts.figure(weight.known or None),
        unknown_kg=len(weight.unknown),
        m3=texts.figure(volume.known or None),
        unknown_m3=len(volume.unknown),
    )


def _entries(said: TransportForm) -> tuple[Entry, ...]:
    load = said.load
    return (
        Entry(label="Reference number", value=said.reference),
        Entry(label="Disaster", value=texts.joined((said.disaster, said.area))),
        Entry(label="Other references", value=texts.joined(said.references[:-1])),
        Entry(label="Operations", value=texts.joined(said.operations)),
        Entry(label="Handling units", value=str(load.units) if load.units else "not packed yet"),
        Entry(label="Gross weight, kg", value=_sum(load.kg, load.unknown_kg)),
        Entry(label="Volume, m3", value=_sum(load.m3, load.unknown_m3)),
        Entry(label="Packages", value=load.packages),
    )


def _sum(known: str, missing: int) -> str:
    return f"{known} + {missing} x {UNKNOWN}" if missing and known != UNKNOWN else known


def _table(said: TransportForm) -> Table:
    rows = tuple((one.item, one.unit, one.quantity, one.kg, "; ".join(one.hazards)) for one in said.items)
    headers = ("Code", "Unit", "Quantity", "Gross weight, kg", "Hazards")
    return Table(title="What is to be moved", headers=headers, rows=rows, figures=(2, 3))
