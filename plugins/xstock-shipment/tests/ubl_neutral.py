"""The messages of a loan, made up: so many tents go out, some are damaged, some are missing, the rest comes home."""

from decimal import Decimal

import msgspec

from xstock_node.plugins.interchange import (
    Contact,
    HandlingUnit,
    MessageKind,
    Packed,
    Place,
    Resource,
    ResourceMessage,
    Schedule,
    Shipment,
)

OWNER = Contact(description="Crveni križ, Zagreb", role="owner", place=Place(country="HR"))
ASKED = Contact(description="Български Червен кръст", role="requester", place=Place(country="BG"))
TEXTS = (
    "Видин, спортна зала",
    "Житомир, склад № 4, під’їзд",
    "Timișoara, depozitul județean",
    "Shkodër, salla e sportit",
    "Өскемен, спорт залы",
    "Iğdır, spor salonu çadırları",
)


def line(quantity: Decimal | int, condition: str = "", name: str = "Family tent", **more: object) -> Resource:
    """A line about tents."""
    id_ = f"1-{condition}" if condition else "1"
    said = {"id": id_, "item": "HSHETENTF16C", "unit": "H87", "resource": "lot-1", "about": "1"}
    return Resource(name=name, quantity=Decimal(quantity), condition=condition, **{**said, **more})  # type: ignore[arg-type]


def message(kind: MessageKind, id_: str, *lines: Resource, preceding: str = "", **more: object) -> ResourceMessage:
    """A message between Croatia and Bulgaria."""
    of_owner = kind in ("dispatch", "return-receipt", "offer", "confirmation")
    sides = ("redcross.hr", "redcross.bg") if of_owner else ("redcross.bg", "redcross.hr")
    said = {"sent": 1_806_211_800, "incidents": ("FL-2027-000033-BGR",), "originating": "request-1"}
    return ResourceMessage(
        id=id_,
        kind=kind,
        sender=sides[0],
        recipients=sides[1:],
        preceding=preceding,
        contacts=(OWNER if of_owner else ASKED,),
        lines=lines,
        **{**said, **more},  # type: ignore[arg-type]
    )


def loan(
    sent: Decimal | int = 100, good: Decimal | int = 95, damaged: Decimal | int = 2, short: Decimal | int = 3,
    text: str = TEXTS[0], over: Decimal | int = 0,
) -> tuple[ResourceMessage, ...]:  # fmt: skip
    """A loan from the request to the return received."""
    place, at = Place(description=text, country="BG"), 1_806_300_000
    left = (Schedule(moment="actual-departure", at=at), Schedule(moment="estimated-arrival", at=at + 9000, place=place))
    came = (Schedule(moment="actual-arrival", at=at + 9000, place=place),)
    parts = {"good": good, "damaged": damaged, "short": short, "over": over}
    counted = [
        line(q, c, name=text, schedule=came, reason=text if c == "damaged" else "") for c, q in parts.items() if q
    ]
    way = (Schedule(moment="current", at=at + 500, place=Place(description=text)),)
    back = (Schedule(moment="actual-return-departure", at=at + 90_000),)
    home = (Schedule(moment="actual-return-arrival", at=at + 99_000),)
    away = {"resource": "back-1"}
    told = (
        message("request", "request-1", line(sent, terms="loan, donation")),
        message("acceptance", "accept-1", line(sent, terms="loan"), preceding="request-1"),
        message("dispatch", "out-1", line(sent, name=text, schedule=left), preceding="accept-1", note=text),
        message("passage", "way-1", line(sent, schedule=way), preceding="out-1"),
        message("receipt", "in-1", *counted, preceding="out-1"),
        message("return-dispatch", "back-1", line(good, schedule=back, **away), preceding="in-1"),
        message("return-receipt", "home-1", line(good, "good", schedule=home, **away), preceding="back-1"),
    )
    return tuple(msgspec.structs.replace(one, sent=one.sent + 600 * place) for place, one in enumerate(told))


def loaded(text: str = TEXTS[0]) -> ResourceMessage:
    """A dispatch of two lots on two pallets, and a third under the number of its maker."""
    units = (
        HandlingUnit(
            id="038500001234567893",
            kg=Decimal("412.5"),
            m3=Decimal("1.92"),
            serials=("S-1", text),
            contents=(Packed(line="1", quantity=Decimal(40)), Packed(line="1.2", quantity=Decimal(5))),
        ),
        HandlingUnit(id="038500001234567909", contents=(Packed(line="1.2", quantity=Decimal("34.5")),)),
        HandlingUnit(id=f"pallet {text}", kg=Decimal(90)),
    )
    load = Shipment(units=units, seals=("SEAL-7", text), carrier=text, mode="3", crossings=(text, "Gradina"))
    lines = (line(60, lot="A"), line(Decimal("39.5"), id="1.2", lot="B", unit="KGM"))
    return message("dispatch", "out-1", *lines, preceding="accept-1", shipment=load)
