"""`xstock op`: operations from request to close, step by step."""

import textwrap
from pathlib import Path

import click
import msgspec

from xstock_node.cli.attached_files import attach_all, digest_of
from xstock_node.cli.output import ONCE, emit, marked, pairs, say, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.cli.step_fields import counts_of, fields_of, lines_of, side_of
from xstock_node.domain.operations import BY_VERB
from xstock_node.services.approving import ASK, Letter, PendingView
from xstock_node.services.assigning import Assign
from xstock_node.services.branches import Placed
from xstock_node.services.erasing import EraseLines
from xstock_node.services.errors import Refusal
from xstock_node.services.operating import Approval, CaseFilter, CaseId, PendingId, StepRequest, StepResult
from xstock_node.services.operation_views import OperationRow, OperationView, StepView


class EvidenceMade(msgspec.Struct, frozen=True, kw_only=True):
    """The file that was written, and what it holds."""

    file: str
    messages: int
    receipts: int
    witnesses: list[str]


_LINES = textwrap.wrap(f"Steps: {', '.join(BY_VERB)}.", width=76, break_on_hyphens=False)
EVERY_STEP = "\b\n" + "\n".join([*_LINES, "`xstock op steps STEP` says what each holds."])


@click.group("op")
def op() -> None:
    """Operations: list, show, take a step, release and approve."""


@op.command("list")
@click.option("--state", default="", help="Only those in this state.")
@click.option("--node", default="", help="Only those with this node.")
@click.option("--mine", is_flag=True, help="Only those in which this node acts next.")
@click.option("--ended", is_flag=True, help="Also those that have ended.")
@verb
async def list_(as_json: bool, home: Path | None, state: str, node: str, mine: bool, ended: bool) -> None:
    """Operations of this node, the last changed first."""
    async with open_session(home) as session:
        found = await session.call("op.list", CaseFilter(state=state, node=node, mine=mine, ended=ended))
    emit(found, as_json, _list)


@op.command("show")
@click.argument("case")
@verb
async def show(as_json: bool, home: Path | None, case: str) -> None:
    """One operation: state, whose turn it is, counters, every signed step."""
    async with open_session(home) as session:
        emit(await session.call("op.show", CaseId(case=case)), as_json, _one)


@op.command("step", epilog=EVERY_STEP)
@click.argument("case")
@click.argument("step_", metavar="STEP")
@click.option("--line", "lines", multiple=True, help="CODE=QUANTITY or CODE=QUANTITY:UNIT; several times.")
@click.option("--count", "counts", multiple=True, help="CODE=good:N,damaged:N,short:N,over:N; several times.")
@click.option("--field", "fields", multiple=True, help="name=value of the step; times as +6h or ISO; several times.")
@click.option("--side", multiple=True, help="KIND=TEXT of a person or plate, kept apart; side:0 names the first one.")
@click.option("--attach", "files", multiple=True, help="FILE or KIND=FILE to clean, keep and name; several times.")
@click.option("--attachment", "digests", multiple=True, help="SHA256 of what was attached before; several times.")
@ONCE
@verb
async def step(
    as_json: bool,
    home: Path | None,
    case: str,
    step_: str,
    once: str,
    lines: tuple[str, ...],
    counts: tuple[str, ...],
    fields: tuple[str, ...],
    side: tuple[str, ...],
    files: tuple[str, ...],
    digests: tuple[str, ...],
) -> None:
    """Take a step of an operation; `op show` lists those that may be taken now."""
    async with open_session(home) as session:
        said = fields_of(step_, fields)
        if lines:
            said["lines"] = await lines_of(session, lines)
        if counts:
            said["counts"] = await counts_of(session, counts)
        named = [*map(digest_of, digests), *[view.sha256 for view in await attach_all(session, case, files)]]
        request = StepRequest(case=case, step=step_, fields=said, side=side_of(side), attachments=named)
        emit(await session.call("op.step", request, once), as_json, _taken)


@op.command("pending")
@verb
async def pending(as_json: bool, home: Path | None) -> None:
    """Steps that wait for people of this node."""
    async with open_session(home) as session:
        emit(await session.call("op.pending"), as_json, _pending)


@op.command("approve")
@click.argument("id_")
@click.option(
    "--letter", default="", help="SHA-256 of the letter of an owner without an account; two persons enter it."
)
@click.option("--letter-day", default="", help="The letter's ISO date.")
@click.option("--letter-function", default="", help="The function that signed it; no name.")
@ONCE
@verb
async def approve(as_json: bool, home: Path | None, id_: str, once: str, **letter: str) -> None:
    """Release or approve a step that waits; the last signature sends it."""
    said = {name: letter[f"letter{end}"] for name, end in (("sha256", ""), ("day", "_day"), ("function", "_function"))}
    try:
        paper = msgspec.convert(said, Letter) if any(said.values()) else None
    except msgspec.ValidationError as error:
        expected = "--letter SHA256 --letter-day DAY --letter-function WORDS, all three"
        raise Refusal("bad-letter", expected, str(error), "read them from the paper", 2) from None
    async with open_session(home) as session:
        emit(await session.call("op.approve", Approval(id=id_, letter=paper), once), as_json, _taken)


@op.command("refuse")
@click.argument("id_")
@click.option("--reason", default="", help="Why; it stays in the list of acts.")
@verb
async def refuse(as_json: bool, home: Path | None, id_: str, reason: str) -> None:
    """Drop a step that waits."""
    async with open_session(home) as session:
        found = await session.call("op.refuse", PendingId(id=id_, reason=reason))
    emit(found, as_json, lambda p: words("op.dropped", "{step} is dropped", step=p.verb))


