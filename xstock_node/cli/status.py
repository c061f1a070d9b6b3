"""`xstock status` and `xstock doctor`."""

from pathlib import Path

import click

from xstock_node.api.problems import problem_of
from xstock_node.cli.output import emit, pairs, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.config import home_folder
from xstock_node.protocol import limits
from xstock_node.services.looked import Finding
from xstock_node.services.overview import StatusView
from xstock_node.services.typed import clean


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
    findings = await _examine(home)
    emit(findings, as_json, _findings)
    wrong = [found.check for found in findings if found.state == "error"]
    if wrong:
        raise click.exceptions.Exit(1)


async def _examine(home: Path | None) -> list[Finding]:
    """All checks of the node; where it cannot be opened, those of its folder, and why it cannot."""
    from xstock_node.cli.preflight import finding_of, look

    try:
        async with open_session(home) as session:
            found: list[Finding] = await session.call("doctor")
            return found
    except Exception as error:
        problem = problem_of(error)
        if problem is None:
            raise
    findings = look(home_folder(str(home) if home else None))
    if not any(finding.state == "error" for finding in findings):
        findings.append(finding_of("node", problem))
    return findings


_PROCESS = {
    "leads": lambda: words("status.leads", "leads, of those on its database"),
    "stands by": lambda: words("status.stands-by", "stands by: another one leads and writes"),
}


def _status(view: StatusView) -> str:
    kind = words("mark.exercise", "EXERCISE") + " " if view.exercise else ""
    ahead = view.clock_offset or 0
    off = ""
    if abs(ahead) > limits.CLOCK_JUMP:
        off = words("status.clock", "{seconds} s off the median of the peers': set it (NTP)", seconds=abs(ahead))
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
                if view.running or view.process == "stands by"
                else words("status.not-running", "no: `xstock serve` starts it"),
            ),
            *([] if view.process == "alone" else [("process", _PROCESS[view.process]())]),
            (
                "offers",
                words("status.offers", "{own} own, {seen} seen in all", own=view.offers, seen=view.offers_seen),
            ),
            ("fingerprint", view.digits),
            ("database", f"{view.database_bytes / 1e6:.1f} MB"),
            *([("CLOCK", off)] if off else []),
            *([("HALTED", view.halted)] if view.halted else []),
        ]
    )
    never = words("value.never", "never")
    rows = [(p.name, p.country, p.offers, p.last_in or never, p.last_out or never, p.refusals) for p in view.peers]
    banner = "".join(f"{words('exercise.runs', 'EXERCISE {name} RUNS: nothing of it is real', name=n)}\n" for n in
                     view.exercises)  # fmt: skip
    return banner + head + "\n\n" + table(("peer", "in", "offers", "called us", "answered us", "refused"), rows)


def _findings(findings: list[Finding]) -> str:
    signs = {"ok": "ok", "warning": "!", "error": "ERROR"}
    lines = []
    for found in findings:
        seen = clean(words(f"check.{found.check}", found.found))
        lines.append(f"{signs[found.state].ljust(5)}  {clean(found.check)}: {seen}")
        lines += [f"       -> {clean(words('check.do', found.do))}"] if found.do else []
    return "\n".join(lines)
