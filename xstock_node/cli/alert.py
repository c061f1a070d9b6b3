"""`xstock alert`: public warnings that touch this node."""

from collections.abc import Iterator
from pathlib import Path

import click

from xstock_node.cli.output import emit, marked, pairs, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.services.alert_views import AlertRef, AlertsAsked, SaidView, WarningRow, WarningView

LANGUAGE = click.option("--language", default="", help="Language of the texts (BCP 47); the node's own by default.")


@click.group("alert")
def alert() -> None:
    """Public warnings: list, show."""


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
