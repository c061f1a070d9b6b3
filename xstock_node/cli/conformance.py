"""`xstock conformance URL`: a node is judged by the clauses of the specification, over real HTTP."""

from pathlib import Path

import click

from xstock_node.cli.keyfiles import write_file
from xstock_node.cli.output import emit, verb, words
from xstock_node.services.errors import Refusal


@click.command("conformance")
@click.argument("url")
@click.option("--network", default="see", help="The network in which the node knows the partners.")
@click.option("--identities", type=click.Path(path_type=Path), help="Only write the partners' identities there.")
@click.option("--markdown", "markdown_file", type=click.Path(path_type=Path), help="Write a table for people here.")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path), help="Write JUnit XML here.")
@verb
async def conformance(
    as_json: bool,
    home: Path | None,
    url: str,
    network: str,
    identities: Path | None,
    markdown_file: Path | None,
    junit_file: Path | None,
) -> None:
    """Judge the node at URL, which must know both partners and hold an offer. Ends with 1 when a clause is broken."""
    from xstock_node.testing.conformance import running
    from xstock_node.testing.conformance.partner import make_identity
    from xstock_node.testing.conformance.scenario import Failed

    if identities is not None:
        files = _write(identities, {name: make_identity(name, network).raw for name in running.PARTNERS})
        emit(files, as_json, lambda found: "\n".join(found))
        return
    try:
        report = await running.judge(url, network)
    except (Failed, OSError) as error:
        do = f"`xstock conformance {url} --identities FOLDER` writes the identities to pin at the node"
        raise Refusal("not-ready", "a node that can be judged", str(error), do) from None
    for file, text in ((markdown_file, running.markdown(report)), (junit_file, running.junit(report))):
        if file is not None:
            write_file(file, text.encode())
    emit(report, as_json, _shown)
    if report.failed:
        raise click.exceptions.Exit(1)


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
        "{node}: {passed} passed, {failed} failed",
        node=report.node,
        passed=report.passed,
        failed=report.failed,
    )
    bad = [f"  {v.clause}  {v.title}: {v.why}" for v in report.verdicts if not v.passed]
    return "\n".join([head, *bad])
