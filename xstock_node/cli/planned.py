"""`xstock request plan`: a proposed plan in words, its file, and the plan made again from one."""

from pathlib import Path
from typing import Any

import click
import msgspec

from xstock_node.cli.output import emit, only_our_stdout, pairs, say, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.cli.step_fields import moment
from xstock_node.services.errors import Refusal
from xstock_node.services.plan_keeping import KeptView, PlanOf
from xstock_node.services.plan_views import PlanFile, PlanFlow, PlanView, replayed
from xstock_node.services.planning import UNKNOWN_ROAD, PlanRequest

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("plan")
@click.argument("ids", nargs=-1)
@click.option("--plain", is_flag=True, help="Without the solver: within every limit, not proved to be good.")
@click.option("--accept-by", default="", help="When acceptances reach the suppliers: +2h, or an ISO time; else now.")
@click.option(
    "--unknown-road", default=UNKNOWN_ROAD, help="Hours that a road is reckoned with of which none are known."
)
@click.option("--save", type=FILE, help="Also write the inputs to a file, from which anybody makes the plan again.")
@click.option("--replay", type=FILE, help="Make the plan of a saved file again; no node is needed.")
@click.option("--last", is_flag=True, help="The last plan of one request, beside what was accepted since.")
@verb
async def plan(as_json: bool, home: Path | None, ids: tuple[str, ...], **options: Any) -> None:
    """A proposed plan for own requests IDS over all offers known here, and why; it decides nothing."""
    last, save = options["last"], options["save"]
    if options["replay"] is not None:
        _only(not ids and not last and save is None, "--replay FILE alone")
        with only_our_stdout():
            again = _again(options["replay"])
        emit(again, as_json, plan_words)
        return
    _only(len(ids) == 1 if last else bool(ids), "one request with --last" if last else "the ids of requests")
    async with open_session(home) as session:
        if last:
            emit(await session.call("request.planned", PlanOf(id=ids[0])), as_json, _kept)
            return
        accept_by = moment(options["accept_by"]) if options["accept_by"] else 0
        wanted = PlanRequest(
            requests=list(ids),
            plain=options["plain"],
            accept_by=accept_by,
            unknown_road=options["unknown_road"],
            file=save is not None,
        )
        with only_our_stdout():
            found: PlanView = await session.call("request.plan", wanted)
    if save is not None:
        save.write_bytes(msgspec.json.format(msgspec.json.encode(found.file), indent=1) + b"\n")
        say("plan.saved", "the inputs are in {file}; xstock request plan --replay makes the plan again", file=str(save))
    emit(msgspec.structs.replace(found, file=None), as_json, plan_words)


def plan_words(found: PlanView) -> str:
    """A plan in words."""
    head = pairs(
        [
            ("requests", ", ".join(found.requests)),
            ("as of", found.at),
            ("solver", found.solver),
            ("gap", found.gap),
            ("fairness", f"{found.rule.order}, {found.rule.floor}: {found.rule.why}"),
            ("hash", found.hash),
        ]
    )
    lines = table(
        ("line", "item", "unit", "asked", "promised", "planned", "unmet", "fair part"),
        [(x.line, x.item, x.unit, x.asked, x.promised, x.planned, x.unmet, _or(x.fair)) for x in found.lines],
    )
    parts = [head, lines, *(f"- {why}" for line in found.lines for why in line.why)]
    if found.flows:
        parts.append(
            table(
                ("line", "supplier", "kind", "quantity", "unit", "item", "terms", "leaves", "there", "late h", "age h"),
                [_flow(one) for one in found.flows],
            )
        )
        parts += [f"- {why}" for flow in found.flows for why in flow.why]
        rows = [
            (x.depot, x.site, x.vehicle, words("plan.least", "{count} or more", count=x.count), x.kg, x.m3,
             ", ".join(x.unknown)) for x in found.trips
        ]  # fmt: skip
        parts.append(table(("from", "to", "vehicle", "vehicles", "known kg", "known m3", "size unknown"), rows))
    parts.append("\n".join([words("plan.assumed", "Taken for granted:"), *(f"- {x}" for x in found.assumed)]))
    parts += [f"- {note}" for note in found.notes]
    parts.append(words("plan.proposes", "This plan proposes; nothing is asked of anybody and nothing is held by it."))
    banner = words("exercise.banner", "EXERCISE: nothing here is real") + "\n" if found.exercise else ""
    return banner + "\n\n".join(parts)


def _flow(flow: PlanFlow) -> tuple[object, ...]:
    kind = words("plan.held", "held until {time}", time=flow.hold_until or "?") if flow.held else _hint(flow)
    return (
        flow.line, flow.supplier, kind, flow.quantity, flow.unit, flow.item, flow.terms, flow.depart, _or(flow.arrive),
        _or(flow.late_hours), flow.age // 3600,
    )  # fmt: skip


def _hint(flow: PlanFlow) -> str:
    state = flow.state or words("plan.not-asked", "not asked")
    return words("plan.hint", "hint, {state}", state=state)


def _kept(found: KeptView) -> str:
    chosen = table(
        ("request", "supplier", "item", "unit", "proposed", "accepted since"),
        [(x.request, x.supplier, x.item, x.unit, x.proposed, x.accepted) for x in found.chosen],
    )
    head = pairs([("proposed", found.at), ("to", found.by), ("plans kept", len(found.kept))])
    return f"{head}\n\n{chosen}\n\n{plan_words(found.plan)}"


def _again(path: Path) -> PlanView:
    do = "take a file that --save wrote"
    try:
        file = msgspec.json.decode(path.read_bytes(), type=PlanFile)
        if file.xstock_plan != 1:
            raise Refusal("bad-plan", "a plan file of version 1", str(file.xstock_plan), do, 2)
        return replayed(file)
    except OSError as error:
        raise Refusal("no-file", "a plan file", f"{path}: {error.strerror}", do, 2) from None
    except (msgspec.DecodeError, ValueError, KeyError, ArithmeticError) as error:
        raise Refusal("bad-plan", "a plan file", f"{path}: {error}", do, 2) from None


def _or(text: str | None) -> str:
    return words("value.unknown", "unknown") if text is None else text


def _only(fits: bool, expected: str) -> None:
    if not fits:
        raise Refusal("bad-plan", expected, "something else", "see `xstock request plan --help`", 2)
