"""`xstock op steps`: which steps there are, whose they are, from which states, and what each of them says."""

from pathlib import Path

import click

from xstock_node.cli.op import op
from xstock_node.cli.output import emit, pairs, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.domain.operations import BY_VERB
from xstock_node.domain.step_fields import StepRow, rows
from xstock_node.services.errors import Refusal
from xstock_node.services.operating import CaseId


@op.command("steps")
@click.argument("step", required=False)
@click.option("--case", default="", help="Only those that may be taken now in this operation.")
@verb
async def steps(as_json: bool, home: Path | None, step: str | None, case: str) -> None:
    """The steps that there are: who takes each, from which states, with which right, papers and fields."""
    if step is not None and step not in BY_VERB:
        raise Refusal("no-step", f"a step: {', '.join(BY_VERB)}", step, "see `xstock op steps`", 2)
    found = rows([step] if step else None)
    if case:
        async with open_session(home) as session:
            may = (await session.call("op.show", CaseId(case=case))).may
        found = [row for row in found if row.step in may]
    emit(found, as_json, _one if step else _all)


def _all(found: list[StepRow]) -> str:
    if not found:
        return words("op.no-step-now", "no step may be taken now")
    lines = [(row.step, row.side, ", ".join(row.states), row.leads_to, row.right, _own(row)) for row in found]
    return table(("step", "who", "from", "leads to", "right", "fields"), lines)


def _own(row: StepRow) -> str:
    """The names of the fields, without those that every step has."""
    every = {field.name for field in rows(["cancel"])[0].fields}
    return ", ".join(field.name for field in row.fields if "." not in field.name and field.name not in every)


def _one(found: list[StepRow]) -> str:
    if not found:
        return words("op.not-now", "it may not be taken now")
    (row,) = found
    head = pairs(
        [
            ("step", row.step),
            ("kind", row.kind),
            ("who", row.side),
            ("from", ", ".join(row.states)),
            ("leads to", row.leads_to or words("op.same-state", "the same state")),
            ("answers", ", ".join(row.answers)),
            ("right", f"{row.right} ({', '.join(row.roles)})"),
            ("papers", ", ".join(row.papers)),
        ]
    )
    fields = [(f.name, f.type, words(f"step.{row.step}.{f.name}", f.meaning)) for f in row.fields]
    return f"{head}\n\n{table(('field', 'type', 'meaning'), fields)}"
