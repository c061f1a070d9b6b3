"""How goods travel, as parts of a shipment of UBL: stage, carrier, crossings, seals and handling units."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from xstock_node.plugins.interchange import HandlingUnit, Packed, ResourceMessage, Shipment
from xstock_shipment.parts import put_item, put_quantity, quantity_of
from xstock_shipment.tags import Element, each, inside, one, put, text

KG: Final = ("AAB", "KGM")  # gross weight by UN/EDIFACT 6313, kilogram by Recommendation 20
M3: Final = ("AAW", "MTQ")  # gross volume, cubic metre


def put_stage(shipment: Element, load: Shipment | None) -> None:
    """The stage of the way: mode, carrier, crossings."""
    if load is None or not (load.mode or load.carrier or load.crossings):
        return
    stage = inside(shipment, "ShipmentStage")
    put(stage, "TransportModeCode", load.mode)
    if load.carrier:
        put(inside(inside(stage, "CarrierParty"), "PartyName"), "Name", load.carrier)
    for crossing in load.crossings:
        put(inside(inside(stage, "PlannedWaypointTransportEvent"), "Location"), "Description", crossing)


def put_units(shipment: Element, message: ResourceMessage) -> None:
    """The handling units, and one without an id for the whole load, which is under the seals."""
    load = message.shipment or Shipment()
    for unit in load.units:
        _put_unit(inside(shipment, "TransportHandlingUnit"), unit, message)
    if load.seals:
        equipment = inside(inside(shipment, "TransportHandlingUnit"), "TransportEquipment")
        for seal in load.seals:
            put(inside(equipment, "TransportEquipmentSeal"), "ID", seal)


def _put_unit(entry: Element, unit: HandlingUnit, message: ResourceMessage) -> None:
    lines = {line.id: line for line in message.lines}
    put(entry, "ID", unit.id)
    for packed in unit.contents:
        if (line := lines.get(packed.line)) is None:
            continue
        inner = inside(entry, "HandlingUnitDespatchLine")
        put(inner, "ID", line.id)
        put_quantity(inner, "DeliveredQuantity", packed.quantity, line.unit)
        put(inside(inner, "OrderLineReference"), "LineID", line.about or line.id)
        put_item(inner, line)
    for (attribute, unit_code), measure in ((KG, unit.kg), (M3, unit.m3)):
        if measure is not None:
            dimension = inside(entry, "MeasurementDimension")
            put(dimension, "AttributeID", attribute)
            put_quantity(dimension, "Measure", measure, unit_code)
    if unit.serials:
        item = inside(inside(entry, "GoodsItem"), "Item")
        for serial in unit.serials:
            put(inside(item, "ItemInstance"), "SerialID", serial)


def load_of(shipment: Element | None) -> Shipment | None:
    """How goods travel, None where nothing is said. Vehicles and drivers are not read."""
    stage, entries = one(shipment, "ShipmentStage"), list(each(shipment, "TransportHandlingUnit"))
    ways = each(stage, "PlannedWaypointTransportEvent")
    seals = (text(seal, "ID") for entry in entries for seal in _seals(entry))
    found = Shipment(
        units=tuple(_unit(entry) for entry in entries if text(entry, "ID")),
        seals=tuple(seal for seal in seals if seal),
        carrier=text(one(stage, "CarrierParty", "PartyName"), "Name")[:300],
        mode=text(stage, "TransportModeCode")[:300],
        crossings=tuple(said[:300] for way in ways if (said := text(one(way, "Location"), "Description"))),
    )
    return found if found != Shipment() else None


def _seals(entry: Element) -> Iterator[Element]:
    for equipment in each(entry, "TransportEquipment"):
        yield from each(equipment, "TransportEquipmentSeal")


def _unit(entry: Element) -> HandlingUnit:
    measures = [quantity_of(dimension, "Measure") for dimension in each(entry, "MeasurementDimension")]
    instances = (found for goods in each(entry, "GoodsItem") for found in each(one(goods, "Item"), "ItemInstance"))
    return HandlingUnit(
        id=text(entry, "ID"),
        kg=_measure(measures, KG[1]),
        m3=_measure(measures, M3[1]),
        serials=tuple(serial for found in instances if (serial := text(found, "SerialID"))),
        contents=tuple(_packed(inner) for inner in each(entry, "HandlingUnitDespatchLine")),
    )


def _measure(measures: list[tuple[Decimal | None, str]], unit: str) -> Decimal | None:
    return next((measure for measure, code in measures if code == unit), None)


def _packed(inner: Element) -> Packed:
    return Packed(line=text(inner, "ID"), quantity=quantity_of(inner, "DeliveredQuantity")[0])
