"""`xstock conformance URL`: a node is judged by the clauses of the specification, over real HTTP."""

import asyncio
import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from xstock_node.cli.keyfiles import write_file
from xstock_node.cli.output import emit, verb, words
from xstock_node.services.errors import Refusal


@click.command("conformance")
@click.argument("url")
@click.option("--network", default="see", help="The network in which the node knows the partners.")
@click.option("--identities", type=click.Path(path_type=Path), help="Only write the partners' identities there.")
@click.option("--listen", default="", help="URL, without a path, at which the node may dial the kit.")
@click.option("--bind", default="", help="HOST:PORT to listen on, where a proxy stands in front of that URL.")
@click.option("--restart", default="", help="Command that ends the node without warning and starts it again.")
@click.option("--markdown", "markdown_file", type=click.Path(path_type=Path), help="Write a table for people here.")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path), help="Write JUnit XML here.")
@verb
async def conformance(
    as_json: bool,
    home: Path | None,
    url: str,
    network: str,
    identities: Path | None,
    listen: str,
    bind: str,
    restart: str,
    markdown_file: Path | None,
    junit_file: Path | None,
) -> None:
    """Judge the node at URL, which must know both partners and hold an offer. Ends with 1 when a clause is broken."""
    from xstock_node.testing.conformance import running
    from xstock_node.testing.conformance.scenario import Failed

    if identities is not None:
        files = _write(identities, {name: found.raw for name, found in running.partners(network, listen).items()})
        emit(files, as_json, lambda found: "\n".join(found))
        return
    try:
        again = _command(shlex.split(restart)) if restart else None
        report = await running.judge(running.Setting(url, network, listen, bind, again))
    except (Failed, OSError) as error:
        do = f"`xstock conformance {url} --identities FOLDER` writes the identities to pin at the node"
        raise Refusal("not-ready", "a node that can be judged", str(error), do) from None
    for file, text in ((markdown_file, running.markdown(report)), (junit_file, running.junit(report))):
        if file is not None:
            write_file(file, text.encode())
    emit(report, as_json, _shown)
    if report.failed:
        raise click.exceptions.Exit(1)


def _command(words: list[str]) -> Callable[[], Awaitable[None]]:
    """What runs the operator's command, and says so where it fails."""

    async def run() -> None:
        from xstock_node.testing.conformance.scenario import Failed

        process = await asyncio.create_subprocess_exec(*words)
        if await process.wait():
            raise Failed(f"expected {words[0]} to restart the node; it ended with {process.returncode}")

    return run


def _write(folder: Path, files: dict[str, bytes]) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, raw in files.items():
        write_file(folder / f"{name}.identity", raw)
    return [str(folder / f"{name}.identity") for name in files]


def _shown(report: "object") -> str:
    from xstock_node.testing.conformance.running import Report

    assert isinstance(report, Report)
    head = words(
        "conformance.head",
        "{node}: {passed} passed, {failed} failed, {skipped} skipped",
        node=report.node,
        passed=report.passed,
        failed=report.failed,
        skipped=report.skipped,
    )
    marks = {True: "skipped, ", False: ""}
    bad = [f"  {v.clause}  {v.title}: {marks[v.skipped]}{v.why}" for v in report.verdicts if not v.passed]
    return "\n".join([head, *bad])
