"""`xstock duty`: who has duty, what waits for whom, and who took it."""

from pathlib import Path

import click

from xstock_node.cli.output import emit, marked, pairs, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.services.duty_desk import RosterFile, RosterView, ShiftView, WaitingId, WaitingView
from xstock_node.services.errors import Refusal
from xstock_node.services.hand_overs import HandOverId, HandOversAsked, HandOverView
from xstock_node.services.handing_over import NoteRequest


@click.group("duty")
def duty() -> None:
    """The duty roster, and what waits: show, set, queue, note, hand-over, take-over, hand-overs, take."""


@duty.command("show")
@verb
async def show(as_json: bool, home: Path | None) -> None:
    """Who has duty now and in the week to come, and when nobody has."""
    async with open_session(home) as session:
        emit(await session.call("duty.show"), as_json, _roster)


@duty.command("set")
@click.argument("file", type=click.Path(path_type=Path))
@verb
async def set_(as_json: bool, home: Path | None, file: Path) -> None:
    """Put the roster of FILE (TOML) in the place of the one that is there."""
    async with open_session(home) as session:
        emit(await session.call("duty.set", RosterFile(content=_content(file))), as_json, _roster)


@duty.command("queue")
@verb
async def queue(as_json: bool, home: Path | None) -> None:
    """What waits for people of this node: alarms first, then the longest waiting."""
    async with open_session(home) as session:
        emit(await session.call("duty.queue"), as_json, _queue)


@duty.command("note")
@click.option("--hours", type=click.IntRange(1, 168), default=12, help="How many hours back changes are told.")
@verb
async def note(as_json: bool, home: Path | None, hours: int) -> None:
    """The hand-over note: what waits, who is silent, what is open, what changed, what comes due."""
    async with open_session(home) as session:
        emit(await session.call("duty.note", NoteRequest(hours=hours)), as_json, lambda found: "\n".join(found.text))


@duty.command("hand-over")
@click.option("--hours", type=click.IntRange(1, 168), default=12, help="How many hours back changes are told.")
@verb
async def hand_over(as_json: bool, home: Path | None, hours: int) -> None:
    """Hand duty over: the note of this moment is kept, and waits for who comes on duty."""
    async with open_session(home) as session:
        emit(await session.call("duty.hand-over", NoteRequest(hours=hours)), as_json, _handed)


@duty.command("take-over")
@click.argument("id_", metavar="ID")
@verb
async def take_over(as_json: bool, home: Path | None, id_: str) -> None:
    """Take duty over: you have read the note of hand-over ID."""
    async with open_session(home) as session:
        emit(await session.call("duty.take-over", HandOverId(id=id_)), as_json, _handed)


@duty.command("hand-overs")
@click.argument("id_", metavar="[ID]", default="")
@verb
async def hand_overs(as_json: bool, home: Path | None, id_: str) -> None:
    """The notes that were handed over, and who took over; with ID that note."""
    async with open_session(home) as session:
        found = await session.call("duty.hand-overs", HandOversAsked(id=id_))
    emit(found, as_json, lambda rows: _handed(rows[0]) if id_ else _hand_overs(rows))


@duty.command("take")
@click.argument("id_", metavar="ID")
@verb
async def take(as_json: bool, home: Path | None, id_: str) -> None:
    """Take what waits, so that nobody else is called for it."""
    async with open_session(home) as session:
        emit(await session.call("duty.take", WaitingId(id=id_)), as_json, _taken)


def _content(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise Refusal("no-file", f"a roster at {file}", error.strerror or "", "check the path", 2) from None
    except UnicodeDecodeError as error:
        raise Refusal("bad-roster", f"UTF-8 text in {file}", str(error), "save it as UTF-8", 2) from None


def _roster(found: RosterView) -> str:
    if found.roster is None:
        return words("duty.no-roster", "no roster is set: `xstock duty set FILE`")
    parts = [
        words("duty.now", "on duty now ({zone}):", zone=found.zone),
        _shifts(found.now) or words("duty.nobody", "NOBODY"),
        words("duty.week", "the week to come:"),
        _shifts(found.week),
    ]
    if found.gaps:
        rows = [(gap.role, gap.begins, gap.ends) for gap in found.gaps]
        parts += [words("duty.gaps", "nobody has duty:"), table(("role", "from", "to"), rows)]
    return "\n".join([*parts, *(words("duty.mind", "mind: {what}", what=one) for one in found.mind)])


def _shifts(found: list[ShiftView]) -> str:
    rows = [(one.person, one.role, one.begins, one.ends) for one in found]
    return table(("name", "role", "from", "to"), rows) if rows else ""


def _queue(found: list[WaitingView]) -> str:
    rows = [
        (
            one.id,
            marked(one.kind, one.exercise),
            one.role,
            one.case or one.detail,
            one.other,
            one.state,
            one.since,
            one.answer_by,
            one.taken_by or words("duty.nobody-yet", "nobody"),
            ", ".join(one.told),
        )
        for one in found
    ]
    titles = ("id", "what", "for", "operation", "node", "state", "since", "answer by", "taken by", "told")
    return table(titles, rows) if rows else words("duty.quiet", "nothing waits")


def _taken(found: WaitingView) -> str:
    rows = [("id", found.id), ("operation", found.case or found.detail), ("taken by", found.taken_by)]
    return pairs(rows)


def _handed(found: HandOverView) -> str:
    rows = [
        ("id", found.id),
        ("given by", f"{found.given_by}, {found.given}"),
        ("taken by", f"{found.taken_by}, {found.taken}" if found.taken else words("duty.nobody-yet", "nobody")),
        ("sha256", found.sha256),
    ]
    return "\n".join([*found.text, "", pairs(rows)])


def _hand_overs(found: list[HandOverView]) -> str:
    rows = [
        (one.id, one.given, one.given_by, one.taken, one.taken_by or words("duty.nobody-yet", "nobody"))
        for one in found
    ]
    if not rows:
        return words("duty.no-hand-over", "nothing was handed over")
    return table(("id", "given", "by", "taken", "by"), rows)
