"""Documents of UBL 2.0 to 2.4 as messages: a despatch advice is a dispatch, a receipt advice a receipt.

A proof of re-exportation repeats what the receipt of the returned goods says, and opens nothing.
"""

from xstock_node.plugins.interchange import (
    Condition,
    Contact,
    MessageKind,
    Moment,
    Resource,
    ResourceMessage,
    Schedule,
    Status,
)
from xstock_shipment import marks
from xstock_shipment.loads import load_of
from xstock_shipment.parts import Broken, item_of, party_of, place_of, quantity_of, time_of
from xstock_shipment.tags import DESPATCH, RECEIPT, Element, each, one, text
from xstock_shipment.writing import QUANTITIES

STATUSES: dict[str, Status] = {one: one for one in ("Actual", "Exercise", "System", "Test", "Draft")}
MANY = 2000
OWN = "urn:xstock:ubl:"
CONDITIONS: tuple[Condition, ...] = ("good", "damaged", "short", "over")


def read_despatch(root: Element) -> ResourceMessage:
    """A despatch advice, of the way out or back."""
    kind: MessageKind = "return-dispatch" if text(root, "DespatchAdviceTypeCode") == "return" else "dispatch"
    schedule, consignment = _shipment(root, kind), text(one(root, "Shipment"), "ID")[:300]
    lines = []
    for entry in _lines(root, "DespatchLine"):
        quantity, unit = quantity_of(entry, "DeliveredQuantity")
        about = text(one(entry, "OrderLineReference"), "LineID")[:300]
        said = {"quantity": quantity, "unit": unit, "consignment": consignment, "at": schedule}
        lines.append(_line(entry, _id(entry), about, **said))
    return _message(root, kind, DESPATCH, tuple(lines), "DespatchSupplierParty", "DeliveryCustomerParty")


def read_receipt(root: Element) -> ResourceMessage:
    """A receipt advice: a line for each quantity that is not nought, by its condition."""
    kind: MessageKind = "return-receipt" if text(root, "ReceiptAdviceTypeCode") == "return" else "receipt"
    schedule, consignment = _shipment(root, kind), text(one(root, "Shipment"), "ID")[:300]
    lines = []
    for entry in _lines(root, "ReceiptLine"):
        about = text(one(entry, "DespatchLineReference"), "LineID")[:300] or _id(entry)
        for condition in CONDITIONS:
            quantity, unit = quantity_of(entry, QUANTITIES[condition])
            if not quantity:
                continue
            said = {"quantity": quantity, "unit": unit, "condition": condition, "consignment": consignment}
            reason = text(entry, "RejectReason")[:300] if condition == "damaged" else ""
            lines.append(_line(entry, f"{about}-{condition}", about, at=schedule, reason=reason, **said))
    return _message(root, kind, RECEIPT, tuple(lines), "DeliveryCustomerParty", "DespatchSupplierParty")


def doubts(root: Element) -> tuple[str, ...]:
    """Lines of others' receipts of which a part was rejected: some count it among what was received, we do not."""
    if text(root, "CustomizationID").startswith(OWN):
        return ()
    rejected = (entry for entry in each(root, "ReceiptLine") if quantity_of(entry, "RejectedQuantity")[0])
    return tuple(f"received-may-hold-rejected: line {text(entry, 'ID')}"[:300] for entry in rejected)


def read_status(root: Element) -> ResourceMessage:
    """Where a consignment is."""
    event = one(root, "TransportEvent")
    at = time_of(event, "OccurrenceDate", "OccurrenceTime")
    schedule = (Schedule(moment="current", at=at, place=place_of(one(event, "Location"))),)
    consignment = text(one(root, "Consignment"), "ID")[:300]
    lines = (Resource(id="1", resource=consignment, name=consignment, schedule=schedule),)
    found = _message(root, "passage", "", lines, "", "")
    return found