@op.command("assign")
@click.argument("case")
@click.option("--site", default="", help="The branch that it belongs to; the whole organisation by default.")
@verb
async def assign(as_json: bool, home: Path | None, case: str, site: str) -> None:
    """Give an operation to a branch: the people whose grants name that site see it and act on it."""
    async with open_session(home) as session:
        found = await session.call("op.assign", Assign(case=case, site=site))
    emit(found, as_json, _placed)


@op.command("erase")
@click.argument("case")
@click.option("--reason", default="", help="Why; it stays in the list of acts.")
@verb
async def erase(as_json: bool, home: Path | None, case: str, reason: str) -> None:
    """Erase names and plates of an operation here, for good; the hashes that were signed stay."""
    async with open_session(home) as session:
        found = await session.call("op.erase", EraseLines(case=case, reason=reason))
    emit(found, as_json, lambda p: words("op.erased", "{count} erased", count=p.erased))


@op.command("evidence")
@click.argument("case")
@click.option("--out", type=click.Path(path_type=Path), help="Where to; CASE.xsevidence by default.")
@verb
async def evidence(as_json: bool, home: Path | None, case: str, out: Path | None) -> None:
    """Write the file that proves an operation anywhere, without network."""
    async with open_session(home) as session:
        found = await session.call("op.evidence", CaseId(case=case))
    path = out or Path(found.file)
    path.write_bytes(found.content)
    made = EvidenceMade(file=str(path), messages=found.messages, receipts=found.receipts, witnesses=found.witnesses)
    emit(made, as_json, lambda m: words("op.evidence", "{file}: {count} messages", file=m.file, count=m.messages))


@op.command("verify")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", "keys", multiple=True, type=click.Path(path_type=Path), help="Identity note of a party.")
@verb
async def verify(as_json: bool, home: Path | None, file: Path, keys: tuple[Path, ...]) -> None:
    """Check an evidence file or a paper. Ends with 0 when all holds, 6 when a root key is not known here, else 1."""
    from xstock_node.cli.op_verify import UNKNOWN_KEY, shown, verified

    found = verified(file, home, keys)
    emit(found, as_json, shown)
    if not all(party.known for party in found.parties):
        say("op.unknown-key", "compare the 24 digits with each party by voice, or give --key FILE")
        raise click.exceptions.Exit(UNKNOWN_KEY)


def _list(found: list[OperationRow]) -> str:
    rows = [(marked(o.case, o.exercise), o.requester, o.supplier, o.state, o.turn, o.changed, o.lines) for o in found]
    if not rows:
        return words("op.none", "none")
    return table(("operation", "requester", "supplier", "state", "turn", "changed", "goods"), rows)


def _one(found: OperationView) -> str:
    parts = [words("exercise.banner", "EXERCISE: nothing here is real")] if found.exercise else []
    rows = [
        ("operation", found.case),
        ("requester", found.requester),
        ("supplier", found.supplier),
        ("state", found.state),
        ("turn", found.turn),
        ("terms", found.terms),
        ("due", found.due),
        ("held until", found.hold_until),
        ("answer by", found.answer_by),
        ("not delivered", found.undelivered),
        ("waits for", ", ".join(found.waiting)),
        ("may be taken", ", ".join(found.may)),
    ]
    if found.former_member:
        rows.insert(3, ("", words("op.former", "the other side is a former member: only obligations are reduced")))
    parts.append(pairs([row for row in rows if row[1] != ""]))
    figures = [(c.item, c.unit, ", ".join(f"{k} {v}" for k, v in c.figures.items())) for c in found.counters]
    if figures:
        parts.append(table(("item", "unit", "counters"), figures))
    if found.provisional:
        counts = [(step.hash, step.time) for step in found.provisional]
        parts.append(table(("counted by one person", "at"), counts))
    if found.loans:
        lent = [(x.item, x.quantity, x.unit, x.due) for x in found.loans]
        parts.append(table(("on loan", "quantity", "unit", "due"), lent))
    if found.consignments:
        rows_ = [(c.id, c.stand, c.crossing, c.day, c.void) for c in found.consignments]
        parts.append(table(("consignment", "stands", "crossing", "day", "void"), rows_))
    parts.append(table(("time", "who", "step", "kind", "receipt"), [_step(s) for s in found.timeline]))
    return "\n\n".join(parts)


def _step(step: StepView) -> tuple[str, str, str, str, str]:
    received = words("op.held", "held") if step.receipted else words("op.awaited", "awaited")
    return step.time, step.by, step.verb, step.kind, received


def _taken(found: StepResult) -> str:
    if found.step == ASK and found.sent:
        return words("op.asked", "request {id} is sent: xstock request show {id}", id=found.case)
    if found.sent:
        return words("op.sent", "{step} is signed; the operation is {state}", step=found.step, state=found.state)
    return words(
        "op.waits",
        "{step} waits for {missing} ({why}): xstock op approve {id}",
        step=found.step,
        missing=", ".join(found.missing),
        why="; ".join(found.why),
        id=found.waiting,
    )


def _pending(found: list[PendingView]) -> str:
    rows = [
        (p.id, marked(p.case, p.exercise), p.verb, p.by, p.at, ", ".join(p.missing), "; ".join(p.why)) for p in found
    ]
    if not rows:
        return words("op.nothing-waits", "nothing waits")
    return table(("id", "operation or request", "step", "by", "since", "needs", "why"), rows)


def _placed(found: Placed) -> str:
    if not found.site:
        return words("op.given_back", "{case} belongs to the whole organisation", case=found.id)
    return words("op.assigned", "{case} belongs to {site}", case=found.id, site=found.site)


import xstock_node.cli.op_attachments  # noqa: E402 - registers its commands on the group above
import xstock_node.cli.op_papers  # noqa: E402 - and so does this
import xstock_node.cli.op_steps  # noqa: E402, F401 - and this
