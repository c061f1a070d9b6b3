"""Duty: who has it, when nobody has, and the hand-over note at the change of shift."""

import msgspec

from xstock_node.console.acts import routed
from xstock_node.console.page import Ask, Column, Field, Page, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.services.duty_desk import RosterView
from xstock_node.services.handing_over import NoteLine, NoteRequest


class DutyQuery(msgspec.Struct, frozen=True, kw_only=True):
    """How many hours the hand-over looks back."""

    hours: int = 12


class DutyView(msgspec.Struct, frozen=True, kw_only=True):
    """The roster, and the hand-over note: what waits, who is silent, what is open, changed, comes due."""

    roster: RosterView
    hours: int
    waiting: list[NoteLine]
    silent: list[NoteLine]
    open: list[NoteLine]
    changed: list[NoteLine]
    due: list[NoteLine]


async def _duty(visit: Visit, asked: DutyQuery) -> DutyView:
    note = await visit.ask("duty.note", NoteRequest(hours=asked.hours, language=visit.words.language.code))
    return DutyView(
        roster=await visit.ask("duty.show"),
        hours=asked.hours,
        waiting=note.waiting,
        silent=note.silent,
        open=note.open,
        changed=note.changed,
        due=note.due,
    )


LINE = (
    Column("words", mark("What")),
    Column("other", mark("With"), "node"),
    Column("at", mark("When"), "when"),
    Column("about", mark("About"), "code"),
)
SHIFT = (
    Column("person", mark("Who")),
    Column("role", mark("As"), "role"),
    Column("begins", mark("From"), "when"),
    Column("ends", mark("Until"), "when"),
)
DUTY = Page(
    "duty",
    "/duty",
    mark("Duty and hand-over"),
    "see",
    _duty,
    asks=DutyQuery,
    acts={"set": routed("duty.set", "/duty")},
    tables={
        "now": Table(
            mark("On duty now"), SHIFT, lambda view: view.roster.now, mark("Nobody has duty by the roster now.")
        ),
        "waiting": Table(mark("Waits"), LINE, lambda view: view.waiting, mark("Nothing waits.")),
        "due": Table(mark("Comes due"), LINE, lambda view: view.due, mark("Nothing comes due.")),
        "open": Table(mark("Open"), LINE, lambda view: view.open, mark("Nothing is open.")),
        "changed": Table(mark("Changed"), LINE, lambda view: view.changed, mark("Nothing changed.")),
        "silent": Table(mark("Silent"), LINE, lambda view: view.silent, mark("Nobody is silent.")),
        "week": Table(mark("The week to come"), SHIFT, lambda view: view.roster.week, mark("No roster is set.")),
        "gaps": Table(
            mark("When nobody has duty"),
            (
                Column("role", mark("As"), "role"),
                Column("begins", mark("From"), "when"),
                Column("ends", mark("Until"), "when"),
            ),
            lambda view: view.roster.gaps,
            mark("There is no gap."),
        ),
    },
    asking=(
        Ask(
            "set",
            mark("Put another roster in place"),
            mark("Set the roster"),
            (Field("content", mark("Roster (TOML)"), "area", required=True),),
            "people",
        ),
    ),
    group="help",
    shape="plain",
)
