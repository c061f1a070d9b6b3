"""Counters of disasters: noted by people or read from a file, revised by later notes, exported without small cells."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from xstock_node.domain import impact, impact_csv
from xstock_node.domain.impact import BY_NAME, COUNTERS, Event, ImpactNote, Standing
from xstock_node.protocol import limits
from xstock_node.services.errors import Refusal
from xstock_node.services.fresh import fresh
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.services.times import iso
from xstock_node.services.typed import decimal_text, plain
from xstock_node.storage.interfaces import Transaction


class HeldNote(msgspec.Struct, frozen=True, kw_only=True):
    """A note as kept: when and by whom, in the order of `number`."""

    id: str
    number: int
    at: int
    by: str
    note: ImpactNote


NOTES: Final[Shelf[HeldNote]] = Shelf("impact", HeldNote)


class EventRef(msgspec.Struct, frozen=True, kw_only=True):
    """A disaster by its GLIDE number, or one of the own register."""

    event: Event


class ImportImpact(msgspec.Struct, frozen=True, kw_only=True):
    """A file of counters as `xstock impact export` writes it."""

    content: Annotated[bytes, Meta(max_length=limits.IMPACT_FILE)]


class ExportImpact(EventRef, frozen=True, kw_only=True):
    """The counters of a disaster for others; `own`: with small counts, for this node's own people and archives."""

    format: Literal["csv", "json"] = "csv"
    hxl: bool = False
    own: bool = False


class CounterView(msgspec.Struct, frozen=True, kw_only=True):
    """One counter of one area as it stands. `figure` is a decimal string, null where unknown or `hidden` (below 10)."""

    area: str
    area_name: str
    counter: str
    indicator: str
    figure: str | None
    hidden: bool
    currency: str
    date: str
    source: str


class NoteView(msgspec.Struct, frozen=True, kw_only=True):
    """One note of the history, with the figures that it said; null: it said that the figure is unknown."""

    id: str
    at: str
    by: str
    area: str
    date: str
    source: str
    figures: dict[str, str | None]


class ImpactView(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a disaster: the counters that stand, and every note, the newest first."""

    event: str
    title: str
    counters: list[CounterView]
    history: list[NoteView]


class ImpactTable(msgspec.Struct, frozen=True, kw_only=True):
    """A disaster's counters as a text."""

    event: str
    format: str
    rows: int
    text: str


class ImpactTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file: notes that were kept, and those that were here already."""

    events: list[str]
    kept: int
    known: int


async def note_impact(office: Office, actor: Actor, request: ImpactNote) -> ImpactView:
    """Keep a note; the counters that it does not speak of stay as they are."""
    _check(request)
    await _keep(office, actor, [request])
    return await show_impact(office, actor, EventRef(event=request.event))


async def import_impact(office: Office, actor: Actor, request: ImportImpact) -> ImpactTaken:
    """Take a file of counters, all of it or nothing."""
    try:
        notes = impact_csv.read(request.content)
    except ValueError as error:
        raise Refusal("bad-file", "a file of counters", str(error), "see `xstock impact export`", 2) from None
    for note in notes:
        _check(note)
    kept = await _keep(office, actor, list(notes))
    return ImpactTaken(events=sorted({one.event for one in notes}), kept=kept, known=len(notes) - kept)


async def list_events(office: Office, actor: Actor, request: None = None) -> list[str]:
    """The disasters of which anything is noted."""
    return sorted({one.note.event for one in await office.node.engine.read(NOTES.list)})


async def show_impact(office: Office, actor: Actor, request: EventRef) -> ImpactView:
    """One disaster, with its history."""
    held = await _held(office, request.event)
    notes = [one.note for one in held]
    return ImpactView(
        event=request.event,
        title=_title(notes),
        counters=[_counter(one) for one in impact.standing(notes)],
        history=[_history(one) for one in reversed(held)],
    )


async def export_impact(office: Office, actor: Actor, request: ExportImpact) -> ImpactTable:
    """A disaster as CSV or JSON; counts of fewer than ten people are hidden unless it is for the own archives."""
    if request.hxl and request.format != "csv":
        raise Refusal("no-hxl", "a row of HXL tags in a file of CSV", request.format, "leave one of them out", 2)
    notes = [one.note for one in await _held(office, request.event)]
    found = impact.standing(notes)
    found = found if request.own else impact.without_small(found)
    if request.format == "csv":
        text = impact_csv.write(request.event, _title(notes), found, request.hxl)
    else:
        said = {"event": request.event, "title": _title(notes), "counters": [_counter(one) for one in found]}
        text = msgspec.json.format(msgspec.json.encode(said), indent=2).decode() + "\n"
    return ImpactTable(event=request.event, format=request.format, rows=len(found), text=text)


async def _keep(office: Office, actor: Actor, notes: list[ImpactNote]) -> int:
    """Keep what is new of notes; how many. The same note of the same source and day is kept once."""
    now = office.node.clock.now()

    def work(tx: Transaction) -> int:
        held = NOTES.list(tx)
        newest = {_place(one.note): one.note for one in sorted(held, key=lambda one: one.number)}
        number = max((one.number for one in held), default=0)
        fresh_ones = [one for one in notes if newest.get(_place(one)) != one]
        if len(held) + len(fresh_ones) > limits.IMPACT_NOTES:
            raise Refusal("full", f"at most {limits.IMPACT_NOTES} notes", "more", "ask the node's operator")
        for one in fresh_ones:
            number, (id_, _) = number + 1, fresh(office.node.random)
            NOTES.put(tx, id_, HeldNote(id=id_, number=number, at=now, by=actor.name, note=one), now)
            office.record(tx, actor, "impact.note", one.event, f"{one.area} {one.date}: {', '.join(one.figures)}")
        return len(fresh_ones)

    return await office.node.engine.write(work, durable=True)


def _place(note: ImpactNote) -> tuple[str, str, str, str, str]:
    return note.event, note.area, note.date, note.source, note.currency


def _check(note: ImpactNote) -> None:
    for text, field in ((note.source, "the source"), (note.title, "the title"), (note.area_name, "the area's name")):
        plain(text, field)
    if against := impact.objection(note):
        expected, _, came = against.removeprefix("expected ").partition("; came ")
        raise Refusal("bad-counter", expected, came, "see `xstock impact counters`", 2)


async def _held(office: Office, event: str) -> list[HeldNote]:
    found = [one for one in await office.node.engine.read(NOTES.list) if one.note.event == event]
    if not found:
        raise Refusal("no-impact", "a disaster of which something is noted", event, "see `xstock impact list`", 2)
    return sorted(found, key=lambda one: one.number)


def _title(notes: list[ImpactNote]) -> str:
    return next((one.title for one in reversed(notes) if one.title), "")


def _counter(one: Standing) -> CounterView:
    return CounterView(
        area=one.area,
        area_name=one.area_name,
        counter=one.counter,
        indicator=BY_NAME[one.counter].indicator,
        figure=None if one.figure is None else decimal_text(one.figure),
        hidden=one.hidden,
        currency=one.currency,
        date=one.date,
        source=one.source,
    )


def _history(one: HeldNote) -> NoteView:
    order = [counter.name for counter in COUNTERS if counter.name in one.note.figures]
    said = {name: one.note.figures[name] for name in order}
    return NoteView(
        id=one.id,
        at=iso(one.at),
        by=one.by,
        area=one.note.area,
        date=one.note.date,
        source=one.note.source,
        figures={name: None if figure is None else decimal_text(figure) for name, figure in said.items()},
    )
