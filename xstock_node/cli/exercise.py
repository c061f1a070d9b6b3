"""`xstock exercise`: play a whole exercise and say what came out."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xstock_node.cli.output import emit, only_our_stdout, say, table, verb, words
from xstock_node.services.errors import Refusal

if TYPE_CHECKING:
    from xstock_node.testing.exercise.running import ExerciseResult


@click.group("exercise")
def exercise() -> None:
    """Exercises: play one, and see what must come out."""


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
    return f"{head}\n\n{shares}\n\n{checks}"
