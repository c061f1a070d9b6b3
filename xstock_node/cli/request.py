"""`xstock request`: ask other nodes for goods, and see what became of it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import msgspec

from xstock_node.cli import draft, mobilised
from xstock_node.cli.output import ONCE, emit, marked, pairs, table, verb, words
from xstock_node.cli.planned import plan
from xstock_node.cli.session import open_session
from xstock_node.cli.step_fields import moment
from xstock_node.domain.needs import Climate
from xstock_node.services.asked_lines import Asked
from xstock_node.services.errors import Refusal
from xstock_node.services.mobilising import EventId
from xstock_node.services.needing import NeedRequest, NeedView
from xstock_node.services.outlook import OutlookRequest, OutlookView
from xstock_node.services.request_views import Coverage, RequestView
from xstock_node.services.requesting import NewRequest, RequestId

LINE = (
    "CODE=QUANTITY or CODE=QUANTITY:UNIT, then as needed ,by=+24h ,severity=1 ,expiry=2027-06 ,subs ,need=WORDS"
    " ,climate=cold ,household=4 ,own=QUANTITY ,why=WORDS"
)
SAID = ("severity", "expiry", "need", "climate", "household", "own", "why")
TERMS = ("loan", "donation", "replacement", "cost-recovery")


@click.group("request")
def request() -> None:
    """Requests: ask nodes for goods; promised, offered, possible."""


for command in (plan, draft.drafts, draft.draft, draft.take, draft.dismiss):
    request.add_command(command)


@request.command("new")
@click.option("--to", multiple=True, required=True, help="A node to ask, or all; may be given several times.")
@click.option("--line", "lines", multiple=True, help=f"{LINE}; several times.")
@click.option("--event", default="", help="GLIDE number, CAP identifier or UCPM number.")
@click.option("--area", default="", help="What area the event touches.")
@click.option("--place", default="", help="Where the goods are wanted.")
@click.option("--country", default="", help="ISO 3166-1 alpha-2 code of the place.")
@click.option("--people", type=click.IntRange(0), default=0, help="How many people are affected.")
@click.option("--severity", type=click.IntRange(0, 3), default=0, help="1 (life at risk) to 3; 0 is not said.")
@click.option("--needed-by", default="", help="When they are wanted: +24h, or an ISO time.")
@click.option("--answer-by", default="", help="When an answer is awaited: +3h, or an ISO time.")
@click.option("--term", "terms", multiple=True, type=click.Choice(TERMS), help="Acceptable terms; several times.")
@click.option("--note", default="", help="A remark; no names of persons.")
@click.option("--network", default="", help="The network to ask in; the home network by default.")
@click.option("--site", default="", help="The branch that asks; the whole organisation by default.")
@click.option("--notify", is_flag=True, help="Only announce a need that is foreseen; neighbours may hold stock.")
@ONCE
@verb
async def new(as_json: bool, home: Path | None, lines: tuple[str, ...], once: str, **fields: Any) -> None:
    """Ask nodes for goods; one signed case with each."""
    fields |= {name: moment(fields[name]) if fields[name] else 0 for name in ("needed_by", "answer_by")}
    to, terms = list(fields.pop("to")), list(fields.pop("terms"))
    asked = [asked_of(text) for text in lines]
    async with open_session(home) as session:
        wanted = NewRequest(to=to, lines=asked, terms=terms, **fields)
        made = await session.call("request.new", wanted, once)
    emit(made, as_json, shown)


@request.command("propose")
@click.argument("need")
@click.option("--climate", type=click.Choice(["mild", "cold"]), default="mild", help="Cold: nights near freezing.")
@click.option("--household", default="5", help="Persons in a household.")
@verb
async def propose(as_json: bool, home: Path | None, need: str, climate: str, household: str) -> None:
    """The goods that NEED comes to, such as "shelter for 500 people for 30 days", to edit and then ask for."""
    asked = NeedRequest(need=need, climate=Climate(climate), household=household)
    async with open_session(home) as session:
        emit(await session.call("request.propose", asked), as_json, _proposed)


@request.command("outlook")
@click.option("--line", "lines", multiple=True, required=True, help=f"{LINE}; several times.")
@click.option("--place", default="", help="Where the goods are wanted.")
@click.option("--country", default="", help="ISO 3166-1 alpha-2 code of the place.")
@click.option("--needed-by", default="", help="When they are wanted: +24h, or an ISO time.")
@click.option("--term", "terms", multiple=True, type=click.Choice(TERMS), help="Acceptable terms; several times.")
@click.option("--network", default="", help="The network to look in; the home network by default.")
@verb
async def outlook(as_json: bool, home: Path | None, lines: tuple[str, ...], **fields: Any) -> None:
    """Which offers could serve a need, soonest first: when, over which border, with which papers. Nobody is asked."""
    fields["needed_by"] = moment(fields["needed_by"]) if fields["needed_by"] else 0
    fields["terms"] = list(fields["terms"])
    wanted = OutlookRequest(lines=[asked_of(text) for text in lines], **fields)
    async with open_session(home) as session:
        emit(await session.call("request.outlook", wanted), as_json, _outlook)


@request.command("list")
@verb
async def list_(as_json: bool, home: Path | None) -> None:
    """Own requests, newest first."""
    async with open_session(home) as session:
        emit(await session.call("request.list"), as_json, _list)


@request.command("show")
@click.argument("id_")
@verb
async def show(as_json: bool, home: Path | None, id_: str) -> None:
    """One request: what is promised, offered, possible, and missing."""
    async with open_session(home) as session:
        emit(await session.call("request.show", RequestId(id=id_)), as_json, shown)


@request.command("refer")
@click.argument("about")
@click.argument("number")
@verb
async def refer(as_json: bool, home: Path | None, about: str, number: str) -> None:
    """Keep the reference NUMBER that another body gave to ABOUT (a request or an operation)."""
    from xstock_node.services.referring import Reference

    async with open_session(home) as session:
        found = await session.call("request.refer", Reference(about=about, number=number))
    emit(found, as_json, lambda view: pairs([("about", view.about), ("references", ", ".join(view.references))]))


@request.command("events")
@verb
async def events(as_json: bool, home: Path | None) -> None:
    """The events of this node's operations, the last changed first."""
    async with open_session(home) as session:
        emit(await session.call("event.list"), as_json, mobilised.events)


