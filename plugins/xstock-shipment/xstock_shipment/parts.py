"""The parts that the documents share: times, quantities, parties, places, items; each written and read side by side."""

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from xstock_node.plugins.interchange import Coded, Contact, Place, Resource
from xstock_shipment import marks
from xstock_shipment.tags import Element, each, inside, one, put, text

_UNIT = re.compile(r"[A-Z0-9]{2,3}")
IDENTIFICATIONS = (
    "BuyersItemIdentification",
    "SellersItemIdentification",
    "ManufacturersItemIdentification",
    "StandardItemIdentification",
    "CatalogueItemIdentification",
)


class Broken(Exception):
    """A document that says what cannot be; `word` is closed."""

    def __init__(self, word: str, expected: str, came: str, do: str = "ask its sender for another") -> None:
        super().__init__(f"expected {expected}; came {came[:200]}; {do}")
        self.word = word


def put_time(parent: Element, date: str, time: str, at: int) -> None:
    """A date and a time of day in UTC; none where unknown."""
    if at:
        moment = datetime.fromtimestamp(at, UTC)
        put(parent, date, f"{moment:%Y-%m-%d}")
        put(parent, time, f"{moment:%H:%M:%SZ}")


def time_of(parent: Element | None, date: str, time: str) -> int:
    """Unix seconds of a date and a time; midnight in UTC where no time is said, 0 where there is no date."""
    day, hour = text(parent, date), text(parent, time)
    if not day:
        return 0
    try:
        found = datetime.fromisoformat(f"{day[:10]}T{hour or '00:00:00Z'}")
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise Broken("wrong-time", f"a date and a time in {date} and {time}", f"{day} {hour}") from None


def put_quantity(parent: Element, name: str, quantity: Decimal | None, unit: str) -> None:
    """A quantity by UNECE Recommendation 20; none where unknown."""
    if quantity is not None:
        put(parent, name, f"{quantity:f}", **({"unitCode": unit} if unit else {}))


def quantity_of(parent: Element, name: str) -> tuple[Decimal | None, str]:
    """A quantity and its unit; None where it is not said."""
    said = text(parent, name)
    if not said:
        return None, ""
    try:
        found = Decimal(said)
    except InvalidOperation:
        raise Broken("wrong-value", f"a number in {name}", said) from None
    if not found.is_finite() or found < 0 or abs(found.adjusted()) > 18:
        raise Broken("wrong-value", f"a quantity in {name}", said)
    element = next(child for child in parent if child.tag.endswith("}" + name))
    unit = element.get("unitCode", "")
    return found, unit if _UNIT.fullmatch(unit) else ""


def put_party(parent: Element, name: str, node: str, contact: Contact | None, *, bare: bool = False) -> None:
    """A party by its node's name, and the organisation where it is known; never a person."""
    holder = inside(parent, name)
    party = holder if bare else inside(holder, "Party")
    if node:
        put(inside(party, "PartyIdentification"), "ID", node)
    if contact is not None and contact.description:
        put(inside(party, "PartyName"), "Name", contact.description)
    if contact is not None and contact.place is not None and contact.place.country:
        put(inside(inside(party, "PostalAddress"), "Country"), "IdentificationCode", contact.place.country)


def party_of(party: Element | None) -> tuple[str, Contact | None]:
    """The id of a party, and its name with its country."""
    id_ = text(one(party, "PartyIdentification"), "ID") or text(one(party, "PartyName"), "Name")
    name = text(one(party, "PartyName"), "Name")
    country = text(one(party, "PostalAddress", "Country"), "IdentificationCode")
    place = Place(country=country) if len(country) == 2 else None
    return id_[:300], Contact(description=name[:300], place=place) if name else None


def put_place(parent: Element, name: str, place: Place | None) -> None:
    """A place in words, by its code and its country."""
    if place is None or not (place.description or place.country or place.code):
        return
    location = inside(parent, name)
    put(location, "ID", place.code)
    put(location, "Description", place.description)
    if place.country:
        put(inside(inside(location, "Address"), "Country"), "IdentificationCode", place.country)


def place_of(location: Element | None) -> Place | None:
    """The place of a location."""
    country = text(one(location, "Address", "Country"), "IdentificationCode")
    said = text(location, "Description") or text(location, "Name")
    place = Place(description=said[:300], code=text(location, "ID")[:300], country=country if len(country) == 2 else "")
    return place if place != Place() else None


def put_item(parent: Element, line: Resource, terms: str = "") -> None:
    """An item: its name, its codes, what UBL has no element for, and its lot."""
    item = inside(parent, "Item")
    put(item, "Name", line.name)
    codes = {code.scheme: code.value for code in reversed(line.codes)}
    for name in IDENTIFICATIONS:
        if name == "StandardItemIdentification" and line.item:
            put(inside(item, name), "ID", line.item, schemeID=marks.CATALOGUE)
        elif name in codes:
            put(inside(item, name), "ID", codes[name])
    for mark, said in (("terms", terms), ("expiry", line.expiry)):
        marks.describe(item, mark, said)
    if line.lot:
        put(inside(inside(item, "ItemInstance"), "LotIdentification"), "LotNumberID", line.lot)


def item_of(parent: Element) -> Resource:
    """What an item says, as a line without id and quantity. Codes of other lists are kept with the element's name."""
    item = one(parent, "Item")
    own, codes = "", []
    for name in IDENTIFICATIONS:
        for entry in each(item, name):
            id_ = next((child for child in entry if child.tag.endswith("}ID")), None)
            said = text(entry, "ID")[:300]
            if id_ is not None and id_.get("schemeID") == marks.CATALOGUE:
                own = said
            elif said:
                codes.append(Coded(scheme=name, value=said))
    lot = one(item, "ItemInstance", "LotIdentification")
    return Resource(
        id="",
        name=(text(item, "Name") or text(item, "Description"))[:300],
        item=own,
        codes=tuple(codes[:20]),
        lot=text(lot, "LotNumberID")[:300],
        expiry=(marks.described(item, "expiry") or text(lot, "ExpiryDate"))[:300],
        terms=marks.described(item, "terms")[:300],
    )
