"""The request for assistance: what is asked of the Mechanism, and how much of it is promised elsewhere already."""

import msgspec

from xstock_node.plugins import Context, Declined
from xstock_node.plugins.forms import Entry, FormData, FormFacts, FormField, FormRequest, Table
from xstock_ucpm import texts
from xstock_ucpm.rules import NOT_CONNECTED, RULES

FIELDS = (
    FormField(name="coordinating_body", label="Coordinating body", help="who hands the request in"),
    FormField(name="requesting_body", label="Requesting body", help="who needs the assistance"),
    FormField(name="contact", label="Contact point", help="a function and how it is reached, no name"),
    FormField(name="disaster", label="Type of disaster", help="such as flood, earthquake"),
    FormField(name="situation", label="Situation", help="what happened, what is expected"),
    FormField(name="own_measures", label="Own measures taken", help="what own resources do already"),
    FormField(name="also_asked", label="Also asked through", help="every other channel: nothing is counted twice"),
    FormField(name="host_nation_support", label="Host nation support", help="fuel, lodging, interpreters, security"),
    FormField(name="entry_point", label="Entry point", help="crossing, port or airport, UN/LOCODE"),
    FormField(name="delivery_contact", label="Contact at the delivery place", help="a function and how it is reached"),
)  # fmt: skip


class AskedItem(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the request; quantities are decimals as text, empty where unknown."""

    item: str
    name: str
    unit: str
    asked: str
    promised: str
    offered: str
    open: str
    need: str
    substitutes: bool
    needed_by: str
    gross: str
    own: str


class RequestForm(msgspec.Struct, frozen=True, kw_only=True):
    """The form as JSON."""

    form: str
    rules: str
    reference: str
    references: tuple[str, ...]
    exercise: bool
    pre_notification: bool
    node: str
    organisation: str
    request: str
    at: str
    place: str
    country: str
    area: str
    people: int | None
    severity: int | None
    needed_by: str
    terms: tuple[str, ...]
    note: str
    fields: dict[str, str]
    items: tuple[AskedItem, ...]


class AssistanceRequest:
    """What people ask of the Mechanism, from a request of this node."""

    name = "ucpm-request"
    title = "Request for assistance"

    async def fields(self, context: Context) -> tuple[FormField, ...]:
        """What people fill in."""
        return FIELDS

    async def make(self, context: Context, facts: FormFacts) -> FormData:
        """The form of a request; raises `Declined` for what is none."""
        asked = asked_of(facts, self.name)
        values = texts.filled(FIELDS, facts, {"requesting_body": texts.name_of(facts.own)})
        said = _json(facts, asked, values)
        return FormData(
            title="Pre-notification" if asked.pre_notification else self.title,
            reference=texts.reference(facts),
            entries=(*_entries(facts, asked), *texts.entries(FIELDS, values)),
            tables=(_table(said.items),),
            says=(NOT_CONNECTED, f"Rules: {RULES}."),
            signs=("Duty officer", "Coordinating body"),
            open=texts.left_open(FIELDS, values),
            data=msgspec.json.encode(said),
        )


def asked_of(facts: FormFacts, form: str) -> FormRequest:
    """The request that a form is about; raises `Declined` where there is none."""
    if facts.request is None:
        raise Declined(f"expected a request or an operation for {form}; came {facts.about}; see `xstock request list`")
    return facts.request


def _entries(facts: FormFacts, asked: FormRequest) -> tuple[Entry, ...]:
    return (
        Entry(label="Reference number", value=texts.reference(facts)),
        Entry(label="Other references", value=texts.joined(facts.references[:-1])),
        Entry(label="Date and time", value=texts.moment(asked.at)),
        Entry(label="Area affected", value=texts.joined((asked.area, asked.country))),
        Entry(label="People affected", value=texts.figure(asked.people or None)),
        Entry(label="Severity", value=texts.SEVERITIES.get(asked.severity, "")),
        Entry(label="Where it is needed", value=texts.joined((asked.place, asked.country))),
        Entry(label="Needed by", value=texts.moment(asked.needed_by)),
        Entry(label="Terms acceptable", value=texts.joined(asked.terms)),
        Entry(label="Remarks", value=asked.note),
    )


def _json(facts: FormFacts, asked: FormRequest, values: dict[str, str]) -> RequestForm:
    return RequestForm(
        form="ucpm-request",
        rules=RULES,
        reference=texts.reference(facts),
        references=facts.references,
        exercise=facts.exercise,
        pre_notification=asked.pre_notification,
        node=facts.node,
        organisation=texts.name_of(facts.own),
        request=asked.id,
        at=texts.iso(asked.at),
        place=asked.place,
        country=asked.country,
        area=asked.area,
        people=asked.people or None,
        severity=asked.severity or None,
        needed_by=texts.iso(asked.needed_by),
        terms=asked.terms,
        note=asked.note,
        fields=values,
        items=tuple(_items(asked)),
    )


def _items(asked: FormRequest) -> list[AskedItem]:
    return [
        AskedItem(
            item=line.item,
            name=line.name,
            unit=line.unit,
            asked=texts.figure(line.asked),
            promised=texts.figure(line.promised),
            offered=texts.figure(line.offered),
            open=texts.figure(max(line.asked - line.promised, line.asked * 0)),
            need=line.need,
            substitutes=line.substitutes,
            needed_by=texts.iso(line.needed_by or asked.needed_by),
            gross="" if line.gross is None else texts.figure(line.gross),
            own="" if line.own is None else texts.figure(line.own),
        )
        for line in asked.lines
    ]


def _table(items: tuple[AskedItem, ...]) -> Table:
    rows = tuple(
        (
            one.item,
            texts.joined((one.name, one.need), ": "),
            one.unit,
            one.asked,
            one.promised,
            one.offered,
            one.open,
            "yes" if one.substitutes else "",
        )
        for one in items
    )
    headers = ("Code", "What", "Unit", "Asked", "Promised", "Offered", "Open", "Substitutes")
    return Table(title="Assistance needed", headers=headers, rows=rows, figures=(3, 4, 5, 6))
