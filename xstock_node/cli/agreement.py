"""`xstock agreement`: what organisations settled in quiet times."""

from pathlib import Path

import click

from xstock_node.cli.output import emit, pairs, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.services.errors import Refusal
from xstock_node.services.settling import AgreementId, AgreementView, SettledFile


@click.group("agreement")
def agreement() -> None:
    """Agreements on file: new, list, show."""


@agreement.command("new")
@click.argument("file", type=click.Path(path_type=Path))
@verb
async def new(as_json: bool, home: Path | None, file: Path) -> None:
    """Put the agreement of FILE (TOML, JSON, or a note of another party) on file, signed by this node."""
    async with open_session(home) as session:
        emit(await session.call("agreement.new", settled_file(file)), as_json, _one)


@agreement.command("list")
@verb
async def list_(as_json: bool, home: Path | None) -> None:
    """The agreements on file."""
    async with open_session(home) as session:
        emit(await session.call("agreement.list"), as_json, _list)


@agreement.command("show")
@click.argument("id_", metavar="ID")
@click.option("--out", type=click.Path(path_type=Path), help="Also write the signed note here, for the other parties.")
@verb
async def show(as_json: bool, home: Path | None, id_: str, out: Path | None) -> None:
    """One agreement: parties, terms, until when, who signed."""
    async with open_session(home) as session:
        found = await session.call("agreement.show", AgreementId(id=id_))
    write_note(out, found.note)
    emit(found, as_json, _one)


def settled_file(path: Path) -> SettledFile:
    """What a file holds."""
    try:
        return SettledFile(content=path.read_bytes())
    except OSError as error:
        raise Refusal("no-file", f"a file at {path}", error.strerror or "", "check the path", 2) from None


def write_note(path: Path | None, note: str) -> None:
    """Write a signed note where it is wanted."""
    if path is not None:
        path.write_text(note, "utf-8")


def _one(found: AgreementView) -> str:
    held = found.agreement
    rows: list[tuple[str, object]] = [
        ("agreement", held.id),
        ("name", held.name),
        ("parties", ", ".join(held.parties)),
        ("accessions", ", ".join(f"{node} {day}" for node, day in held.accessions.items())),
        ("valid", f"{held.valid_from} - {held.valid_until}"),
        ("in force", _yes(found.in_force)),
        ("terms", ", ".join(held.terms)),
        ("cost", held.cost_rule),
        ("signed by", ", ".join(found.signed)),
        ("not signed by", ", ".join(found.missing)),
    ]
    return pairs([row for row in rows if row[1] != ""])


def _list(found: list[AgreementView]) -> str:
    if not found:
        return words("agreement.none", "none")
    rows = [
        (a.agreement.id, a.agreement.name, ", ".join(a.agreement.parties), a.agreement.valid_until, _yes(a.in_force))
        for a in found
    ]
    return table(("id", "name", "parties", "until", "in force"), rows)


def _yes(true: bool) -> str:
    return words("op.yes", "yes") if true else words("op.no", "no")
