"""`xstock stock`: own stock in, previewed, matched to the catalogue, changed."""

from datetime import date
from pathlib import Path
from typing import Any

import click

from xstock_node.cli import stock_views as views
from xstock_node.cli.output import emit, say, verb, words
from xstock_node.cli.session import open_session
from xstock_node.config import home_folder, load
from xstock_node.plugins.adapters import FileReading
from xstock_node.services.errors import Refusal


@click.group("stock")
def stock() -> None:
    """Own stock: import, preview, match to the catalogue, change by hand."""


@stock.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "kind", type=click.Choice(["stock", "minimums"]), default="stock", help="What the rows are.")
@click.option("--source", default="stock", help="Name under which mappings are remembered.")
@click.option("--column", "columns", multiple=True, help="HEADER=FIELD: what a column holds, where it is not known.")
@click.option("--language", default="", help="Language of the list (BCP 47), remembered for the source.")
@click.option("--accept-changes", is_flag=True, help="Take it although much of the stock changes at once.")
@verb
async def import_(
    as_json: bool,
    home: Path | None,
    file: Path,
    kind: str,
    source: str,
    columns: tuple[str, ...],
    language: str,
    accept_changes: bool,
) -> None:
    """Take FILE as the newest snapshot of the stock, or of the minimum levels."""
    from xstock_node.services.stocktake import ImportRequest

    request = ImportRequest(
        file=file.name,
        content=_content(file),
        kind=kind,  # type: ignore[arg-type]
        source=source,
        columns=_columns(columns),
        language=language,
        accept_changes=accept_changes,
    )
    async with open_session(home) as session:
        result = await session.call("stock.import", request)
    emit(result, as_json, views.imported)
    if result.reading.error is not None:
        say("stock.refused", "{text}", text=result.reading.error_text)
        raise click.exceptions.Exit(1)


@stock.command("preview")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--column", "columns", multiple=True, help="HEADER=FIELD: what a column holds, where it is not known.")
@click.option("--language", help="Language of the list (BCP 47).")
@click.option("--as", "kind", type=click.Choice(["stock", "minimums"]), default="stock", help="What the rows are.")
@click.option("--source", default="stock", help="The source whose lines it would replace.")
@verb
async def preview(
    as_json: bool,
    home: Path | None,
    file: Path | None,
    columns: tuple[str, ...],
    language: str | None,
    kind: str,
    source: str,
) -> None:
    """What FILE says, changing nothing; without FILE what of the own stock would be offered, and why no more."""
    if file is None:
        async with open_session(home) as session:
            emit(await session.call("stock.preview"), as_json, views.proposal)
        return
    if (home_folder(str(home) if home else None) / "config.toml").exists() and file.is_file():  # noqa: ASYNC240
        from xstock_node.services.stocktake import ImportRequest

        request = ImportRequest(
            file=file.name,
            content=_content(file),
            kind=kind,  # type: ignore[arg-type]
            source=source,
            columns=_columns(columns),
            language=language or "",
        )
        async with open_session(home) as session:
            result = await session.call("stock.read", request)
        reading = result.reading
        emit(views.foreseen_json(result) if as_json else result, as_json, views.foreseen)
    else:
        reading = await _read(home, file, columns, language)
        emit(reading, as_json, views.reading_table)
    if reading.error is not None:
        say("stock.refused", "{text}", text=reading.error_text)
        raise click.exceptions.Exit(1)


@stock.command("undo")
@click.argument("source", required=False)
@click.option("--as", "kind", type=click.Choice(["stock", "minimums"]), default="stock", help="What was imported.")
@click.option("--yes", is_flag=True, help="Do it; without this only what would come back is told.")
@verb
async def undo(as_json: bool, home: Path | None, source: str | None, kind: str, yes: bool) -> None:
    """Undo the last import of SOURCE while nothing of it was published; without SOURCE what can be undone."""
    from xstock_node.services.undoing import UndoRequest

    async with open_session(home) as session:
        if source is None:
            emit(await session.call("stock.undoable"), as_json, views.undoable)
            return
        found = await session.call("stock.undoable")
        one = next((o for o in found if (o.source, o.kind) == (source, kind)), None)
        if one is not None and not yes:
            came = f"{one.file}: {one.lines} lines would go and {one.before} come back"
            raise Refusal("not-sure", "--yes", came, "what was matched since goes with it", 2)
        result = await session.call("stock.undo", UndoRequest(source=source, kind=kind))
    emit(result, as_json, views.undone)


