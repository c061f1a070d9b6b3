"""Agreements, and how goods are received in each country: papers, hours, restrictions."""

import msgspec

from xstock_node.console.page import Column, Page, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.services.settling import AgreementView, ReceptionFilter, ReceptionView


class AgreementRow(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement as a row."""

    id: str
    name: str
    parties: list[str]
    valid_from: str
    valid_until: str
    terms: list[str]
    in_force: bool
    missing: list[str]
    hold_hours: str
    answer_hours: str


class ReceptionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A reception profile as a row."""

    country: str
    consignee: str
    entry_points: list[str]
    lead: str
    hours: list[str]
    largest_truck: str
    languages: list[str]
    valid_until: str
    source: str
    holds: bool
    notices: list[str]


class AgreementsView(msgspec.Struct, frozen=True, kw_only=True):
    """Agreements on file and reception profiles held here."""

    agreements: list[AgreementRow]
    receptions: list[ReceptionRow]


async def _agreements(visit: Visit, asked: None) -> AgreementsView:
    agreements = [_agreement(one) for one in await visit.ask("agreement.list")]
    receptions = [_reception(one) for one in await visit.ask("reception.show", ReceptionFilter())]
    return AgreementsView(agreements=agreements, receptions=receptions)


def _agreement(view: AgreementView) -> AgreementRow:
    found = view.agreement
    return AgreementRow(
        id=found.id,
        name=found.name,
        parties=list(found.parties),
        valid_from=found.valid_from.isoformat(),
        valid_until=found.valid_until.isoformat(),
        terms=list(found.terms),
        in_force=view.in_force,
        missing=view.missing,
        hold_hours=_said(found.hold_hours),
        answer_hours=_said(found.answer_hours),
    )


def _reception(view: ReceptionView) -> ReceptionRow:
    found = view.profile
    return ReceptionRow(
        country=found.country,
        consignee=found.consignee,
        entry_points=[point.name or point.code for point in found.entry_points],
        lead=_said(found.clearance_lead_hours),
        hours=list(found.unloading_hours),
        largest_truck=_said(found.largest_truck_t),
        languages=list(found.languages),
        valid_until=found.valid_until.isoformat(),
        source=found.source,
        holds=view.holds,
        notices=view.notices,
    )


def _said(value: object) -> str:
    return "" if value is None else str(value)


AGREEMENTS = Page(
    "agreements",
    "/agreements",
    mark("Agreements"),
    "see",
    _agreements,
    tables={
        "agreements": Table(
            mark("Agreements"),
            (
                Column("name", mark("Agreement")),
                Column("parties", mark("Parties")),
                Column("valid_from", mark("Valid from"), "day"),
                Column("valid_until", mark("Until"), "day"),
                Column("terms", mark("Terms"), "term"),
                Column("in_force", mark("In force"), "yes"),
                Column("missing", mark("Signature missing")),
                Column("hold_hours", mark("Hold, hours"), "number"),
                Column("answer_hours", mark("Answer, hours"), "number"),
            ),
            lambda view: view.agreements,
            mark("No agreement is on file."),
        ),
        "receptions": Table(
            mark("Receiving goods"),
            (
                Column("country", mark("Country")),
                Column("consignee", mark("Who takes over")),
                Column("entry_points", mark("Points of entry")),
                Column("lead", mark("Clearance, hours"), "number"),
                Column("hours", mark("Unloading")),
                Column("largest_truck", mark("Largest truck, t"), "number"),
                Column("valid_until", mark("Until"), "day"),
                Column("source", mark("Says who")),
                Column("holds", mark("Holds"), "yes"),
                Column("notices", mark("Mind")),
            ),
            lambda view: view.receptions,
            mark("No reception profile is held here."),
        ),
    },
    group="partners",
    shape="plain",
)
