"""`xstock alert`: public warnings that touch this node."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from xstock_node.cli.output import emit, marked, pairs, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.services.alert_views import AlertRef, AlertsAsked, SaidView, WarningRow, WarningView
from xstock_node.services.errors import Refusal
from xstock_node.services.own_warnings import CancelRequest, IssueRequest, OwnWarningView

LANGUAGE = click.option("--language", default="", help="Language of the texts (BCP 47); the node's own by default.")


@click.group("alert")
def alert() -> None:
    """Public warnings: list, show; own ones: issue, cancel, own."""


@alert.command("list")
@click.option("--all", "every", is_flag=True, help="Also those that ended, were cancelled, or are elsewhere.")
@LANGUAGE
@verb
async def list_(as_json: bool, home: Path | None, every: bool, language: str) -> None:
    """Warnings that are in force and touch this node, or may; the gravest first."""
    async with open_session(home) as session:
        emit(await session.call("alert.list", AlertsAsked(all=every, language=language)), as_json, _list)


@alert.command("show")
@click.argument("id_", metavar="ID")
@LANGUAGE
@verb
async def show(as_json: bool, home: Path | None, id_: str, language: str) -> None:
    """Warning ID with all that it says, in each language that is wanted or there is none other for."""
    async with open_session(home) as session:
        emit(await session.call("alert.show", AlertRef(id=id_, language=language)), as_json, _shown)


@alert.command("issue")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--replaces", default="", metavar="ID", help="The own warning that it revises.")
@click.option("--exercise", is_flag=True, help="It is an exercise, and says so.")
@verb
async def issue(as_json: bool, home: Path | None, file: Path, replaces: str, exercise: bool) -> None:
    """Issue the warning of FILE (TOML: category, severity, urgency, certainty, hours, [[area]], [[text]])."""
    try:
        wanted = _written(file, {"replaces": replaces} | ({"exercise": True} if exercise else {}))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        expected = "category, severity, urgency, certainty, hours, [[area]] and [[text]] by the example in the manual"
        raise Refusal("bad-warning", expected, str(error), "mend the file", 2) from None
    async with open_session(home) as session:
        emit([await session.call("alert.issue", wanted)], as_json, _own)


@alert.command("cancel")
@click.argument("id_", metavar="ID")
@click.option("--note", default="", help="Why; it goes out with it.")
@verb
async def cancel(as_json: bool, home: Path | None, id_: str, note: str) -> None:
    """Say that the own warning ID is over before its time."""
    async with open_session(home) as session:
        emit([await session.call("alert.cancel", CancelRequest(id=id_, note=note))], as_json, _own)


@alert.command("own")
@verb
async def own(as_json: bool, home: Path | None) -> None:
    """Warnings that this node issued, the newest first."""
    async with open_session(home) as session:
        emit(await session.call("alert.own"), as_json, _own)


def _written(file: Path, more: dict[str, object]) -> IssueRequest:
    return msgspec.convert(tomllib.loads(file.read_text("utf-8")) | more, IssueRequest)


def _own(found: list[OwnWarningView]) -> str:
    rows = [
        (marked(one.id, one.exercise), one.state, one.event, "; ".join(one.areas), ", ".join(one.languages), one.until)
        for one in found
    ]
    titles = ("warning", "state", "says", "areas", "languages", "until")
    return table(titles, rows) if rows else words("alert.none", "no warnings")


def _list(found: list[WarningRow]) -> str:
    unknown = words("value.unknown", "unknown")
    rows = [
        (
            marked(one.id, one.status == "Exercise"),
            one.state,
            one.level or unknown,
            one.event,
            "; ".join(one.areas),
            one.ends,
            one.source,
            ", ".join(one.marks),
            one.draft,
        )
        for one in found
    ]
    titles = ("warning", "state", "level", "event", "areas", "until", "source", "mind", "draft")
    return table(titles, rows) if rows else words("alert.none", "no warnings")


def _shown(found: WarningView) -> str:
    one = found.warning
    exercise = words("exercise.banner", "EXERCISE: nothing here is real") + "\n" if one.status == "Exercise" else ""
    head = pairs(
        [
            ("warning", one.id),
            ("state", one.state),
            ("level", one.level or None),
            ("here", one.here),
            ("from", one.begins),
            ("until", one.ends),
            ("source", one.source),
            ("mind", ", ".join(one.marks)),
            ("draft", one.draft),
        ]
    )
    rows = [(a.id, a.kind, a.identifier, a.sent, a.feed, words("alert.stands", "stands") if a.stands else "", a.note)
            for a in found.alerts]  # fmt: skip
    said = "\n\n".join("\n".join(_said(part)) for part in found.said)
    alerts = table(("alert", "kind", "identifier", "sent", "feed", "state", "note"), rows)
    return "\n\n".join(part for part in (f"{exercise}{head}", said, alerts) if part)


def _said(part: SaidView) -> Iterator[str]:
    marks = f" ({', '.join(part.marks)})" if part.marks else ""
    yield f"{part.event} [{part.language or words('alert.no-language', 'language not said')}]{marks}"
    yield from (text for text in (part.headline, part.description, part.instruction) if text)
    rows = [("areas", "; ".join(part.areas)), ("severity", part.severity), ("from", part.begins), ("until", part.ends),
            ("source", part.source), ("contact", part.contact), ("page", part.web)]  # fmt: skip
    yield pairs([row for row in rows if row[1]])