@stock.command("drafts")
@click.option("--drop", default="", help="Put the list with this id away.")
@verb
async def drafts(as_json: bool, home: Path | None, drop: str) -> None:
    """Lists on their way in: given on the import page, looked at, and not taken yet."""
    from xstock_node.services.import_drafts import ImportId

    async with open_session(home) as session:
        if drop:
            await session.call("import.drop", ImportId(id=drop))
        emit(await session.call("import.list"), as_json, views.drafts)


@stock.command("levels")
@verb
async def levels(as_json: bool, home: Path | None) -> None:
    """The own stock of each item against its minimum: what is free, committed, and may be shared."""
    async with open_session(home) as session:
        emit(await session.call("stock.levels"), as_json, views.level_table)


@stock.command("list")
@verb
async def list_(as_json: bool, home: Path | None) -> None:
    """The lines of the own stock."""
    async with open_session(home) as session:
        emit(await session.call("stock.list"), as_json, views.line_table)


@stock.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--source", default="", help="Only the lines of this source.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@verb
async def export(as_json: bool, home: Path | None, file: Path, source: str, force: bool) -> None:
    """Write the own stock to FILE (.csv, .xlsx), which reads back as it is."""
    from xstock_node.services.stock_lines import ExportRequest

    if file.exists() and not force:  # noqa: ASYNC240 - a verb does one thing at a time
        raise Refusal("is-there", "a new file", f"{file} is there", "choose another name, or say --force", 1)
    async with open_session(home) as session:
        result = await session.call("stock.export", ExportRequest(suffix=file.suffix, source=source))
    file.write_bytes(result.content)  # noqa: ASYNC240
    told = {"file": str(file), "lines": result.lines}
    emit(told, as_json, lambda t: words("stock.exported", "{lines} lines written to {file}", **t))


@stock.command("match")
@click.argument("ref", required=False)
@click.argument("code", required=False)
@click.option("--factor", default="", help="How many units of the catalogue are in one unit of the line.")
@click.option("--reject", is_flag=True, help="The line is no item of the catalogue.")
@click.option("--same-code", is_flag=True, help="Confirm every line whose own code is the catalogue's.")
@click.option("--crosswalk", default="", help="Confirm every line whose code the crosswalk of this name explains.")
@click.option(
    "--decisions", type=click.Path(path_type=Path), help="TOML file with [[confirm]] local, unit, code, factor."
)
@click.option("--all", "everything", is_flag=True, help="Also show lines that are decided already.")
@verb
async def match(
    as_json: bool,
    home: Path | None,
    ref: str | None,
    code: str | None,
    factor: str,
    reject: bool,
    same_code: bool,
    crosswalk: str,
    decisions: Path | None,
    everything: bool,
) -> None:
    """Show lines with candidates of the catalogue; with REF and CODE confirm that REF is CODE."""
    from xstock_node.services.mapping_desk import DecideRequest, Decision, MatchRequest

    found = [Decision(ref=ref, code=code or "", factor=factor, reject=reject)] if ref else []
    found += _decisions(decisions) if decisions else []
    if ref and not code and not reject:
        raise Refusal("no-code", "a code of the catalogue, or --reject", "neither", "see `xstock stock match`", 2)
    async with open_session(home) as session:
        if found or same_code or crosswalk:
            result = await session.call(
                "stock.decide", DecideRequest(decisions=found, same_code=same_code, crosswalk=crosswalk)
            )
            emit(result, as_json, views.decided)
            if result.not_done:
                raise click.exceptions.Exit(1)
        else:
            emit(await session.call("stock.match", MatchRequest(all=everything)), as_json, views.matches)


