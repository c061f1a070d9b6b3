"""Facts as a node gives them, made up: two suppliers answer a request of Bulgaria."""

from datetime import UTC, datetime
from decimal import Decimal

from xstock_node.domain.consignments import Content, DangerousGoods, HandlingClass, HandlingUnit
from xstock_node.domain.documents.facts import Crewed, Line, OperationFacts, Party, SignedStep
from xstock_node.domain.forms import Deed, FormFacts, FormLine, FormRequest
from xstock_node.domain.items import BaseUnit
from xstock_node.domain.sscc import make_sscc
from xstock_node.domain.terms import Terms

AT = datetime(2027, 3, 28, 4, 30, tzinfo=UTC)
BULGARIA = Party(names={"bg": "Български Червен кръст", "en": "Bulgarian Red Cross"}, country="BG")
PIECE = BaseUnit("H87")
TEXTS = (
    "Видин, спортна зала",
    "Ниш, хала 2 – „Чаир“",
    "Timișoara, depozitul județean",
    "Shkodër, salla e sportit",
    "Өскемен, спорт залы",
    "Iğdır, spor salonu çadırları",
)


def operation(case: str, country: str, offered: int, **more: object) -> OperationFacts:
    """An operation in which a supplier offered pumps."""
    fields = {
        "terms": Terms.LOAN,
        "lines": (Line(item="PUMP", names={}, unit=PIECE, offered=Decimal(offered)),),
        "steps": (SignedStep(verb="offer", side="supplier", function="duty", at=AT, hash="a" * 64),),
    }
    return OperationFacts(
        operation=case,
        exercise=False,
        made=AT,
        root="f" * 64,
        supplier=Party(names={"en": f"Red Cross of {country}"}, country=country),
        requester=BULGARIA,
        **{**fields, **more},  # type: ignore[arg-type]
    )


def unit(number: int, kg: Decimal | None) -> HandlingUnit:
    """A pallet with one pump and its fuel."""
    fuel = DangerousGoods(un_number="1202", name="DIESEL FUEL", hazard_class="3", packing_group="III")
    content = Content(item="PUMP", quantity=Decimal(1), unit=PIECE, dangerous=fuel)
    sscc = make_sscc("8600000", number)
    return HandlingUnit(sscc=sscc, contents=(content,), handling=HandlingClass.DANGEROUS, gross_kg=kg)


def facts(**more: object) -> FormFacts:
    """Facts about a request for 40 pumps, to which 30 and 20 are offered."""
    asked = FormRequest(
        id="req",
        at=1_806_211_800,
        place="Видин, спортна зала",
        country="BG",
        people=2_400,
        severity=1,
        terms=("loan",),
        lines=(FormLine(item="PUMP", unit="H87", asked=Decimal(40), offered=Decimal(50), name="Dirty-water pump"),),
    )
    crew = Crewed(item="PUMP", quantity=Decimal(2), unit=PIECE, module="WP", crew=4, self_sufficiency_days=7)
    fields = {
        "references": ("FL-2027-000033-BGR", "2027-EX-014"),
        "request": asked,
        "operations": (operation("one", "RO", 30, crews=(crew,)), operation("two", "HR", 20)),
        "deeds": (
            Deed(verb="op.notify", count=2, first=10, last=20),
            Deed(verb="op.offer", count=3, first=10, last=20),
            Deed(verb="op.offer", count=4, first=30, last=40, exercise=True),
            Deed(verb="stock.import", count=1, first=5, last=5),
            Deed(verb="something.else", count=9, first=1, last=2),
        ),
    }
    return FormFacts(about="req", now=1_806_300_000, node="redcross.bg", own=BULGARIA, **{**fields, **more})  # type: ignore[arg-type]
