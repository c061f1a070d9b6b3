"""Handing over: the note for the officer who takes over. What waits, who is silent, what is open, changed, comes due.

Worked out from the queue and the operations; the same state gives the same words. It names nodes, functions and
operations, and no person.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.code_words import ROLE, SIDE, STATE, STEP, WAIT, state_in_words
from xstock_node.domain.escalation import Wait
from xstock_node.domain.mobilisation import Part, under_way
from xstock_node.domain.operation import Operation
from xstock_node.domain.operations import ENDED, Side, State
from xstock_node.domain.rights import DAY
from xstock_node.i18n import catalogue, mark, text
from xstock_node.services import dossier, mobilising, operation_views
from xstock_node.services.duty_desk import TOLD, things
from xstock_node.services.office import Actor, Office
from xstock_node.services.times import iso
from xstock_node.services.typed import clean
from xstock_node.storage.interfaces import Transaction

AHEAD: Final = 7 * DAY


class NoteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """How many hours back changes are told, and in which language (BCP 47)."""

    hours: Annotated[int, Meta(ge=1, le=168)] = 12
    language: Annotated[str, Meta(max_length=35)] = "en"


class NoteLine(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in words: operation or request, the node on the other side, when (empty: no time was named)."""

    about: str
    other: str
    at: str
    words: str
    exercise: bool


class NoteView(msgspec.Struct, frozen=True, kw_only=True):
    """A hand-over note as of `at`, changes since `since`; `text` is all of it as lines.

    `due` are times within seven days, and those that are over.
    """

    node: str
    at: str
    since: str
    waiting: list[NoteLine]
    silent: list[NoteLine]
    open: list[NoteLine]
    changed: list[NoteLine]
    due: list[NoteLine]
    text: list[str]


class _Held(NamedTuple):
    case: str
    side: Side
    other: str
    event: str
    goods: str
    operation: Operation


async def note(office: Office, actor: Actor, request: NoteRequest) -> NoteView:
    """The hand-over note of this moment."""
    catalogue = await office.catalogue()
    return await office.node.engine.read(lambda tx: _Note(office, tx, catalogue, request).view())