def _line_options(command: Any) -> Any:
    options = (
        ("--name", "Name of the goods in the own words."),
        ("--code", "Own code."),
        ("--unit", "pcs, kg, l, set ..."),
        ("--location", "Store."),
        ("--lot", "Lot number."),
        ("--expiry", "ISO date."),
        ("--reserved", "How much is reserved."),
        ("--damaged", "How much is damaged."),
        ("--module", "Teams and equipment with people: type of the module, such as HCP."),
        ("--value", "What one is worth; it never leaves the node."),
        ("--currency", "Currency of that value (ISO 4217)."),
        ("--crew", "How many persons come with one."),
        ("--self-sufficiency-days", "For how many days one needs nothing from its host."),
    )
    for name, meaning in reversed(options):
        command = click.option(name, default="", help=meaning)(command)
    return command


@stock.command("add")
@click.option("--quantity", required=True, help="How much is on hand, as a decimal.")
@_line_options
@verb
async def add(as_json: bool, home: Path | None, **fields: str) -> None:
    """Add a line to the list kept by hand."""
    from xstock_node.services.hand_kept import LineRequest

    async with open_session(home) as session:
        emit(
            await session.call("stock.add", LineRequest(**fields)),
            as_json,
            lambda view: words("stock.added", "added {ref}", ref=view.ref),
        )


@stock.command("set")
@click.argument("ref")
@click.option("--quantity", default="", help="How much is on hand, as a decimal.")
@_line_options
@verb
async def set_(as_json: bool, home: Path | None, ref: str, **fields: str) -> None:
    """Change line REF of the list kept by hand."""
    from xstock_node.services.hand_kept import LineRequest

    async with open_session(home) as session:
        view = await session.call("stock.set", LineRequest(ref=ref, **fields))
    emit(
        view,
        as_json,
        lambda v: words("stock.changed", "changed {ref}: {quantity}", ref=v.ref, quantity=v.line.quantity),
    )


@stock.command("remove")
@click.argument("ref")
@verb
async def remove(as_json: bool, home: Path | None, ref: str) -> None:
    """Remove line REF of the list kept by hand."""
    from xstock_node.services.hand_kept import RefRequest

    async with open_session(home) as session:
        emit(
            await session.call("stock.remove", RefRequest(ref=ref)),
            as_json,
            lambda view: words("stock.removed", "removed {ref}", ref=view.ref),
        )


async def _read(home: Path | None, file: Path, columns: tuple[str, ...], language: str | None) -> FileReading:
    """Read a file without any node: settings are used where there are some, and nothing is written."""
    from xstock_node.cli.host import plugin_host
    from xstock_node.config import PluginSettings
    from xstock_node.plugins.adapters import ReadHints
    from xstock_node.plugins.host import PluginHost
    from xstock_node.plugins.isolation import read_file
    from xstock_node.services.told import check, check_headers

    told = _columns(columns)
    check(told, language or "")
    host = default = None
    folder = home_folder(str(home) if home else None)
    if (folder / "config.toml").exists():
        config = load(folder)
        host = plugin_host(config, folder)
        default = next(iter(config.node.languages), None)
    host = host or PluginHost(PluginSettings().allow)
    today = date.today().isoformat()
    hints = ReadHints(today=today, columns=told, language=default, said_language=language or "")
    reading = await read_file(host, file, hints)
    check_headers(told, reading)
    return reading


def _content(file: Path) -> bytes:
    from xstock_node.protocol.limits import IMPORT_FILE

    try:
        if file.stat().st_size > IMPORT_FILE:
            raise Refusal("too-large", f"a file of at most {IMPORT_FILE} bytes", str(file.stat().st_size), "split it")
        return file.read_bytes()
    except OSError as error:
        raise Refusal(
            "no-file", f"a file that can be read at {file}", error.strerror or "", "check the path", 2
        ) from None


def _columns(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        header, sign, field = pair.rpartition("=")
        if not sign:
            raise Refusal("bad-column", "HEADER=FIELD", pair, "for instance 'Количество=quantity'", 2)
        found[header] = field
    return found


def _decisions(file: Path) -> list[Any]:
    import tomllib

    import msgspec

    from xstock_node.services.mapping_desk import Decision

    try:
        return msgspec.convert(tomllib.loads(file.read_text("utf-8")).get("confirm", []), list[Decision])
    except (OSError, ValueError) as error:
        raise Refusal("bad-decisions", f"[[confirm]] entries in {file}", str(error), "mend the file", 2) from None


import xstock_node.cli.stock_systems  # noqa: E402, F401 - its verbs join the group