def _message(
    root: Element, kind: MessageKind, document: str, lines: tuple[Resource, ...], own: str, other: str
) -> ResourceMessage:
    element = "AdditionalDocumentReference" if document else "DocumentReference"
    sender, contact = party_of(one(root, own, "Party") if own else one(root, "SenderParty"))
    recipient, _ = party_of(one(root, other, "Party") if other else one(root, "ReceiverParty"))
    id_, order = text(root, "ID")[:300], _order(root, document)
    if not id_:
        raise Broken("missing", "an ID", "none")
    recalls, replaces = (next(marks.referred(root, one_, element), "") for one_ in ("recalls", "replaces"))
    advice = text(one(root, "DespatchDocumentReference"), "ID")
    preceding = advice or next(marks.referred(root, "preceding", element), "")
    status = STATUSES.get(next(marks.referred(root, "status", element), ""), "Actual")
    return ResourceMessage(
        id=id_,
        kind=kind,
        sent=time_of(root, "IssueDate", "IssueTime"),
        status=status,
        sender=sender,
        recipients=tuple(r for r in (recipient, *marks.referred(root, "recipient", element)) if r)[:50],
        originating=order or id_,
        preceding=preceding[:300],
        recalls=(recalls or replaces)[:300],
        replaces=bool(replaces),
        incidents=tuple(one_[:300] for one_ in marks.referred(root, "incident", element))[:50],
        note=text(root, "Note")[:2000],
        contacts=(_with_role(contact, kind),) if contact else (),
        lines=lines,
        shipment=load_of(one(root, "Shipment")),
    )


def _with_role(contact: Contact, kind: MessageKind) -> Contact:
    role = "owner" if kind in ("dispatch", "return-receipt") else "requester" if kind != "passage" else ""
    return Contact(description=contact.description, role=role, place=contact.place)  # type: ignore[arg-type]


def _order(root: Element, document: str) -> str:
    if document:
        return text(one(root, "OrderReference"), "ID")[:300]
    return next(marks.referred(root, "order", "DocumentReference"), "")[:300]


def _shipment(root: Element, kind: MessageKind) -> tuple[Schedule, ...]:
    delivery = one(root, "Shipment", "Delivery")
    despatch, period = one(delivery, "Despatch"), one(delivery, "EstimatedDeliveryPeriod")
    place = place_of(one(delivery, "DeliveryLocation"))
    left: Moment = "actual-departure" if kind == "dispatch" else "actual-return-departure"
    came: Moment = "actual-arrival" if kind == "receipt" else "actual-return-arrival"
    if kind.endswith("receipt"):
        at = time_of(delivery, "ActualDeliveryDate", "ActualDeliveryTime")
        return (Schedule(moment=came, at=at, place=place),) if at or place else ()
    found = []
    gone = time_of(despatch, "ActualDespatchDate", "ActualDespatchTime")
    if gone or place_of(one(despatch, "DespatchLocation")):
        found.append(Schedule(moment=left, at=gone, place=place_of(one(despatch, "DespatchLocation"))))
    due = time_of(period, "EndDate", "EndTime")
    if due or place:
        found.append(Schedule(moment="estimated-arrival", at=due, place=place))
    return tuple(found)


def _lines(root: Element, name: str) -> list[Element]:
    found = list(each(root, name))
    if len(found) > MANY:
        raise Broken("too-much", f"at most {MANY} lines", str(len(found)))
    return found


def _id(entry: Element) -> str:
    found = text(entry, "ID")[:300]
    if not found:
        raise Broken("missing", "an ID of each line", "none")
    return found


def _line(entry: Element, id_: str, about: str, **said: object) -> Resource:
    item = item_of(entry)
    return Resource(
        id=id_,
        about=about,
        resource=said.get("consignment", ""),  # type: ignore[arg-type]
        name=item.name,
        item=item.item,
        codes=item.codes,
        quantity=said.get("quantity"),  # type: ignore[arg-type]
        unit=said.get("unit", ""),  # type: ignore[arg-type]
        condition=said.get("condition", ""),  # type: ignore[arg-type]
        lot=item.lot,
        expiry=item.expiry,
        reason=said.get("reason", ""),  # type: ignore[arg-type]
        terms=item.terms,
        schedule=said.get("at", ()),  # type: ignore[arg-type]
    )
