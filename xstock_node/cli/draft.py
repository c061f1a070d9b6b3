"""`xstock request drafts, draft, take, dismiss`: what warnings and foreign messages suggest to ask for."""

import re
from pathlib import Path
from typing import Any, Final

import click

from xstock_node.cli.output import ONCE, emit, marked, pairs, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.cli.step_fields import moment
from xstock_node.services.draft_desk import ChosenLine, Dismissal, DraftRef, DraftsAsked, DraftView, TakeDraft
from xstock_node.services.errors import Refusal

LINE: Final = "LINE=CODE, LINE=CODE=QUANTITY or LINE=CODE=QUANTITY:UNIT"
TERMS: Final = ("loan", "donation", "replacement", "cost-recovery")
_LINE: Final = re.compile(r"(.+?)=([A-Za-z0-9._:-]+)(?:=([0-9.]+)(?::([A-Za-z0-9]+))?)?", re.ASCII | re.DOTALL)


@click.command("drafts")
@click.option("--all", "every", is_flag=True, help="Also those that were sent or dropped.")
@verb
async def drafts(as_json: bool, home: Path | None, every: bool) -> None:
    """Draft requests that warnings and foreign messages opened; a person sends or dismisses each."""
    async with open_session(home) as session:
        emit(await session.call("request.drafts", DraftsAsked(all=every)), as_json, _list)


@click.command("draft")
@click.argument("id_", metavar="ID")
@verb
async def draft(as_json: bool, home: Path | None, id_: str) -> None:
    """One draft request with its lines, and what of them is unknown."""
    async with open_session(home) as session:
        emit(await session.call("request.draft", DraftRef(id=id_)), as_json, _one)


@click.command("take")
@click.argument("id_", metavar="ID")
@click.option("--to", multiple=True, required=True, help="A node to ask, or all; may be given several times.")
@click.option("--line", "lines", multiple=True, help=f"What a line stands for: {LINE}; several times.")
@click.option("--leave", multiple=True, metavar="LINE", help="A line that is not asked for; several times.")
@click.option("--add", multiple=True, help="One more line, as `request new --line` has it; several times.")
@click.option("--place", default="", help="Where the goods are wanted.")
@click.option("--country", default="", help="ISO 3166-1 alpha-2 code of the place.")
@click.option("--people", type=click.IntRange(0), default=0, help="How many people are affected.")
@click.option("--severity", type=click.IntRange(0, 3), default=0, help="1 (life at risk) to 3; 0 is the draft's.")
@click.option("--needed-by", default="", help="When they are wanted: +24h, or an ISO time.")
@click.option("--answer-by", default="", help="When an answer is awaited: +3h, or an ISO time.")
@click.option("--term", "terms", multiple=True, type=click.Choice(TERMS), help="Acceptable terms; several times.")
@click.option("--network", default="", help="The network to ask in; the home network by default.")
@click.option("--site", default="", help="The branch that asks; the whole organisation by default.")
@click.option("--notify", is_flag=True, help="Only announce a need that is foreseen; neighbours may hold stock.")
@ONCE
@verb
async def take(as_json: bool, home: Path | None, id_: str, lines: tuple[str, ...], once: str, **fields: Any) -> None:
    """Send draft ID as a request of this node; what it leaves open has to be said."""
    from xstock_node.cli.request import asked_of, shown

    fields |= {name: moment(fields[name]) if fields[name] else 0 for name in ("needed_by", "answer_by")}
    for name in ("to", "leave", "terms"):
        fields[name] = list(fields[name])
    added, chosen = [asked_of(text) for text in fields.pop("add")], [chosen_of(text) for text in lines]
    async with open_session(home) as session:
        made = await session.call("request.take", TakeDraft(id=id_, lines=chosen, add=added, **fields), once)
    emit(made, as_json, shown)


@click.command("dismiss")
@click.argument("id_", metavar="ID")
@click.option("--reason", required=True, help="Why nobody is asked.")
@ONCE
@verb
async def dismiss(as_json: bool, home: Path | None, id_: str, reason: str, once: str) -> None:
    """Put draft ID away for good."""
    async with open_session(home) as session:
        emit(await session.call("request.dismiss", Dismissal(id=id_, reason=reason), once), as_json, _one)


def chosen_of(text: str) -> ChosenLine:
    """What a person says that a line stands for."""
    found = _LINE.fullmatch(text)
    if found is None:
        raise Refusal("bad-line", LINE, text, "write it so", 2)
    return ChosenLine(line=found[1], item=found[2], quantity=found[3] or "", unit=found[4] or "")


def _list(found: list[DraftView]) -> str:
    rows = [
        (marked(one.id, one.exercise), one.state, one.at, one.origin, one.event, one.area or one.place, len(one.lines))
        for one in found
    ]
    titles = ("draft", "state", "since", "from", "event", "place", "lines")
    return table(titles, rows) if rows else words("draft.none", "no drafts")


def _one(found: DraftView) -> str:
    head = pairs(
        [
            ("draft", found.id),
            ("state", f"{found.state} {found.request or found.reason}".rstrip()),
            ("from", f"{found.origin} {found.foreign_id}"),
            ("event", found.event),
            ("place", ", ".join(part for part in (found.place, found.area, found.country) if part)),
            ("needed by", found.needed_by or None),
            ("note", found.note),
            ("contact", found.contact),
        ]
    )
    unknown = words("value.unknown", "unknown")
    rows = [
        (number, one.id, one.name, one.item or unknown, one.quantity or unknown, one.unit)
        for number, one in enumerate(found.lines, 1)
    ]
    lines = table(("number", "line", "name", "item", "quantity", "unit"), rows) if rows else ""
    exercise = words("exercise.banner", "EXERCISE: nothing here is real") + "\n" if found.exercise else ""
    return f"{exercise}{head}\n\n{lines}".rstrip()
