"""Handling units of a message: things in the list of its event, and what was packed into each as an aggregation."""

from collections.abc import Iterator

from xstock_node.plugins.interchange import HandlingUnit, ResourceMessage, Shipment
from xstock_shipment.epcis import uris
from xstock_shipment.epcis.quantities import write_number
from xstock_shipment.epcis.shapes import Event, Quantity
from xstock_shipment.epcis.words import uom
from xstock_shipment.parts import Broken


def units_of(event: Event) -> Shipment | None:
    """The handling units that the standard's fields name, by their SSCC; None where there is none."""
    found = dict.fromkeys(uris.read_sscc(one) for one in (event.parent_id, *event.epcs))
    units = tuple(HandlingUnit(id=one) for one in found if one)
    return Shipment(units=units) if units else None


def unit_uris(message: ResourceMessage) -> list[str]:
    """The SSCC of each unit as a URI, once; units under a number of another kind are left to the extension."""
    units = message.shipment.units if message.shipment else ()
    return list(dict.fromkeys(uris.write_sscc(one.id) for one in units if uris.is_sscc(one.id)))


def packings(message: ResourceMessage, main: Event) -> Iterator[Event]:
    """An aggregation for each unit of which it is known what is inside; parts of the event `main`."""
    lines = {line.id: line for line in message.lines}
    for number, unit in enumerate(message.shipment.units if message.shipment else (), 1):
        packed = [(lines[one.line], one.quantity) for one in unit.contents if one.line in lines]
        if not packed:
            continue
        yield Event(
            type="AggregationEvent",
            event_id=uris.event_id(message.id, f"unit {number}"),
            event_time=main.event_time,
            event_time_zone_offset=main.event_time_zone_offset,
            action="ADD",
            biz_step="packing",
            disposition="container_closed",
            parent_id=uris.write_sscc(unit.id) if uris.is_sscc(unit.id) else uris.refer(unit.id),
            child_quantity_list=tuple(
                Quantity(epc_class=uris.class_of(line), quantity=write_number(quantity), uom=uom(line.unit))
                for line, quantity in packed
            ),
            biz_transaction_list=main.biz_transaction_list,
            part=main.event_id,
        )


def agreed(message: ResourceMessage, main: Event, came: tuple[Event, ...]) -> None:
    """What came as packed is what the message says of its units; `Broken` where it is not."""
    meant = {(one.parent_id, one.child_quantity_list) for one in packings(message, main)}
    for one in came:
        if (one.parent_id, one.child_quantity_list) not in meant:
            raise Broken("contradiction", f"in {one.parent_id} what xstock:message says", "another content")
