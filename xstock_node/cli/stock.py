"""`xstock stock`: own stock in, previewed, matched to the catalogue, changed."""

from datetime import date
from pathlib import Path
from typing import Any

import click

from xstock_node.cli.output import emit, say, table, verb, words
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
@click.option("--accept-changes", is_flag=True, help="Take it although much of the stock changes at once.")
@verb
async def import_(
    as_json: bool, home: Path | None, file: Path, kind: str, source: str, columns: tuple[str, ...], accept_changes: bool
) -> None:
    """Take FILE as the newest snapshot of the stock, or of the minimum levels."""
    from xstock_node.services.stocktake import ImportRequest

    request = ImportRequest(
        file=file.name,
        content=_content(file),
        kind=kind,  # type: ignore[arg-type]
        source=source,
        columns=_columns(columns),
        accept_changes=accept_changes,
    )
    async with open_session(home) as session:
        result = await session.call("stock.import", request)
    emit(result, as_json, _imported)
    if result.reading.error is not None:
        say("stock.refused", "{text}", text=result.reading.error_text)
        raise click.exceptions.Exit(1)


@stock.command("preview")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--column", "columns", multiple=True, help="HEADER=FIELD: what a column holds, where it is not known.")
@click.option("--language", help="Language of the list (BCP 47).")
@verb
async def preview(
    as_json: bool, home: Path | None, file: Path | None, columns: tuple[str, ...], language: str | None
) -> None:
    """What FILE says, changing nothing; without FILE what of the own stock would be offered, and why no more."""
    if file is None:
        async with open_session(home) as session:
            emit(await session.call("stock.preview"), as_json, _proposal)
        return
    reading = await _read(home, file, columns, language)
    emit(reading, as_json, _reading)
    if reading.error is not None:
        say("stock.refused", "{text}", text=reading.error_text)
        raise click.exceptions.Exit(1)


@stock.command("list")
@verb
async def list_(as_json: bool, home: Path | None) -> None:
    """The lines of the own stock."""
    async with open_session(home) as session:
        emit(await session.call("stock.list"), as_json, _lines)


@stock.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--source", default="", help="Only the lines of this source.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@verb
async def export(as_json: bool, home: Path | None, file: Path, source: str, force: bool) -> None:
    """Write the own stock to FILE (.csv, .xlsx), which reads back as it is."""
    from xstock_node.services.stocktake import ExportRequest

    if file.exists() and not force:  # noqa: ASYNC240 - a verb does one thing at a time
        raise Refusal("is-there", "a new file", f"{file} is there", "choose another name, or say --force", 1)
    async with open_session(home) as session:
        result = await session.call("stock.export", ExportRequest(suffix=file.suffix, source=source))
    file.write_bytes(result.content)  # noqa: ASYNC240
    told = {"file": str(file), "lines": result.lines}
    emit(told, as_json, lambda t: words("stock.exported", "{lines} lines written to {file}", **t))


@stock.command("sources")
@verb
async def sources(as_json: bool, home: Path | None) -> None:
    """Where own stock comes from, how old it is, and what is wrong with it."""
    async with open_session(home) as session:
        emit(await session.call("stock.sources"), as_json, _sources)


@stock.command("sync")
@click.argument("source")
@click.option("--accept-changes", is_flag=True, help="The large change that was held is right.")
@verb
async def sync(as_json: bool, home: Path | None, source: str, accept_changes: bool) -> None:
    """Read the inventory system SOURCE now."""
    from xstock_node.services.syncing import SyncRequest

    async with open_session(home) as session:
        result = await session.call("stock.sync", SyncRequest(source=source, accept_changes=accept_changes))
    emit(result, as_json, _synced)
    if result.state == "held":
        raise click.exceptions.Exit(1)


@stock.command("movements")
@verb
async def movements(as_json: bool, home: Path | None) -> None:
    """What was written to inventory systems for operations, and what did not get through."""
    async with open_session(home) as session:
        emit(await session.call("stock.movements"), as_json, _movements)


@stock.command("retry")
@click.argument("movement")
@verb
async def retry(as_json: bool, home: Path | None, movement: str) -> None:
    """Try MOVEMENT again, which a system declined."""
    from xstock_node.services.writing_back import MovementId

    async with open_session(home) as session:
        emit(await session.call("stock.retry", MovementId(id=movement)), as_json, lambda one: _movements([one]))


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
            emit(result, as_json, _decided)
            if result.not_done:
                raise click.exceptions.Exit(1)
        else:
            emit(await session.call("stock.match", MatchRequest(all=everything)), as_json, _matches)


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
    from xstock_node.services.stocktake import LineRequest

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
    from xstock_node.services.stocktake import LineRequest

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
    from xstock_node.services.stocktake import RefRequest

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

    host = None
    folder = home_folder(str(home) if home else None)
    if (folder / "config.toml").exists():
        config = load(folder)
        host = plugin_host(config, folder)
        language = language or next(iter(config.node.languages), None)
    host = host or PluginHost(PluginSettings().allow)
    hints = ReadHints(today=date.today().isoformat(), columns=_columns(columns), language=language)
    return await read_file(host, file, hints)


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


