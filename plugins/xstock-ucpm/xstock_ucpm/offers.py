"""The offers that answer a request: of whom, what, on which terms, with which crew, and what they come to together."""

from decimal import Decimal

import msgspec

from xstock_node.plugins import Context
from xstock_node.plugins.forms import Entry, FormData, FormFacts, FormField, HeldReserve, OperationFacts, Table
from xstock_ucpm import texts
from xstock_ucpm.request import asked_of
from xstock_ucpm.rules import NOT_CONNECTED, RULES

FIELDS = (
    FormField(name="coordinating_body", label="Coordinating body", help="through whom the offers are handed in"),
    FormField(name="contact", label="Contact point", help="a function and how it is reached, no name"),
    FormField(name="conditions", label="Conditions", help="what the offers are bound to"),
    FormField(name="remarks", label="Remarks"),
)
ANSWERS = {
    "offer": "offered",
    "decline": "declined",
    "indicate": "possible",
    "standby": "standby",
    "confirm": "confirmed",
}


class OfferedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item of an offer; `accepted` is empty before a confirmation. `module` and what follows are of teams and of
    equipment with a crew, null where unknown.
    """

    item: str
    unit: str
    offered: str
    accepted: str
    module: str | None = None
    persons: int | None = None
    self_sufficiency_days: int | None = None


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """What one supplier answered, last; times by ISO 8601, empty where there is none."""

    operation: str
    supplier: str
    country: str
    answer: str
    at: str
    terms: str
    hold_until: str
    cost: str
    reason: str
    items: tuple[OfferedItem, ...]


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """A line and all offers for it together; `over` is what they come to beyond what was asked."""

    item: str
    unit: str
    asked: str
    offered: str
    promised: str
    over: str


class Reserve(msgspec.Struct, frozen=True, kw_only=True):
    """Stock of an asked item that is held for all: nobody has promised it; `decides` is who may release it."""

    item: str
    unit: str
    quantity: str
    pool: str
    decides: str
    node: str
    country: str
    as_of: str


class OffersForm(msgspec.Struct, frozen=True, kw_only=True):
    """The form as JSON."""

    form: str
    rules: str
    reference: str
    references: tuple[str, ...]
    exercise: bool
    request: str
    fields: dict[str, str]
    offers: tuple[Offered, ...]
    lines: tuple[Covered, ...]
    reserves: tuple[Reserve, ...] = ()


class OffersOfAssistance:
    """The answers to a request, or that of one operation."""

    name = "ucpm-offers"
    title = "Offers of assistance"

    async def fields(self, context: Context) -> tuple[FormField, ...]:
        """What people fill in."""
        return FIELDS

    async def make(self, context: Context, facts: FormFacts) -> FormData:
        """The form of a request or an operation; raises `Declined` for what is neither."""
        asked, values = asked_of(facts, self.name), texts.filled(FIELDS, facts, {})
        said = OffersForm(
            form=self.name,
            rules=RULES,
            reference=texts.reference(facts),
            references=facts.references,
            exercise=facts.exercise,
            request=asked.id,
            fields=values,
            offers=tuple(_offered(one) for one in facts.operations),
            lines=tuple(_covered(facts)),
            reserves=tuple(_reserve(one) for one in facts.reserves),
        )
        return FormData(
            title=self.title,
            reference=said.reference,
            entries=(
                Entry(label="Reference number", value=said.reference),
                Entry(label="Other references", value=texts.joined(facts.references[:-1])),
                Entry(label="In answer to", value=texts.joined((asked.id, texts.moment(asked.at)))),
                *texts.entries(FIELDS, values),
            ),
            tables=(_answers(said), _goods(said), _together(said), *_held(said)),
            says=(NOT_CONNECTED, f"Rules: {RULES}."),
            signs=("Duty officer",),
            open=texts.left_open(FIELDS, values),
            data=msgspec.json.encode(said),
        )


def _offered(one: OperationFacts) -> Offered:
    answers = [step for step in one.steps if step.verb in ANSWERS]
    last = answers[-1] if answers else None
    crews = {crew.item: crew for crew in one.crews}
    items = tuple(
        OfferedItem(
            item=line.item,
            unit=str(line.unit),
            offered=texts.figure(line.offered),
            accepted="" if line.accepted is None else texts.figure(line.accepted),
            module=crews[line.item].module if line.item in crews else None,
            persons=crews[line.item].crew if line.item in crews else None,
            self_sufficiency_days=crews[line.item].self_sufficiency_days if line.item in crews else None,
        )
        for line in one.lines
        if line.offered is not None
    )
    return Offered(
        operation=one.operation,
        supplier=texts.name_of(one.supplier),
        country=one.supplier.country,
        answer=ANSWERS[last.verb] if last else "no answer yet",
        at=texts.iso(last.at) if last else "",
        terms=str(one.terms or texts.joined(str(term) for term in one.terms_open)),
        hold_until=texts.iso(one.hold_until),
        cost=one.cost or "",
        reason=one.reason or "",
        items=items,
    )


def _covered(facts: FormFacts) -> list[Covered]:
    """Each line with all that is offered for it: what is covered twice is seen before anybody accepts it."""
    found = []
    for line in facts.request.lines if facts.request else ():
        offered = [one.line(line.item) for one in facts.operations]
        sums = sum((one.offered or Decimal(0) for one in offered if one is not None), Decimal(0))
        promised = sum((one.accepted or Decimal(0) for one in offered if one is not None), Decimal(0))
        over = max(sums - line.asked, Decimal(0))
        found.append(
            Covered(
                item=line.item,
                unit=line.unit,
                asked=texts.figure(line.asked),
                offered=texts.figure(sums),
                promised=texts.figure(promised),
                over=texts.figure(over),
            )
        )
    return found


def _reserve(one: HeldReserve) -> Reserve:
    return Reserve(
        item=one.item,
        unit=one.unit,
        quantity=texts.figure(one.quantity),
        pool=one.pool,
        decides=one.decides,
        node=one.node,
        country=one.country,
        as_of=texts.iso(one.as_of),
    )


def _held(said: OffersForm) -> tuple[Table, ...]:
    """The pooled reserves, where there are any: known of, and promised by nobody."""
    rows = tuple(
        (one.pool, one.decides, one.node, one.country, one.item, one.unit, one.quantity, one.as_of)
        for one in said.reserves
    )
    headers = ("Reserve", "Released by", "Node", "Country", "Code", "Unit", "Held", "As of")
    return (Table(title="Reserves held for all", headers=headers, rows=rows, figures=(6,)),) if rows else ()


def _answers(said: OffersForm) -> Table:
    rows = tuple(
        (one.supplier, one.answer, one.at, one.terms, one.hold_until, one.cost, one.reason) for one in said.offers
    )
    headers = ("Supplier", "Answer", "At", "Terms", "Held until", "Cost", "Reason")
    return Table(title="Answers", headers=headers, rows=rows)


def _goods(said: OffersForm) -> Table:
    rows = tuple(
        (
            one.supplier,
            item.item,
            item.unit,
            item.offered,
            item.accepted,
            item.module or "",
            "" if item.persons is None else str(item.persons),
            "" if item.self_sufficiency_days is None else str(item.self_sufficiency_days),
        )
        for one in said.offers
        for item in one.items
    )
    headers = ("Supplier", "Code", "Unit", "Offered", "Accepted", "Module", "Persons", "Self-sufficient, days")
    return Table(title="What is offered", headers=headers, rows=rows, figures=(3, 4, 6, 7))


def _together(said: OffersForm) -> Table:
    rows = tuple((one.item, one.unit, one.asked, one.offered, one.promised, one.over) for one in said.lines)
    headers = ("Code", "Unit", "Asked", "Offered", "Promised", "Beyond what was asked")
    return Table(title="All offers together", headers=headers, rows=rows, figures=(2, 3, 4, 5))
