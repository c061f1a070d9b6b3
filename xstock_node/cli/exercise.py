"""`xstock exercise`: begin, end and report an exercise of this node; play a whole one and say what came out."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from xstock_node.cli.output import emit, only_our_stdout, pairs, say, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.services.asked_lines import Asked
from xstock_node.services.errors import Refusal
from xstock_node.services.exercising import ExerciseName, ExerciseReport, ExerciseView, StartExercise
from xstock_node.services.pausing import PauseRequest, PauseView

if TYPE_CHECKING:
    from xstock_node.testing.exercise.running import ExerciseResult


@click.group("exercise")
def exercise() -> None:
    """Exercises: begin, pause and end one here, read what came out; or play a whole one: start, stop, report, run."""


@exercise.command("start")
@click.argument("name")
@click.option("--network", default="", help="A network of exercises; the home network by default.")
@click.option("--offer", "offers", multiple=True, help="CODE=QUANTITY, invented; may be given several times.")
@verb
async def start(as_json: bool, home: Path | None, name: str, network: str, offers: tuple[str, ...]) -> None:
    """Begin the exercise NAME in a network of exercises, with invented offers; no real stock is touched."""
    async with open_session(home) as session:
        wanted = StartExercise(name=name, network=network, offers=[_asked(one) for one in offers])
        emit(await session.call("exercise.start", wanted), as_json, _one)


@exercise.command("stop")
@click.argument("name", default="")
@verb
async def stop(as_json: bool, home: Path | None, name: str) -> None:
    """End the exercise NAME, or the one that runs: its offers are withdrawn, its open operations are listed."""
    async with open_session(home) as session:
        emit(await session.call("exercise.stop", ExerciseName(name=name)), as_json, _one)


@exercise.command("list")
@verb
async def list_(as_json: bool, home: Path | None) -> None:
    """The exercises of this node, those that run first."""
    async with open_session(home) as session:
        found = await session.call("exercise.list")
    rows = [(one.name, one.network, one.began, one.ended) for one in found]
    emit(found, as_json, lambda _: table(("exercise", "network", "began", "ended"), rows))


@exercise.command("pause")
@click.option("--why", default="", help="What is attended to meanwhile.")
@verb
async def pause(as_json: bool, home: Path | None, why: str) -> None:
    """Pause the exercises of this node: nothing of them is signed. A real warning does so by itself."""
    async with open_session(home) as session:
        emit(await session.call("exercise.pause", PauseRequest(why=why)), as_json, _paused)


@exercise.command("resume")
@verb
async def resume(as_json: bool, home: Path | None) -> None:
    """Go on with the exercises of this node; the real warnings of now pause nothing again before they become graver."""
    async with open_session(home) as session:
        emit(await session.call("exercise.resume"), as_json, _paused)


@exercise.command("report")
@click.argument("name", default="")
@verb
async def report(as_json: bool, home: Path | None, name: str) -> None:
    """The figures of the exercise NAME, or of the last one: requests, operations, steps, answer times, shares."""
    async with open_session(home) as session:
        emit(await session.call("exercise.report", ExerciseName(name=name)), as_json, _report)


@exercise.command("run")
@click.argument("name", type=click.Choice(["flood"]))
@click.option("--data", type=click.Path(path_type=Path), help="An exercise file; else the smaller one of the product.")
@click.option("--real", is_flag=True, help="Play it on six processes of this machine, with real time and lines.")
@verb
async def run(as_json: bool, home: Path | None, name: str, data: Path | None, real: bool) -> None:
    """Play a flood in six countries, in memory or with --real on processes. Ends with 1 where a check fails."""
    if data is not None and not data.is_file():  # noqa: ASYNC240 - a verb does one thing at a time
        raise Refusal("no-file", f"an exercise file at {data}", "none", "check the path", 2)
    found = await (_on_processes(data) if real else _in_memory(data))
    emit(found, as_json, _shown)
    if not found.holds:
        raise click.exceptions.Exit(1)


async def _in_memory(data: Path | None) -> "ExerciseResult":
    from xstock_node.testing.exercise.running import run_in_memory

    say("exercise.begins", "EXERCISE: six countries ask at once; this takes less than a minute")
    with only_our_stdout():
        return await asyncio.get_running_loop().run_in_executor(None, run_in_memory, data)


async def _on_processes(data: Path | None) -> "ExerciseResult":
    from xstock_node.cli.federation import stop_by_signal, until_stopped
    from xstock_node.testing.exercise.real_running import run_real

    say("exercise.real", "EXERCISE: six countries as six processes ask at once; this takes about two minutes")
    with only_our_stdout():
        return await until_stopped(stop_by_signal(), run_real(data, _heard))


def _asked(text: str) -> Asked:
    code, mark, rest = text.partition("=")
    quantity, _, unit = rest.partition(":")
    if not mark:
        raise Refusal("bad-line", "CODE=QUANTITY or CODE=QUANTITY:UNIT", text, "write it so", 2)
    return Asked(item=code, quantity=quantity, unit=unit)


def _paused(found: PauseView) -> str:
    return f"paused since {found.paused}: {found.why}" if found.paused else "exercises go on"


def _one(found: ExerciseView) -> str:
    rows: list[tuple[str, object]] = [
        ("exercise", found.name),
        ("log", found.log),
        ("began", f"{found.began} ({found.by})"),
        ("ended", f"{found.ended} ({found.ended_by})" if found.ended else ""),
        ("offers", found.offers),
        ("withdrawn", found.withdrawn),
        ("still open", ", ".join(found.open)),
    ]
    return f"{_banner()}\n{pairs([row for row in rows if row[1] != ''])}"


def _report(found: ExerciseReport) -> str:
    apart = ("by_state", "covered")
    said = pairs((name, value) for name, value in msgspec.structs.asdict(found).items() if name not in apart)
    states = table(("state", "operations"), list(found.by_state.items()))
    shares = table(("event", "items", "covered"), [(one.event, one.items, one.share) for one in found.covered])
    return f"{_banner()}\n{said}\n\n{states}\n\n{shares}"


def _banner() -> str:
    return words("exercise.banner", "EXERCISE: nothing here is real")


def _heard(seconds: float, told: str) -> None:
    say("exercise.told", "  {seconds:6.1f} s  {told}", seconds=seconds, told=told)


def _shown(found: "ExerciseResult") -> str:
    head = words(
        "exercise.head",
        "EXERCISE {name}: {requests} requests, {operations} binding operations in {seconds} s",
        name=found.exercise,
        requests=found.requests,
        operations=found.operations,
        seconds=found.seconds,
    )
    shares = table(("node", "covered", "at most"), [(c, x.share, x.bound) for c, x in found.need_covered_share.items()])
    checks = table(("", "check", "result", "figures"), [(c.id, c.check, c.result, c.detail) for c in found.checks])
    events = table(
        ("hour", "event", "node", "result", "what was done, or why not"),
        [(one.at_h, one.kind, one.node, one.result, one.detail) for one in found.timeline],
    )
    return f"{head}\n\n{shares}\n\n{checks}\n\n{events}"
