"""`xstock impact`: what disasters did, in counters of the manner of the Sendai framework."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click
import msgspec

from xstock_node.cli.output import emit, pairs, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.domain.impact import COUNTERS, ImpactNote
from xstock_node.protocol import limits
from xstock_node.services.errors import Refusal
from xstock_node.services.impact import EventRef, ExportImpact, ImpactTable, ImpactView, ImportImpact

EVENT = click.argument("event")


class CounterRow(msgspec.Struct, frozen=True):
    """A counter that can be noted."""

    name: str
    indicator: str
    counts: str
    hxl: str
    title: str


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """The file that was written."""

    event: str
    file: str
    rows: int


@click.group("impact")
def impact() -> None:
    """What a disaster did, in counters: note, show, export as CSV, JSON, HXL."""


@impact.command("counters")
@verb
async def counters(as_json: bool, home: Path | None) -> None:
    """The counters that can be noted, with their indicators."""
    rows = [CounterRow(one.name, one.indicator, one.what, one.hxl, one.title) for one in COUNTERS]
    shown = [(one.name, one.indicator, one.counts, one.title) for one in rows]
    emit(rows, as_json, lambda _: table(("counter", "indicator", "counts", "title"), shown))


@impact.command("list")
@verb
async def list_(as_json: bool, home: Path | None) -> None:
    """The disasters of which anything is noted."""
    async with open_session(home) as session:
        emit(await session.call("impact.list"), as_json, "\n".join)


@impact.command("note")
@EVENT
@click.option("--area", required=True, help="Code of the area, which begins with the country, such as KZ-19.")
@click.option("--date", required=True, help="The day of which the figures are, such as 2027-03-28.")
@click.option("--source", required=True, help="Who says so: an authority, a report; no person's name.")
@click.option(
    "--figure", "figures", multiple=True, required=True, metavar="NAME=N", help="Or NAME=unknown; many times."
)
@click.option("--title", default="", help="The disaster in words.")
@click.option("--area-name", default="", help="The area in words.")
@click.option("--currency", default="", help="Of the losses (ISO 4217).")
@verb
async def note(as_json: bool, home: Path | None, event: str, figures: tuple[str, ...], **said: str) -> None:
    """Note what a source said of EVENT, a GLIDE number or one of your own; later notes revise earlier ones."""
    raw: dict[str, Any] = {"event": event, "figures": dict(map(_figure, figures)), **said}
    try:
        request = msgspec.convert(raw, ImpactNote)
    except msgspec.ValidationError as error:
        raise Refusal("bad-note", "a note in order", str(error), "see `xstock impact note --help`", 2) from None
    async with open_session(home) as session:
        emit(await session.call("impact.note", request), as_json, _view)


@impact.command("show")
@EVENT
@verb
async def show(as_json: bool, home: Path | None, event: str) -> None:
    """The counters of EVENT as they stand, and every note before them."""
    async with open_session(home) as session:
        emit(await session.call("impact.show", EventRef(event=event)), as_json, _view)


@impact.command("export")
@EVENT
@click.option("--format", "format_", type=click.Choice(("csv", "json")), default="csv", help="What kind of text.")
@click.option("--hxl", is_flag=True, help="With a row of HXL hashtags below the headers.")
@click.option("--own", is_flag=True, help="With counts of fewer than ten people: for your own archives alone.")
@click.option("--out", type=click.Path(path_type=Path), help="File to write; else it is printed.")
@verb
async def export(
    as_json: bool, home: Path | None, event: str, format_: str, hxl: bool, own: bool, out: Path | None
) -> None:
    """The counters of EVENT for others; counts of fewer than ten people have no figure."""
    request = msgspec.convert({"event": event, "format": format_, "hxl": hxl, "own": own}, ExportImpact)
    async with open_session(home) as session:
        made: ImpactTable = await session.call("impact.export", request)
    if out is None:
        emit(made, as_json, lambda _: made.text.rstrip("\n"))
        return
    _write(out, made.text)
    done = Exported(event=event, file=str(out), rows=made.rows)
    emit(done, as_json, lambda one: words("impact.exported", "written: {file}", file=one.file))


@impact.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@verb
async def import_(as_json: bool, home: Path | None, file: Path) -> None:
    """Read counters from FILE, as `xstock impact export` writes it; all of it or nothing."""
    content = _read(file)
    async with open_session(home) as session:
        taken = await session.call("impact.import", ImportImpact(content=content))
    emit(taken, as_json, lambda _: pairs(msgspec.structs.asdict(taken).items()))


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    except FileExistsError:
        raise Refusal("is-there", "a path without a file", str(path), "choose another, with --out") from None
    except OSError as error:
        raise Refusal("no-file", str(path), error.strerror or str(error), "check the path", 2) from None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(limits.IMPACT_FILE + 1)
    except OSError as error:
        raise Refusal("no-file", str(path), error.strerror or str(error), "check the path", 2) from None
    if len(content) > limits.IMPACT_FILE:
        raise Refusal("large-file", f"at most {limits.IMPACT_FILE} bytes", "more", "split the file", 2)
    return content


def _figure(text: str) -> tuple[str, str | None]:
    name, is_figure, value = text.partition("=")
    if is_figure and value == "unknown":
        return name, None
    try:
        if is_figure and value.isascii() and value.replace(".", "", 1).isdigit():
            return name, str(Decimal(value))
    except InvalidOperation:
        pass
    raise Refusal("bad-figure", "a figure as NAME=N or NAME=unknown", text, "see `xstock impact counters`", 2)


def _view(found: ImpactView) -> str:
    unknown, hidden = words("value.unknown", "unknown"), words("value.hidden", "<10")
    rows = [
        (
            one.area, one.area_name, one.indicator, one.counter,
            hidden if one.hidden else unknown if one.figure is None else f"{one.figure} {one.currency}".strip(),
            one.date, one.source,
        )
        for one in found.counters
    ]  # fmt: skip
    titles = ("area", "name", "indicator", "counter", "figure", "of", "source")
    head = f"{found.event} {found.title}".strip()
    return f"{head}\n{table(titles, rows)}"
