"""`xstock form`: forms of other bodies, such as those of the EU mechanism."""

from pathlib import Path

import click
import msgspec

from xstock_node.cli.output import emit, pairs, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.cli.step_fields import moment
from xstock_node.services.errors import Refusal
from xstock_node.services.forming import FilledView, FillForm, FormFile, FormRef, FormView, MakeForm

KINDS = ("pdf", "html", "json")


class FormMade(msgspec.Struct, frozen=True, kw_only=True):
    """The file that was written; `open` names fields that people have left empty."""

    file: str
    media_type: str
    sha256: str
    reference: str
    open: list[str]


@click.group("form")
def form() -> None:
    """Forms of other bodies: fill in, make as PDF, HTML or JSON."""


@form.command("list")
@verb
async def list_(as_json: bool, home: Path | None) -> None:
    """The forms that plugins offer, with the fields that people fill in."""
    async with open_session(home) as session:
        emit(await session.call("form.list"), as_json, _list)


@form.command("show")
@click.argument("form_", metavar="FORM")
@click.argument("about")
@verb
async def show(as_json: bool, home: Path | None, form_: str, about: str) -> None:
    """What is filled in of FORM about a request, an operation, or the `node`."""
    async with open_session(home) as session:
        emit(await session.call("form.show", FormRef(form=form_, about=about)), as_json, _filled)


@form.command("fill")
@click.argument("form_", metavar="FORM")
@click.argument("about")
@click.option("--field", "fields", multiple=True, metavar="NAME=TEXT", help="A field to fill in; several times.")
@verb
async def fill(as_json: bool, home: Path | None, form_: str, about: str, fields: tuple[str, ...]) -> None:
    """Fill in fields of FORM about a request, an operation, or the `node`; they are kept."""
    request = FillForm(form=form_, about=about, fields=dict(_field(text) for text in fields))
    async with open_session(home) as session:
        emit(await session.call("form.fill", request), as_json, _filled)


@form.command("make")
@click.argument("form_", metavar="FORM")
@click.argument("about")
@click.option("--as", "kind", type=click.Choice(KINDS), default="pdf", show_default=True, help="What kind of file.")
@click.option("--since", default="", help="Of a report: from when, an ISO time; a year ago by default.")
@click.option("--until", default="", help="Of a report: until when; now by default.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to; a name of its own here by default.")
@verb
async def make(
    as_json: bool, home: Path | None, form_: str, about: str, kind: str, since: str, until: str, out: Path | None
) -> None:
    """Make FORM about a request, an operation, or the `node`. What nobody filled in is a line for the pen."""
    bounds = {name: moment(text) if text else 0 for name, text in (("since", since), ("until", until))}
    request = msgspec.convert({"form": form_, "about": about, "kind": kind, **bounds}, MakeForm)
    async with open_session(home) as session:
        made: FormFile = await session.call("form.make", request)
    path = out or Path(made.file)
    if path.exists():
        raise Refusal("is-there", "a path without a file", str(path), "choose another, with --out")
    path.write_bytes(made.content)
    told = FormMade(
        file=str(path), media_type=made.media_type, sha256=made.sha256, reference=made.reference, open=made.open
    )
    emit(told, as_json, _made)


def _field(text: str) -> tuple[str, str]:
    name, is_field, value = text.partition("=")
    if not is_field:
        raise Refusal("bad-field", "a field as NAME=TEXT", text, "write it so", 2)
    return name.strip(), value


def _list(found: list[FormView]) -> str:
    rows = [(one.name, one.title, ", ".join(field.name for field in one.fields)) for one in found]
    return (
        table(("form", "title", "fields"), rows)
        if rows
        else words("form.none", "no forms: allow a plugin that has some")
    )


def _filled(found: FilledView) -> str:
    rows = [(name, value) for name, value in found.fields.items()]
    return pairs([("form", found.form), ("about", found.about), *rows, ("open", ", ".join(found.open))])


def _made(found: FormMade) -> str:
    lines = [("file", found.file), ("reference", found.reference or None), ("open", ", ".join(found.open))]
    return pairs([(name, value) for name, value in lines if value != ""])
