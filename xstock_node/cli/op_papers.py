"""`xstock op papers`, `document`, `units`, `labels`, `file`: what an operation needs on paper."""

from pathlib import Path

import click
import msgspec

from xstock_node.cli.op import op
from xstock_node.cli.output import emit, pairs, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.services.errors import Refusal
from xstock_node.services.numbering import LoadedLine, NewUnit, UnitsRequest, UnitsView
from xstock_node.services.operating import CaseId
from xstock_node.services.paperwork import (
    DocumentFile,
    DocumentRequest,
    FileRequest,
    LabelsRequest,
    PapersView,
    PaperView,
    WayView,
)

WHOLE = frozenset({"kg", "m3", "count", "serial"})
LANGUAGE = click.option("--language", "languages", multiple=True, help="Language of it (BCP 47); up to three times.")
OUT = click.option("--out", type=click.Path(path_type=Path), help="Where to; a name of its own here by default.")
PLAIN = click.option("--plain", is_flag=True, help="HTML that prints, instead of PDF.")


class FileMade(msgspec.Struct, frozen=True, kw_only=True):
    """The file that was written."""

    file: str
    media_type: str
    sha256: str
    statement: str


@op.command("papers")
@click.argument("case")
@verb
async def papers(as_json: bool, home: Path | None, case: str) -> None:
    """The papers of an operation: which, who signs, why, by which law; is clearance needed."""
    async with open_session(home) as session:
        emit(await session.call("op.papers", CaseId(case=case)), as_json, _papers)


@op.command("document")
@click.argument("case")
@click.argument("document_", metavar="DOCUMENT")
@click.option("--consignment", default="", help="Of which consignment, where there are several.")
@LANGUAGE
@OUT
@PLAIN
@verb
async def document(
    as_json: bool,
    home: Path | None,
    case: str,
    document_: str,
    consignment: str,
    languages: tuple[str, ...],
    out: Path | None,
    plain: bool,
) -> None:
    """Write one paper as a file, with its proof and the evidence inside; a draft until its step is taken."""
    request = DocumentRequest(
        case=case, document=document_, consignment=consignment, languages=",".join(languages), plain=plain
    )
    async with open_session(home) as session:
        found = await session.call("op.document", request)
    emit(_written(found, out), as_json, _made)


@op.command("units")
@click.argument("case")
@click.argument("consignment")
@click.option("--unit", "units", multiple=True, required=True, help="CODE=N,lot=L,expiry=D,kg=N,m3=N,serial=S,count=N.")
@click.option("--out", type=click.Path(path_type=Path), help="Also write the units here, for `op step ... stage`.")
@verb
async def units(
    as_json: bool, home: Path | None, case: str, consignment: str, units: tuple[str, ...], out: Path | None
) -> None:
    """Number the handling units (SSCC) of a consignment; what comes back are fields of the step `stage`."""
    request = UnitsRequest(case=case, consignment=consignment, units=[unit_of(text) for text in units])
    async with open_session(home) as session:
        found = await session.call("op.units", request)
    _write_units(found, out)
    emit(found, as_json, _units)


@op.command("labels")
@click.argument("case")
@click.argument("consignment")
@LANGUAGE
@OUT
@PLAIN
@verb
async def labels(
    as_json: bool,
    home: Path | None,
    case: str,
    consignment: str,
    languages: tuple[str, ...],
    out: Path | None,
    plain: bool,
) -> None:
    """Write the labels of a staged consignment, four on a sheet."""
    request = LabelsRequest(case=case, consignment=consignment, languages=",".join(languages), plain=plain)
    async with open_session(home) as session:
        found = await session.call("op.labels", request)
    emit(_written(found, out), as_json, _made)


