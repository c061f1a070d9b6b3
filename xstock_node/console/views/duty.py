"""Duty: who has it, when nobody has, and the hand-over note at the change of shift."""

import re
from typing import Final

import msgspec

from xstock_node.console.acts import routed
from xstock_node.console.form import Form
from xstock_node.console.page import Ask, Column, Field, Go, Page, Press, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.console.words import Words
from xstock_node.services.duty_desk import RosterView
from xstock_node.services.hand_overs import HandOversAsked, HandOverView
from xstock_node.services.handing_over import NoteLine, NoteRequest

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_GOODS: Final = re.compile(r"(\d[\d.]*) ([A-Z0-9]{2,3}) ([A-Za-z0-9_-]+)")


class DutyQuery(msgspec.Struct, frozen=True, kw_only=True):
    """How many hours the hand-over looks back."""

    hours: int = 12


class HandedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a note that was handed over, as it was written."""

    words: str


class DutyView(msgspec.Struct, frozen=True, kw_only=True):
    """The roster, and the hand-over note: what waits, who is silent, what is open, changed, comes due."""

    roster: RosterView
    hours: int
    waiting: list[NoteLine]
    silent: list[NoteLine]
    open: list[NoteLine]
    changed: list[NoteLine]
    due: list[NoteLine]
    hand_overs: list[HandOverView]
    handed: list[HandedLine]


async def _duty(visit: Visit, asked: DutyQuery) -> DutyView:
    note = await visit.ask("duty.note", NoteRequest(hours=asked.hours, language=visit.words.language.code))
    given = await visit.ask("duty.hand-overs", HandOversAsked())
    return DutyView(
        roster=await visit.ask("duty.show"),
        hours=asked.hours,
        waiting=_read(visit, note.waiting),
        silent=_read(visit, note.silent),
        open=_read(visit, note.open),
        changed=_read(visit, note.changed),
        due=_read(visit, note.due),
        hand_overs=given,
        handed=[HandedLine(words=line) for one in given if not one.taken for line in one.text if line],
    )


async def _hand_over(visit: Visit, form: Form) -> Go:
    """The note is written in the language of who gives it, and kept so."""
    said = form.changed(language=visit.words.language.code)
    await visit.do("duty.hand-over", said.as_request(NoteRequest), form)
    return Go("/duty", "done")


def _read(visit: Visit, lines: list[NoteLine]) -> list[NoteLine]:
    """The note is made for paper: here its times are by the reader's clock, its nodes and goods have their names."""
    return [msgspec.structs.replace(line, words=_plain(visit.words, line)) for line in lines]


def _plain(words: Words, line: NoteLine) -> str:
    said = _TIME.sub(lambda found: str(words.clock(found[0])), line.words)
    for name in filter(None, line.other.split(", ")):
        said = said.replace(name, words.node(name))
    return _GOODS.sub(lambda found: words.goods(found[0]) if words.item(found[3]) != found[3] else found[0], said)


def _waits(one: HandOverView) -> bool:
    return not one.taken


LINE = (
    Column("words", mark("What")),
    Column("other", mark("With"), "node"),
    Column("at", mark("When"), "when"),
    Column("about", mark("About"), "code"),
)
SHIFT = (
    Column("person", mark("Who")),
    Column("role", mark("As"), "role"),
    Column("begins", mark("Begins"), "when"),
    Column("ends", mark("Until"), "when"),
)
DUTY = Page(
    "duty",
    "/duty",
    mark("Duty and hand-over"),
    "see",
    _duty,
    asks=DutyQuery,
    acts={
        "set": routed("duty.set", "/duty"),
        "hand_over": _hand_over,
        "take_over": routed("duty.take-over", "/duty", "duty.taken-over"),
    },
    tables={
        "now": Table(
            mark("On duty now"), SHIFT, lambda view: view.roster.now, mark("Nobody has duty by the roster now.")
        ),
        "handed": Table(
            mark("The note that was handed over"),
            (Column("words", mark("As it was written")),),
            lambda view: view.handed,
            mark("No note waits for somebody to take over."),
        ),
        "hand_overs": Table(
            mark("Changes of shift"),
            (
                Column("given_by", mark("Handed over by")),
                Column("given", mark("When"), "when"),
                Column("taken_by", mark("Taken over by")),
                Column("taken", mark("When"), "when"),
            ),
            lambda view: view.hand_overs,
            mark("Nobody handed over yet."),
            (Press("take_over", mark("I have read it and take over"), ("id", "sha256"), "ask", when=_waits),),
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
                Column("begins", mark("Begins"), "when"),
                Column("ends", mark("Until"), "when"),
            ),
            lambda view: view.roster.gaps,
            mark("There is no gap."),
        ),
    },
    asking=(
        Ask(
            "hand_over",
            mark("Hand over"),
            mark("Sign the note and hand over"),
            (Field("hours", mark("Changes of the last hours"), "number", "12", required=True),),
            "ask",
        ),
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
