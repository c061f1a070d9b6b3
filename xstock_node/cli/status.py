"""`xstock status` and `xstock doctor`."""

from pathlib import Path

import click

from xstock_node.cli.output import emit, pairs, table, verb, words
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
    kind = words("mark.exercise", "EXERCISE") + " " if view.exercise else ""
    head = pairs(
        [
            ("node", f"{view.node} ({view.organisation})"),
            (
                "log",
                kind
                + words(
                    "status.log",
                    "{log}, epoch {epoch}, {records} records",
                    log=view.log,
                    epoch=view.epoch,
                    records=view.records,
                ),
            ),
            (
                "running",
                words("value.yes", "yes")
                if view.running
                else words("status.not-running", "no: `xstock serve` starts it"),
            ),
            (
                "offers",
                words("status.offers", "{own} own, {seen} seen in all", own=view.offers, seen=view.offers_seen),
            ),
            ("fingerprint", view.digits),
            ("database", f"{view.database_bytes / 1e6:.1f} MB"),
            *([("HALTED", view.halted)] if view.halted else []),
        ]
    )
    never = words("value.never", "never")
    rows = [(p.name, p.country, p.offers, p.last_in or never, p.last_out or never, p.refusals) for p in view.peers]
    return head + "\n\n" + table(("peer", "in", "offers", "called us", "answered us", "refused"), rows)


def _findings(findings: list[Finding]) -> str:
    signs = {"ok": "ok", "warning": "!", "error": "ERROR"}
    lines = []
    for found in findings:
        seen = words(f"check.{found.check}", found.found)
        lines.append(f"{signs[found.state].ljust(5)}  {found.check}: {seen}")
        lines += [f"       -> {words('check.do', found.do)}"] if found.do else []
    return "\n".join(lines)