class _Note:
    def __init__(self, office: Office, tx: Transaction, catalogue: Catalogue, request: NoteRequest) -> None:
        self._node, self._now = office.node.identity.name, office.node.clock.now()
        self._since, self._language = self._now - request.hours * 3600, request.language
        self._hours = request.hours
        self._queue = things(office, tx, catalogue, {one.id: one for one in TOLD.list(tx)})
        self._taken = {one.id for one in TOLD.list(tx) if one.taken_by}
        self._held = sorted(_all_held(office, tx, self._node), key=lambda one: one.case)

    def view(self) -> NoteView:
        """All sections and their text."""
        waiting, silent = self._waiting(), self._silent()
        still, changed, due = self._open(), self._changed(), self._due()
        head = self._say(
            "head", "Hand-over note of {node}, {at}; changes of the last {hours} hours",
            node=self._node, at=iso(self._now), hours=self._hours,
        )  # fmt: skip
        sections = (
            ("waits", mark("Waits for us"), waiting), ("silent", mark("Silent (silence is not a no)"), silent),
            ("open", mark("Open"), still), ("changed", mark("Changed"), changed), ("due", mark("Comes due"), due),
        )  # fmt: skip
        lines = [head]
        for code, title, found in sections:
            lines += ["", f"{self._say(code, title)} ({len(found)})"]
            lines += [f"- {self._mark(one)}{one.words}" for one in found]
            lines += [] if found else [f"- {self._say('nothing', 'nothing')}"]
        return NoteView(
            node=self._node, at=iso(self._now), since=iso(self._since), waiting=waiting, silent=silent, open=still,
            changed=changed, due=due, text=lines,
        )  # fmt: skip

    def _waiting(self) -> list[NoteLine]:
        found = []
        for thing in self._queue:
            if thing.kind is Wait.NO_ANSWER:
                continue
            taken = self._say("taken", "taken") if thing.id in self._taken else self._say("free", "nobody took it")
            about = thing.case or thing.detail
            said = self._say(
                f"wait.{thing.kind}", "{kind}: {about} {state} ({other}), for {role} since {since}, {taken}; take {id}",
                kind=self._word(WAIT, thing.kind), about=about,
                state=state_in_words(thing.state, catalogue(self._language).gettext),
                other=thing.other or self._node, role=self._word(ROLE, thing.role),
                since=iso(thing.since), taken=taken, id=thing.id,
            )  # fmt: skip
            found.append(self._line(about, thing.other, thing.since, said, thing.exercise))
        return found

    def _silent(self) -> list[NoteLine]:
        """Who has not answered: past the time that was named, before it, or where none was."""
        found = []
        alarms = {thing.case: thing for thing in self._queue if thing.kind is Wait.NO_ANSWER}
        unheard = {thing.case for thing in self._queue if thing.detail == "not-received"}
        for one in self._held:
            operation, alarm = one.operation, alarms.get(one.case)
            if alarm is None and not _asked(one):
                continue
            by = operation.answer_by or (operation.hold_until if operation.decided is State.OFFERED else 0)
            by = alarm.answer_by or by if alarm else by
            wanted = {"case": one.case, "other": one.other, "by": iso(by)}
            if one.case in unheard:
                said = self._say(
                    "unheard", "{other} on {case}: wanted by {by}; our last word has not reached them", **wanted
                )
            elif not by:
                said = self._say("no-time", "{other} on {case}: no answer yet, no time was named", **wanted)
            elif by < self._now:
                said = self._say("over", "{other} on {case}: no answer, wanted by {by}; telephone them", **wanted)
            else:
                said = self._say("awaited", "{other} on {case}: no answer yet, wanted by {by}", **wanted)
            found.append(self._line(one.case, one.other, by, said, one.case.startswith("x")))
        return found

    def _open(self) -> list[NoteLine]:
        found = []
        for one in self._held:
            operation = one.operation
            if operation.decided in ENDED:
                continue
            turn = self._say("ours", "ours") if operation.turn == one.side else self._say("theirs", "theirs")
            said = self._say(
                "operation", "{case} with {other}: {state}; we are {side}; turn: {turn}; {goods}; event {event}",
                case=one.case, other=one.other, side=self._word(SIDE, one.side), turn=turn,
                state=self._word(STATE, operation.state or ""),
                goods=one.goods or self._say("no-goods", "no goods named"),
                event=one.event or self._say("no-event", "not named"),
            )  # fmt: skip
            found.append(self._line(one.case, one.other, 0, said, one.case.startswith("x")))
        return found

    def _changed(self) -> list[NoteLine]:
        steps = [(e.time, one.case, e.side, e.n, one, e.verb) for one in self._held for e in one.operation.events]
        found = []
        for time, case, side, _, one, verb in sorted(steps, key=lambda s: s[:4]):
            if time >= self._since:
                by = self._node if side == one.side else one.other
                said = self._say(
                    "step", "{at} {by}: {verb} in {case}", at=iso(time), by=by, verb=self._word(STEP, verb), case=case
                )
                found.append(self._line(case, one.other, time, said, case.startswith("x")))
        return found

    def _due(self) -> list[NoteLine]:
        found = []
        for one in self._held:
            for time, code, source, consignment in _times(one):
                if time <= self._now + AHEAD:
                    over = self._say("is-over", "(over)") if time < self._now else ""
                    named = {"case": one.case, "other": one.other, "consignment": consignment}
                    said = f"{iso(time)} {self._say(code, source, **named)} {over}".rstrip()
                    found.append(self._line(one.case, one.other, time, said, one.case.startswith("x")))
        return sorted(found, key=lambda line: (line.at, line.about, line.words))

    def _line(self, about: str, other: str, at: int, said: str, exercise: bool) -> NoteLine:
        return NoteLine(about=about, other=other, at=iso(at) if at else "", words=said, exercise=exercise)

    def _mark(self, line: NoteLine) -> str:
        return f"{self._say('exercise', 'EXERCISE')} " if line.exercise else ""

    def _word(self, words: Mapping[str, str], code: str) -> str:
        return catalogue(self._language).gettext(words[code]) if code in words else code

    def _say(self, code: str, source: str, **params: object) -> str:
        said = {name: clean(str(value)) for name, value in params.items()}
        return text(f"handover.{code}", source, **said).say(self._language)


def _all_held(office: Office, tx: Transaction, own: str) -> Iterable[_Held]:
    for network in office.node.networks:
        for row in tx.cases.all(network):
            found = dossier.read(tx, row)
            goods = operation_views.row(found, own).lines
            event = mobilising.event_of(found)
            yield _Held(row.id, found.side(own), found.other(own), event, goods, found.operation())


def _asked(one: _Held) -> bool:
    """Whether the other side is asked for an answer."""
    operation = one.operation
    if operation.decided in ENDED or operation.turn in ("", one.side):
        return False
    return bool(operation.proposals) or operation.decided in (State.NOTIFIED, State.REQUESTED, State.OFFERED)


def _times(one: _Held) -> Iterable[tuple[int, str, str, str]]:
    """The times that an open operation names."""
    operation = one.operation
    if operation.decided in ENDED:
        return
    if operation.answer_by and operation.turn:
        yield operation.answer_by, "answer-by", mark("an answer is wanted in {case} ({other})"), ""
    if operation.hold_until and operation.decided in (State.OFFERED, State.STANDBY):
        yield operation.hold_until, "hold", mark("the hold of {case} ends ({other})"), ""
    part = Part(one.case, one.side, "", "", "", operation)
    for consignment in under_way(part):
        if consignment.arrival:
            yield (
                consignment.arrival,
                "arrival",
                mark("consignment {consignment} of {case} is expected ({other})"),
                consignment.id,
            )
    for due in dict.fromkeys(one.day for one in operation.loans):
        if day := _day(due):
            yield day, "loan", mark("the loan of {case} is due ({other})"), ""


def _day(text: str) -> int:
    """The beginning of a day in unix seconds; 0 where the other side wrote none that exists."""
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return 0