@op.command("file")
@click.argument("case")
@click.argument("document_", metavar="DOCUMENT")
@click.option("--consignment", default="", help="Of which consignment, where there are several.")
@click.option("--where", default="", help="Where people find it again.")
@click.option("--signed", is_flag=True, help="It came back signed and is not in the file yet.")
@verb
async def file(
    as_json: bool, home: Path | None, case: str, document_: str, consignment: str, where: str, signed: bool
) -> None:
    """Write down that a paper came back signed, or lies in the file."""
    request = FileRequest(
        case=case, document=document_, consignment=consignment, where=where, status="signed" if signed else "filed"
    )
    async with open_session(home) as session:
        found = await session.call("op.file", request)
    emit(
        found,
        as_json,
        lambda p: words("op.filed", "{title}: {filed} {where}", title=p.title, filed=p.filed, where=p.where),
    )


def unit_of(text: str) -> NewUnit:
    """A unit written `CODE=40,lot=Z-7,kg=2310.5,count=2`; a further CODE=N begins another line on the same unit."""
    whole: dict[str, str] = {}
    lines: list[dict[str, str]] = []
    serials = []
    for part in text.split(","):
        name, mark, value = part.partition("=")
        if not mark or not name or not value:
            raise Refusal("bad-unit", "CODE=N,lot=L,expiry=D,kg=N,m3=N,serial=S,count=N", text, "write it so", 2)
        if name == "serial":
            serials.append(value)
        elif name in WHOLE:
            whole[name] = value
        elif name in LoadedLine.__struct_fields__ and lines:
            lines[-1][name] = value
        else:
            lines.append({"item": name, "quantity": value})
    try:
        return msgspec.convert({**whole, "lines": lines, "serials": serials}, NewUnit, strict=False)
    except msgspec.ValidationError as error:
        raise Refusal(
            "bad-unit", "CODE=N,lot=L,expiry=D,kg=N,m3=N,serial=S,count=N", str(error), "mend it", 2
        ) from None


def _write_units(found: UnitsView, out: Path | None) -> None:
    if out is not None:
        out.write_bytes(msgspec.json.encode(found.units))


def _written(found: DocumentFile, out: Path | None) -> FileMade:
    path = out or Path(found.file)
    path.write_bytes(found.content)
    return FileMade(file=str(path), media_type=found.media_type, sha256=found.sha256, statement=found.statement)


def _made(made: FileMade) -> str:
    return words("op.paper-made", "{file}\nSHA-256 {sha256}", file=made.file, sha256=made.sha256)


def _units(found: UnitsView) -> str:
    field = msgspec.json.encode(found.units).decode()
    return words(
        "op.numbered", "{count} units; stage them with --field 'units={units}'", count=len(found.units), units=field
    )


def _papers(found: PapersView) -> str:
    banner = [words("exercise.banner", "EXERCISE: nothing here is real")] if found.exercise else []
    rows = [_paper(one) for one in found.papers]
    head = ("paper", "consignment", "now", "made by", "signs", "why", "source", "stale", "status")
    return "\n\n".join([*banner, table(head, rows), *(_way(one) for one in found.ways)])


def _paper(one: PaperView) -> tuple[object, ...]:
    now = words("op.now", "now") if one.due else words("op.later", "later")
    by = words("op.here", "this node") if one.drawn else words("op.elsewhere", "others")
    stale = words("op.stale", "stale") if one.stale else ""
    status = one.filed or one.made
    name = one.document if one.document != "as_profile" else one.title
    return name, one.consignment, now, by, ", ".join(one.signs), one.why, one.source, stale, status


def _way(one: WayView) -> str:
    needed = {True: words("op.yes", "yes"), False: words("op.no", "no"), None: None}[one.clearance_needed]
    rows: list[tuple[str, object]] = [
        ("consignment", one.consignment or words("op.none", "none")),
        ("way", " ".join(code or "?" for code in one.countries)),
        ("regimes", ", ".join(f"{r.country} {r.regime}" for r in one.regimes) or None),
        ("clearance needed", needed),
        *(("", why) for why in one.clearance_why),
        *(("mind", finding) for finding in one.findings),
    ]
    return pairs(rows)
