"""`xstock status` and `xstock doctor`."""

from pathlib import Path

import click

from xstock_node.cli.output import emit, pairs, table, verb
from xstock_node.cli.session import open_session
from xstock_node.services.checks import Finding
from xstock_node.services.overview import StatusView


@click.command("status")
@verb
async def status(as_json: bool, home: Path | None) -> None:
    """This node at a glance."""
    async with open_session(home) as session:
        emit(await session.call("status"), as_json, _status)


@click.command("doctor")
@verb
async def doctor(as_json: bool, home: Path | None) -> None:
    """What is well, and what to type for what is not. Ends with 1 when something is wrong."""
    async with open_session(home) as session:
        findings = await session.call("doctor")
    emit(findings, as_json, _findings)
    wrong = [found.check for found in findings if found.state == "error"]
    if wrong:
        raise click.exceptions.Exit(1)


def _status(view: StatusView) -> str:
    kind = "EXERCISE " if view.exercise else ""
    head = pairs(
        [
            ("node", f"{view.node} ({view.organisation})"),
            ("log", f"{kind}{view.log}, epoch {view.epoch}, {view.records} records"),
            ("running", "yes" if view.running else "no: `xstock serve` starts it"),
            ("offers", f"{view.offers} own, {view.offers_seen} seen in all"),
            ("fingerprint", view.digits),
            ("database", f"{view.database_bytes / 1e6:.1f} MB"),
            *([("HALTED", view.halted)] if view.halted else []),
        ]
    )
    rows = [(p.name, p.country, p.offers, p.last_in or "never", p.last_out or "never", p.refusals) for p in view.peers]
    return head + "\n\n" + table(("peer", "in", "offers", "called us", "answered us", "refused"), rows)


def _findings(findings: list[Finding]) -> str:
    signs = {"ok": "ok", "warning": "!", "error": "ERROR"}
    lines = []
    for found in findings:
        lines.append(f"{signs[found.state].ljust(5)}  {found.check}: {found.found}")
        lines += [f"       -> {found.do}"] if found.do else []
    return "\n".join(lines)