@request.command("table")
@click.argument("event")
@click.option("--exercise", is_flag=True, help="The event as exercises know it.")
@click.option("--csv", "as_csv", is_flag=True, help="The rows as CSV.")
@verb
async def table_(as_json: bool, home: Path | None, event: str, exercise: bool, as_csv: bool) -> None:
    """The mobilisation table of EVENT: asked, offered, promised, under way, received, and what is unknown."""
    wanted = EventId(event=event, exercise=exercise)
    async with open_session(home) as session:
        if as_csv and not as_json:
            found = await session.call("event.csv", wanted)
            click.echo(found.content.decode(), nl=False)
        else:
            emit(await session.call("event.show", wanted), as_json, mobilised.table_of)


@request.command("stand-down")
@click.argument("id_")
@click.option("--reason", default="covered", help="A word for why: covered, over, cancelled.")
@verb
async def stand_down(as_json: bool, home: Path | None, id_: str, reason: str) -> None:
    """Tell all who have not confirmed that the need is covered."""
    async with open_session(home) as session:
        emit(await session.call("request.stand-down", RequestId(id=id_, reason=reason)), as_json, shown)


@request.command("cancel")
@click.argument("id_")
@click.option("--reason", default="cancelled", help="A word for why.")
@verb
async def cancel(as_json: bool, home: Path | None, id_: str, reason: str) -> None:
    """End a request; what is binding already runs on."""
    async with open_session(home) as session:
        emit(await session.call("request.cancel", RequestId(id=id_, reason=reason)), as_json, shown)