def _imported(result: Any) -> str:
    reading = result.reading
    return "\n".join(
        [
            words(
                "stock.stored",
                "{stored} lines stored: {added} new, {changed} changed, {removed} gone",
                stored=result.stored,
                added=result.added,
                changed=result.changed,
                removed=result.removed,
            ),
            *(
                [words("stock.to-match", "{count} lines wait for `xstock stock match`", count=result.to_match)]
                if result.to_match
                else []
            ),
            *_left_out(reading),
        ]
    )


def _reading(reading: FileReading) -> str:
    rows = [
        (
            r.line or "",
            r.item_code or "",
            r.item_name or "",
            r.quantity,
            r.unit or "",
            r.location or "",
            r.lot or "",
            r.expiry or "",
            " ".join(r.flags),
        )
        for r in reading.rows
    ]
    headers = ("line", "code", "name", "quantity", "unit", "place", "lot", "expiry", "flags")
    return "\n".join(
        [table(headers, rows), words("stock.rows", "{count} rows", count=len(reading.rows)), *_left_out(reading)]
    )


def _left_out(reading: FileReading) -> list[str]:
    lines = [
        words(
            "stock.rejected",
            "line {line}: not taken ({reason}) {text}",
            line=r.line,
            reason=r.reason,
            text=r.text or "",
        )
        for r in reading.rejected
    ]
    lines += [words("stock.ask", "please settle: {question}", question=question) for question in reading.must_ask]
    if reading.skipped_lines:
        skipped = ", ".join(map(str, reading.skipped_lines))
        lines.append(words("stock.skipped", "titles, totals and signatures left out: lines {lines}", lines=skipped))
    return lines


def _proposal(result: Any) -> str:
    offers = [(o.code, o.name, o.quantity, o.unit, o.place, o.expiry or "", o.why) for o in result.offers]
    rest = [
        (n.rule, n.ref, n.name, (words("stock.partly", "partly: ") if n.partly else "") + n.why)
        for n in result.not_offered
    ]
    return "\n\n".join(
        [
            words("stock.offers", "{offers} offers from {lines} lines", offers=len(offers), lines=result.lines),
            table(("item", "name", "quantity", "unit", "place", "expiry", "release"), offers),
            words("stock.not-offered", "not offered: {count}", count=len(rest)),
            table(("rule", "line", "name", "why"), rest),
        ]
    )


def _sources(views: Any) -> str:
    rows = [(v.name, v.kind, v.state, v.age, v.lines, v.rejected, v.as_of, v.system, v.why, v.do) for v in views]
    headers = ("source", "kind", "state", "age", "lines", "rejected", "as of", "system", "why", "to do")
    return table(headers, rows)


def _synced(result: Any) -> str:
    if result.state == "held":
        text = "nothing was taken: {why}; if {source} is right: `xstock stock sync {source} --accept-changes`"
        return words("stock.held", text, why=result.why, source=result.source)
    text = "{stored} lines stored: {added} new, {changed} changed, {removed} gone, {rejections} rejected"
    counts = {k: getattr(result, k) for k in ("stored", "added", "changed", "removed", "rejections")}
    return words("stock.synced", text, **counts)


def _movements(found: Any) -> str:
    rows = [(m.id, m.kind, m.case, m.source, m.state, m.reference, m.error) for m in found]
    return table(("movement", "kind", "operation", "source", "state", "reference", "error"), rows)


def _lines(views: Any) -> str:
    rows = [
        (
            v.ref,
            v.line.item_code or "",
            v.line.item_name or "",
            v.line.quantity,
            v.line.unit or "",
            v.line.location or "",
            v.line.lot or "",
            v.line.expiry or "",
            v.code or words("stock.not-matched", "not matched"),
        )
        for v in views
    ]
    return table(("ref", "code", "name", "quantity", "unit", "place", "lot", "expiry", "item"), rows)


def _matches(views: Any) -> str:
    lines = []
    for view in views:
        lines.append(f"{view.ref}  {view.local} {view.name} [{view.unit or 'no unit'}]  {view.state} {view.code}")
        lines += [f"    {c.score:3d}  {c.code}  {c.name}: {c.why}" for c in view.candidates]
    return "\n".join(lines) or words("stock.all-decided", "every line is decided")


def _decided(result: Any) -> str:
    head = words(
        "stock.decided",
        "{confirmed} confirmed, {rejected} rejected",
        confirmed=result.confirmed,
        rejected=result.rejected,
    )
    return "\n".join([head, *result.not_done])
