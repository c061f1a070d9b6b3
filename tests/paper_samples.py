"""One operation with every figure different, in the languages of its two sides."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec

from xstock_node.domain.agreements import DeliveryTerm
from xstock_node.domain.consignments import (
    Consignment,
    Content,
    DangerousGoods,
    Event,
    EventKind,
    HandlingClass,
    HandlingUnit,
    Leg,
    Mode,
    UnitReceipt,
)
from xstock_node.domain.corridors import Movement, corridor
from xstock_node.domain.documents.facts import (
    Crewed,
    FiledPaper,
    Filing,
    GreenLight,
    Line,
    OperationFacts,
    Party,
    Reading,
    Share,
    SignedStep,
    Told,
    Vehicle,
)
from xstock_node.domain.items import BaseUnit
from xstock_node.domain.sscc import make_sscc
from xstock_node.domain.terms import Terms
from xstock_node.services.documents.library import customs_facts

DAY = date(2027, 3, 28)
LOCAL = timezone(timedelta(hours=3))
ROOT = "5d" * 32
PARTIES = {
    "bg": Party(
        names={"bg": "Червен кръст (учение)", "en": "Red Cross (exercise)", "ro": "Crucea Roșie (exercițiu)"},
        country="BG", address="бул. Примерен 1, Видин", registration="EORI BG0000000", contact="дежурен",
    ),
    "ro": Party(names={"ro": "Protecția civilă Județul Dolj (exercițiu)", "en": "Civil protection (exercise)"},
                country="RO", address="Str. Exemplu 2, Craiova", contact="ofițer de serviciu"),
    "hr": Party(names={"hr": "Civilna zaštita županije (vježba)", "en": "Civil protection (exercise)"}, country="HR",
                address="Đakovačka 3, Županja"),
    "sr-Cyrl": Party(names={"sr-Cyrl": "Црвени крст (вежба)", "sr-Latn": "Crveni krst (vežba)"}, country="RS"),
    "sr-Latn": Party(names={"sr-Cyrl": "Црвени крст (вежба)", "sr-Latn": "Crveni krst (vežba)"}, country="RS"),
    "uk": Party(names={"uk": "Товариство Червоного Хреста (навчання)", "en": "Red Cross (exercise)"}, country="UA",
                address="вул. Зразкова, 4, Чернівці"),
    "mk": Party(names={"mk": "Црвен крст (вежба)", "en": "Red Cross (exercise)"}, country="MK"),
    "cnr": Party(names={"cnr": "Crveni krst (vježba)", "en": "Red Cross (exercise)"}, country="ME"),
    "de": Party(names={"de": "Katastrophenschutz Übung", "en": "Civil protection (exercise)"}, country="AT"),
    "sq": Party(names={"sq": "Kryqi i Kuq (stërvitje)", "en": "Red Cross (exercise)"}, country="AL"),
    "bs": Party(names={"bs": "Crveni križ (vježba)", "en": "Red Cross (exercise)"}, country="BA"),
    "sl": Party(names={"sl": "Rdeči križ (vaja)", "en": "Red Cross (exercise)"}, country="SI"),
    "ru": Party(names={"ru": "Красный Крест (учения)", "en": "Red Cross (exercise)"}, country="KG"),
    "tr": Party(names={"tr": "Kızılay (tatbikat)", "en": "Red Crescent (exercise)"}, country="TR"),
    "kk": Party(names={"kk": "Қызыл Жарты Ай (оқу-жаттығу)", "en": "Red Crescent (exercise)"}, country="KZ"),
    "ky": Party(names={"ky": "Кызыл Жарым Ай (машыгуу)", "en": "Red Crescent (exercise)"}, country="KG"),
    "en": Party(names={"en": "Relief logistics (exercise)"}, country="GB"),
}  # fmt: skip
TENT = {
    "en": "Family tent 16 m2, double fly", "bg": "Палатка семейна 16 кв.м", "hr": "Obiteljski šator 16 m²",
    "ro": "Cort familial 16 m²", "sr-Cyrl": "Породични шатор 16 м²", "sr-Latn": "Porodični šator 16 m²",
    "uk": "Сімейний намет 16 м²", "mk": "Семеен шатор 16 м²", "cnr": "Porodični šator 16 m²",
    "de": "Familienzelt 16 m²", "sq": "Çadër familjare 16 m²", "bs": "Porodični šator 16 m²",
    "sl": "Družinski šotor 16 m²", "ru": "Палатка семейная 16 м²", "tr": "Aile çadırı 16 m²",
    "kk": "Отбасылық шатыр 16 м²", "ky": "Үй-бүлөлүк чатыр 16 м²",
}  # fmt: skip
KIT = {"en": "Interagency emergency health kit, basic", "bg": "Медицински комплект IEHK, основен модул",
       "uk": "Базовий комплект IEHK", "de": "IEHK Basismodul"}  # fmt: skip


def at(hour: int, minute: int = 0, day: int = 28) -> datetime:
    return datetime(2027, 3, day, hour, minute, tzinfo=LOCAL)


def line(item: str, names: dict[str, str], first: int, unit: BaseUnit, **rest: Any) -> Line:
    """A line whose counters are `first`, `first` + 1 ...: every figure differs from every other."""
    names_of = ("requested", "offered", "accepted", "dispatched", "good", "damaged", "short", "over", "returned",
                "written_off")  # fmt: skip
    counters = {name: Decimal(first + place) for place, name in enumerate(names_of)}
    return Line(item=item, names=names, unit=unit, **(counters | rest))


def units() -> tuple[HandlingUnit, ...]:
    tents = Content(
        item="HSHETENTF16C", quantity=Decimal(40), unit=BaseUnit.PIECE, lot="Z-2025/7", serials=("SN1001", "SN1002"),
        value=Decimal("15200.40"), currency="EUR", origin="PK", hs="630622",
    )  # fmt: skip
    kits = Content(
        item="KMEDKIAE01B", quantity=Decimal(36), unit=BaseUnit.SET, lot="LOT-88A", expiry=date(2028, 11, 30),
        expiry_precision="month", value=Decimal(9900), currency="EUR", origin="NL",
    )  # fmt: skip
    return (
        HandlingUnit(
            sscc=make_sscc("3801234", 1), contents=(tents,), packages=20, package="BX", net_kg=Decimal("2200.5"),
            gross_kg=Decimal("2310.25"), m3=Decimal("11.27"),
        ),
        HandlingUnit(
            sscc=make_sscc("3801234", 2), contents=(kits,), packages=12, gross_kg=Decimal("1411.75"),
            temperature=(Decimal(15), Decimal(25)),
        ),
    )  # fmt: skip


def dangerous() -> HandlingUnit:
    fuel = DangerousGoods(un_number="2880", name="CALCIUM HYPOCHLORITE, HYDRATED", hazard_class="5.1",
                          packing_group="II", tunnel="(E)")  # fmt: skip
    drums = Content(item="WASDCHLA7G45", quantity=Decimal(7), unit=BaseUnit.PIECE, dangerous=fuel)
    return HandlingUnit(
        sscc=make_sscc("3801234", 3), contents=(drums,), packages=7, gross_kg=Decimal(329),
        handling=HandlingClass.DANGEROUS,
    )  # fmt: skip


def mixed() -> HandlingUnit:
    """A pallet with both items on it."""
    first, second = units()
    return msgspec.structs.replace(first, sscc=make_sscc("3801234", 4), contents=first.contents + second.contents)


def facts(sender: str = "bg", receiver: str = "ro", route: str = "BG RO", **rest: Any) -> OperationFacts:
    """The operation, from `sender`'s to `receiver`'s language along `route`."""
    countries = tuple(route.split())
    way = corridor(Movement(countries=countries, terms=Terms.LOAN), customs_facts(), DAY)
    light = GreenLight(
        number="GL-4711", entry_point="X-KAL", consignee="relief reception desk", valid_until=at(20),
        slot_from=at(9), slot_until=at(11), import_numbers=("IMP-77/2027",), export_numbers=("27BG0001",),
        transit_numbers=("27BGT2-9",),
        told=(Told(authority="customs office", what="packing list", at=at(4, 12), number="A-19"),),
    )  # fmt: skip
    fields: dict[str, Any] = {
        "operation": "x-op-2027-0042", "exercise": True, "made": datetime(2027, 3, 28, 6, 30, tzinfo=UTC),
        "root": ROOT, "terms": Terms.LOAN, "supplier": PARTIES[sender], "requester": PARTIES[receiver],
        "lines": (
            line("HSHETENTF16C", TENT, 1101, BaseUnit.PIECE, unit_kg=Decimal("57.5"), unit_value=Decimal("380.01"),
                 currency="EUR", hs="630622"),
            line("KMEDKIAE01B", KIT, 2201, BaseUnit.SET, unit_kg=None, unit_value=Decimal(275), currency="EUR",
                 written_off=None),
        ),
        "carrier": Party(names={"en": "Carrier exercise Ltd"}, country="BG"),
        "consignment": consignment(),
        "vehicle": Vehicle(plates="X 0000 XX / X 0001 XX", type="semi-trailer 40 t", capacity="33 pallets, 24 t"),
        "receipts": (
            UnitReceipt(sscc=make_sscc("3801234", 1), item="HSHETENTF16C", good=Decimal(37), damaged=Decimal(2),
                        short=Decimal(1), reasons=("wet",), note="two torn by the strap"),
            UnitReceipt(sscc=make_sscc("3801234", 2), item="KMEDKIAE01B", good=Decimal(36)),
        ),
        "event": "FL-2027-000042", "agreement": "A1 regional", "severity": "2", "people": 5230, "needed_by": at(18),
        "hold_until": at(12), "answer_by": at(10), "cost": "1250 EUR", "delivery_term": DeliveryTerm.FCA,
        "insurer": "requester", "countries": countries, "crossings": ("X-KAL", "X-VID"), "stretches": way.out,
        "green_light": light, "loan_due": date(2027, 6, 26), "customs_deadline": date(2027, 9, 25),
        "humanitarian_code": "UA-HUM-3141", "instructions": "Unload at gate 3, no forklift",
        "reason": "wet pallets", "remarks": "Call 30 minutes before arrival",
        "crews": (Crewed(item="CP-HCP", quantity=Decimal(4), unit=BaseUnit.ONE, module="HCP", crew=19,
                         self_sufficiency_days=13),
                  Crewed(item="CP-KITCHEN", quantity=Decimal(6), unit=BaseUnit.PIECE)),
        "readings": (Reading(at=at(5), place="Vidin", celsius=Decimal("19.5"), said_by="logger"),
                     Reading(at=at(9), place="Calafat", celsius=Decimal("-0.5"))),
        "shares": (Share(place="Hall 1", item="HSHETENTF16C", quantity=Decimal(21), people=105),
                   Share(place="Hall 2", item="KMEDKIAE01B", quantity=Decimal(17))),
        "steps": (SignedStep(verb="request", side="requester", function="duty officer", at=at(2), hash="a1" * 32),
                  SignedStep(verb="confirm", side="supplier", function="stock owner", at=at(3), hash="b2" * 32)),
        "filed": (FiledPaper(code="waybill", hash="c3" * 32, filing=Filing.SIGNED),
                  FiledPaper(code="packing_list", hash="d4" * 32, filing=Filing.FILED)),
    }  # fmt: skip
    return OperationFacts(**(fields | rest))


def consignment(*parts: HandlingUnit) -> Consignment:
    return Consignment(
        id="C-7", origin="Видин", destination="Craiova", handling=HandlingClass.GENERAL, units=parts or units(),
        seals=("SEAL-0815", "SEAL-0816"),
        legs=(Leg(mode=Mode.ROAD, origin="Видин", destination="Craiova", carrier="Carrier exercise Ltd",
                  departure=at(5, 30), arrival=at(10, 15)),),
        events=(Event(kind=EventKind.AT_BORDER, at=at(7, 5), place="X-KAL", said_by="carrier"),
                Event(kind=EventKind.CUSTOMS_RELEASE, at=at(8, 40), place="X-KAL", reference="MRN 27RO-55")),
    )  # fmt: skip


def hostile() -> OperationFacts:
    """The same operation, written by somebody who would like to be a program."""
    text = '#panic("x") $x^2$ \\ *b* _i_ `r` <label> @ref // c /* d */ ]}) "quoted" & <script>alert(1)</script> {0}'
    own = facts()
    names = {"en": text, "bg": text, "ro": text}
    lines = (msgspec.structs.replace(own.lines[0], names=names), *own.lines[1:])
    supplier = msgspec.structs.replace(own.supplier, names=names, address=text)
    return msgspec.structs.replace(own, lines=lines, supplier=supplier, remarks=text, event=text, instructions=text)
