"""Messages of an operation as documents of UBL 2.4: dispatches, passages, receipts, and the proof of re-exportation.

The law of a receipt: despatched = received + short + rejected, line by line; what came beyond it is over-supply.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from xstock_node.plugins.interchange import Contact, Resource, ResourceMessage, Schedule
from xstock_shipment import marks
from xstock_shipment.loads import put_stage, put_units
from xstock_shipment.parts import Broken, put_item, put_party, put_place, put_quantity, put_time
from xstock_shipment.tags import DESPATCH, PROOF, RECEIPT, STATUS, Element, inside, new, put

VERSION: Final = "2.4"
CUSTOMIZATION: Final = "urn:xstock:ubl:1"
OUT: Final = frozenset({"dispatch", "receipt"})
ZERO: Final = Decimal(0)
QUANTITIES: Final = {
    "good": "ReceivedQuantity",
    "short": "ShortQuantity",
    "damaged": "RejectedQuantity",
    "over": "OversupplyQuantity",
}


class Written(NamedTuple):
    """A document: which one, of which message, and its tree."""

    document: str
    message: str
    root: Element


def write(messages: Sequence[ResourceMessage]) -> list[Written]:
    """The documents of an operation in their order. Raises `Broken` where a receipt counts more than was despatched."""
    loan = "loan" if any("loan" in line.terms.split(", ") for one in messages for line in one.lines) else ""
    advices = [one for one in messages if one.kind == "dispatch"]
    found = []
    for message in messages:
        if message.kind in ("dispatch", "return-dispatch"):
            found.append(Written(DESPATCH, message.id, _despatch(message, loan)))
        elif message.kind in ("receipt", "return-receipt"):
            _weigh(message, messages)
            found.append(Written(RECEIPT, message.id, _receipt(message)))
            if message.kind == "return-receipt" and loan and advices:
                found.append(Written(PROOF, message.id, _proof(message, advices[0])))
        elif message.kind == "passage":
            found.append(Written(STATUS, message.id, _status(message)))
    return found


def _head(root: Element, message: ResourceMessage, suffix: str = "") -> None:
    put(root, "UBLVersionID", VERSION)
    put(root, "CustomizationID", CUSTOMIZATION)
    put(root, "ProfileID", f"{CUSTOMIZATION}:{message.kind}")
    put(root, "ID", message.id + suffix)
    put_time(root, "IssueDate", "IssueTime", message.sent)


def _marks(root: Element, message: ResourceMessage, element: str = "AdditionalDocumentReference") -> None:
    values = [
        ("status", message.status),
        *(("incident", one) for one in message.incidents),
        ("preceding", message.preceding if message.kind not in OUT else ""),
        ("replaces" if message.replaces else "recalls", message.recalls),
        *(("recipient", one) for one in message.recipients[1:]),
    ]
    for mark, value in values:
        marks.refer(root, mark, value, element)


def _despatch(message: ResourceMessage, terms: str) -> Element:
    root = new(DESPATCH)
    _head(root, message)
    put(root, "DespatchAdviceTypeCode", "delivery" if message.kind == "dispatch" else "return")
    put(root, "Note", message.note)
    put(root, "LineCountNumeric", str(len(message.lines)))
    _order(root, message)
    _marks(root, message)
    put_party(root, "DespatchSupplierParty", message.sender, _own(message))
    put_party(root, "DeliveryCustomerParty", _other(message), None)
    _shipment(root, message)
    for line in message.lines:
        entry = inside(root, "DespatchLine")
        put(entry, "ID", line.id)
        put_quantity(entry, "DeliveredQuantity", line.quantity, line.unit)
        put(inside(entry, "OrderLineReference"), "LineID", line.about or line.id)
        put_item(entry, line, terms)
    return root


def _receipt(message: ResourceMessage) -> Element:
    root = new(RECEIPT)
    _head(root, message)
    put(root, "ReceiptAdviceTypeCode", "delivery" if message.kind == "receipt" else "return")
    put(root, "Note", message.note)
    _order(root, message)
    if message.preceding:
        put(inside(root, "DespatchDocumentReference"), "ID", message.preceding)
    _marks(root, message)
    put_party(root, "DeliveryCustomerParty", message.sender, _own(message))
    put_party(root, "DespatchSupplierParty", _other(message), None)
    _shipment(root, message)
    for about, counted in counted_by_line(message.lines).items():
        entry = inside(root, "ReceiptLine")
        put(entry, "ID", about)
        for condition, name in QUANTITIES.items():
            line = counted.get(condition)
            if condition == "damaged" and line is not None and line.reason:
                put_quantity(entry, name, line.quantity, line.unit)
                put(entry, "RejectReason", line.reason)
            elif line is not None or condition == "good":
                first = line or next(iter(counted.values()))
                put_quantity(entry, name, line.quantity if line else ZERO, first.unit)
        put(inside(entry, "DespatchLineReference"), "LineID", about)
        put_item(entry, next(iter(counted.values())))
    return root


def counted_by_line(lines: Iterable[Resource]) -> dict[str, dict[str, Resource]]:
    """The counted quantities of each despatch line by their condition; those of one condition are added up."""
    found: dict[str, dict[str, Resource]] = {}
    for line in lines:
        counted, condition = found.setdefault(line.about or line.id, {}), line.condition or "good"
        before = counted.get(condition)
        if before is not None and before.quantity is not None and line.quantity is not None:
            line = msgspec.structs.replace(before, quantity=before.quantity + line.quantity)
        counted[condition] = line
    return found


def _weigh(message: ResourceMessage, messages: Sequence[ResourceMessage]) -> None:
    """Refuse a receipt that with those before it counts more than its advice despatched, over-supply aside."""
    advice = next((one for one in messages if one.id == message.preceding and one.kind.endswith("dispatch")), None)
    if advice is None:
        return
    taken_back = {one.recalls for one in messages if one.replaces}
    receipts = [one for one in messages if one.preceding == advice.id and one.kind == message.kind]
    standing = [one for one in receipts if one.id not in taken_back]
    sent: dict[str, Decimal] = {}
    for line in advice.lines:  # two lots of one item are two lines about one
        about = line.about or line.id
        sent[about] = sent.get(about, ZERO) + (line.quantity or ZERO)
    for about, quantity in sent.items():
        counted = sum(
            (line.quantity or ZERO)
            for one in standing
            for line in one.lines
            if (line.about or line.id) == about and line.condition in ("good", "damaged", "short", "")
        )
        if counted > quantity:
            expected = f"received, short and rejected of line {about} to be at most {quantity:f}, as despatched"
            raise Broken("sums", expected, f"{counted:f}", "correct the receipt")


def _status(message: ResourceMessage) -> Element:
    root = new(STATUS)
    _head(root, message)
    put(root, "Note", message.note)
    schedule = _first(message)
    id_ = _consignment(message)
    put(inside(root, "Consignment"), "ID", id_ or "1")
    event = inside(root, "TransportEvent")
    put_time(event, "OccurrenceDate", "OccurrenceTime", schedule.at)
    put_place(event, "Location", schedule.place)
    marks.refer(root, "order", message.originating, "DocumentReference")
    _marks(root, message, "DocumentReference")
    put_party(root, "SenderParty", message.sender, _own(message), bare=True)
    put_party(root, "ReceiverParty", _other(message), None, bare=True)
    return root


def _proof(message: ResourceMessage, advice: ResourceMessage) -> Element:
    """That lent goods came home: it refers to the first advice, by which they went out (Istanbul Convention, B.9)."""
    root = new(PROOF)
    _head(root, message, ":proof")
    leaf = inside(root, "GoodsItemPassportCounterfoil")
    put(leaf, "ID", _consignment(advice) or "1")
    returned = _first(message).at or message.sent
    put(leaf, "FinalReexportationDate", _day(returned))
    counted = counted_by_line(message.lines).values()
    for line in (one[condition] for one in counted for condition in QUANTITIES if condition in one):
        if line.condition != "short" and line.quantity is not None:
            put(leaf, "Note", f"{line.quantity:f} {line.unit} {line.item or line.name} {line.condition}".strip())
    put(inside(leaf, "ExportationDocumentReference"), "ID", advice.id)
    put(inside(leaf, "ReexportationDocumentReference"), "ID", message.preceding or message.id)
    put(inside(leaf, "ReimportationDocumentReference"), "ID", message.id)
    evidence = inside(root, "ReexportationEvidence")
    put(evidence, "Name", "receipt of the returned goods, signed by their owner")
    put(inside(evidence, "DocumentReference"), "ID", message.id)
    put(inside(root, "AdditionalDocumentReference"), "ID", advice.id)
    _marks(root, message)
    return root


def _order(root: Element, message: ResourceMessage) -> None:
    if message.originating:
        put(inside(root, "OrderReference"), "ID", message.originating)


def _shipment(root: Element, message: ResourceMessage) -> None:
    shipment = inside(root, "Shipment")
    put(shipment, "ID", _consignment(message) or "1")
    put_stage(shipment, message.shipment)
    delivery = inside(shipment, "Delivery")
    moments = {one.moment: one for one in (message.lines[0].schedule if message.lines else ())}
    arrived = moments.get("actual-arrival") or moments.get("actual-return-arrival")
    expected = moments.get("estimated-arrival")
    left = moments.get("actual-departure") or moments.get("actual-return-departure")
    if arrived:
        put_time(delivery, "ActualDeliveryDate", "ActualDeliveryTime", arrived.at)
    place = (arrived or expected or Schedule(moment="current")).place
    put_place(delivery, "DeliveryLocation", place)
    if expected and expected.at:
        put_time(inside(delivery, "EstimatedDeliveryPeriod"), "EndDate", "EndTime", expected.at)
    if left:
        despatch = inside(delivery, "Despatch")
        put_time(despatch, "ActualDespatchDate", "ActualDespatchTime", left.at)
        put_place(despatch, "DespatchLocation", left.place)
    put_units(shipment, message)


def _first(message: ResourceMessage) -> Schedule:
    return next((one for line in message.lines for one in line.schedule), Schedule(moment="current"))


def _consignment(message: ResourceMessage) -> str:
    return next((line.resource for line in message.lines if line.resource), "")


def _own(message: ResourceMessage) -> Contact | None:
    return message.contacts[0] if message.contacts else None


def _other(message: ResourceMessage) -> str:
    return message.recipients[0] if message.recipients else ""


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