def asked_of(text: str) -> Asked:
    """A line as it is typed: code, quantity, unit, and what it says for itself, behind commas."""
    head, *rest = text.split(",")
    code, mark, figure = head.partition("=")
    quantity, _, unit = figure.partition(":")
    fields: dict[str, Any] = {"item": code, "quantity": quantity, "unit": unit}
    for part in rest:
        name, given, value = part.partition("=")
        if name == "subs" and not given:
            fields["subs"] = True
        elif name == "by" and value:
            fields["by"] = moment(value)
        elif name in SAID and value and name not in fields:
            fields[name] = int(value) if name == "severity" and value in ("1", "2", "3") else value
        else:
            raise Refusal("bad-line", LINE, text, "write it so", 2)
    if not mark:
        raise Refusal("bad-line", LINE, text, "write it so", 2)
    try:
        return msgspec.convert(fields, Asked)
    except msgspec.ValidationError as error:
        raise Refusal("bad-line", LINE, str(error), "write it so", 2) from None


def _proposed(found: NeedView) -> str:
    rows = [(x.item or "?", x.quantity, x.unit, "; ".join(x.working), x.source) for x in found.lines]
    lines = table(("item", "quantity", "unit", "working", "source"), rows)
    said = found.conditions
    asked = " ".join(f"--line '{x.item}={x.quantity}{said}'" for x in found.lines if x.item)
    return lines + "\n\n" + words("request.next", "to ask for it: xstock request new --to NODE {lines}", lines=asked)


def _outlook(found: OutlookView) -> str:
    unknown = words("request.unknown", "unknown")
    rows = [
        (
            row.node,
            row.item,
            row.serves or row.quantity,
            row.unit,
            row.arrive or unknown,
            ", ".join(row.crossings),
            unknown if row.papers is None else ", ".join(row.papers),
            unknown if row.trucks is None else row.trucks,
            row.why,
        )
        for row in found.rows
    ]
    head = ("node", "item", "quantity", "unit", "arrives", "border", "papers", "trucks", "why not")
    return table(head, rows) if rows else words("request.no-offer", "nobody offers anything of it")


def _list(found: list[RequestView]) -> str:
    rows = [(marked(r.id, r.exercise), r.state, r.at, r.event, r.place, len(r.operations)) for r in found]
    return (
        table(("id", "state", "sent", "event", "place", "asked"), rows) if rows else words("request.none", "none yet")
    )


def _conditions(line: Coverage) -> Iterable[str]:
    """What a line says for itself, where it says something."""
    own = line.conditions
    said = (("needed by", own.needed_by), ("severity", own.severity), ("expiry from", own.expiry))
    told = [f"{name} {value}" for name, value in said if value] + (["substitutes welcome"] if own.subs else [])
    if told:
        yield f"{line.item}: {', '.join(told)}"
    if (how := own.reckoned) is not None:
        gross = words("value.unknown", "unknown") if how.gross is None else how.gross
        yield words(
            "request.reckoned",
            "{item}: {people} people in {households} households, {days} days, {climate}: {gross} by ratios {ratios},"
            " own use {own}{why}",
            item=line.item, people=how.people, households=how.households, days=how.days, climate=how.climate,
            gross=gross, ratios=how.ratios, own=how.own, why=f"; {how.why}" if how.why else "",
        )  # fmt: skip


def shown(found: RequestView) -> str:
    head = pairs(
        [
            ("id", found.id),
            ("state", found.state),
            ("event", found.event),
            ("references", ", ".join(found.references[1 if found.event else 0 :])),
            ("place", found.place),
            ("needed by", found.needed_by),
            ("not sent yet", ", ".join(found.unsent)),
            ("waits for", f"a second person: xstock op approve {found.waits}" if found.waits else ""),
        ]
    )
    lines = table(
        ("item", "unit", "asked", "promised", "offered", "possible", "received", "missing"),
        [(x.item, x.unit, x.asked, x.promised, x.offered, x.possible, x.received, x.missing) for x in found.lines],
    )
    lines += "".join(f"\n- {said}" for x in found.lines for said in _conditions(x))
    cases = table(
        ("operation", "with", "state", "turn", "goods"),
        [(o.case, o.supplier, o.state, o.turn, o.lines) for o in found.operations],
    )
    exercise = words("exercise.banner", "EXERCISE: nothing here is real") + "\n" if found.exercise else ""
    return f"{exercise}{head}\n\n{lines}\n\n{cases}"
