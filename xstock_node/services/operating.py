"""Operating: people take the steps of operations. Rights, guards and approvals first; then the node signs and sends."""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from xstock_node.domain import guards, steps
from xstock_node.domain.items import Category
from xstock_node.domain.operations import BY_VERB, fits, may
from xstock_node.domain.reasons import sentence
from xstock_node.protocol import limits
from xstock_node.protocol.messages import SideLine
from xstock_node.protocol.recordtypes import Hash, Word
from xstock_node.services import (
    approving,
    asking,
    attachments,
    counting,
    crews,
    dossier,
    gates,
    leaving,
    operation_views,
    pausing,
    people,
)
from xstock_node.services.approving import ASK, PENDING, Draft, Letter, Pending, PendingView
from xstock_node.services.branches import pending_of, row_of, site_of, visible
from xstock_node.services.casework import Casework, Sent
from xstock_node.services.dossier import Dossier
from xstock_node.services.errors import Refusal
from xstock_node.services.fresh import fresh
from xstock_node.services.office import Actor, Office
from xstock_node.services.once import Done, done, mark
from xstock_node.services.operation_views import OperationRow, OperationView
from xstock_node.services.promises import claims
from xstock_node.services.request_views import request_of
from xstock_node.services.requesting import send_out
from xstock_node.services.thresholds import Judge, Medicines, Needs, needs_of
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Act, StoredCase


class CaseId(msgspec.Struct, frozen=True, kw_only=True):
    """One operation."""

    case: str


class CaseFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which operations: in a state, with a node, those in which this node has to act, all with `ended`."""

    state: str = ""
    node: str = ""
    mine: bool = False
    ended: bool = False


class SideText(msgspec.Struct, frozen=True, kw_only=True):
    """A name, telephone number or plate: kept and erased apart from the signed step."""

    kind: Word
    text: Annotated[str, Meta(max_length=limits.FREE_TEXT)]


class StepRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A step to take: its verb and fields (protocol/schemas/steps.json), and personal data beside it.

    `attachments` are hashes of files that were attached to the operation before.
    """

    case: str
    step: Word
    fields: dict[str, Any] = {}
    side: list[SideText] = []
    attachments: Annotated[list[Hash], Meta(max_length=limits.BLOBS)] = []


class StepResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a step: `sent`, or `waiting` (an id) for the rights in `missing`."""

    case: str
    step: str
    sent: bool
    state: str
    hash: str = ""
    waiting: str = ""
    missing: list[str] = []
    why: list[str] = []


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A step that waits, to be signed; with `letter` by the paper of an owner who has no account here."""

    id: str
    letter: Letter | None = None


class PendingId(msgspec.Struct, frozen=True, kw_only=True):
    """A step that waits for people of this node; `reason` where it is refused."""

    id: str
    reason: str = ""


class Approved(NamedTuple):
    """The rights that a step was signed with, and what it waited as; `check` in the transaction that sends it."""

    judge: Judge
    rights: frozenset[str]
    pending: str = ""

    def check(self, tx: Transaction) -> None:
        """Raise Refusal where the step has come to need more than it was signed with."""
        needs = self.judge(tx)
        if lacking := [right for right in needs if right not in self.rights]:
            why = "; ".join(reason for right in lacking for reason in needs[right])
            raise Refusal("approval-needed", f"the word of {' and '.join(lacking)}", why, "take it or approve it again")


async def list_operations(office: Office, actor: Actor, request: CaseFilter) -> list[OperationRow]:
    """Operations of this node, newest first."""
    own = office.node.identity.name

    def work(tx: Transaction) -> list[OperationRow]:
        seen = visible(tx, actor, office.node.clock.now())
        cases = [case for network in office.node.networks for case in tx.cases.all(network)]
        return [operation_views.row(dossier.read(tx, case), own) for case in cases if seen(case.id)]

    found = [row for row in await office.node.engine.read(work) if _wanted(row, request, own)]
    return sorted(found, key=lambda row: (row.changed, row.case), reverse=True)


async def show_operation(office: Office, actor: Actor, request: CaseId) -> OperationView:
    """One operation with every signed step."""
    return await office.node.engine.read(lambda tx: _view(office, tx, request.case))


async def take_step(office: Office, actor: Actor, request: StepRequest) -> StepResult:
    """Take a step, or write it down for who has to release or approve it."""
    now = office.node.clock.now()
    if before := await office.node.engine.read(lambda tx: done(tx, actor.name, actor.once, now)):
        return await _again(office, actor, before)
    row, found = await held(office, request.case)
    side = tuple(side_line(office, text) for text in request.side)
    exercise = office.node.networks[row.network].shared.is_exercise
    await pausing.expect_going_in(office, row.network)
    fields = await crews.told(office, found.side(office.node.identity.name), _named(request, side), not exercise)
    fields |= await office.node.engine.read(lambda tx: gates.settled(office, tx, row.id, request.step, fields))
    fields |= counting.provisional(request.step) | await _attached(office, request)
    draft = Draft(row.id, request.step, fields, side)
    body = check(office, found, draft)
    step = BY_VERB[request.step]
    judge = await _judge(office, row, request.step, body)
    needs = await office.node.engine.read(judge)
    holds = people.may(actor, step.right, now)
    if not holds and not ("release" in needs and people.may(actor, "answer", now)):
        raise people.forbidden(actor, step.right)
    await leaving.check(office, row.id, request.step, body)
    signed: frozenset[str] = frozenset()
    if needs:
        pending = approving.begin(office, actor, draft, needs, exercise)
        if pending.missing:
            return await _wait(office, actor, pending, found)
        signed = pending.rights
    await office.node.engine.read(lambda tx: gates.check(office, tx, draft))
    await office.node.engine.read(lambda tx: counting.check(tx, actor, request.step, str(getattr(body, "of", ""))))
    return await send(office, actor, row, draft, Approved(judge, signed))


async def list_pending(office: Office, actor: Actor, request: None = None) -> list[PendingView]:
    """Steps that wait for people of this node."""
    now = office.node.clock.now()

    def work(tx: Transaction) -> list[PendingView]:
        seen = visible(tx, actor, now)
        return [approving.pending_view(p) for p in approving.live(tx, now) if seen(p.case)]

    return await office.node.engine.read(work)


async def approve(office: Office, actor: Actor, request: Approval) -> StepResult:
    """Sign a waiting step with a right that it needs, or enter its owner's letter; the last one sends it.

    The last signature is kept only where the step can still be taken.
    """
    now = office.node.clock.now()
    if before := await office.node.engine.read(lambda tx: done(tx, actor.name, actor.once, now)):
        return await _again(office, actor, before)

    waits = await office.node.engine.read(lambda tx: pending_of(tx, request.id, now))
    if waits.is_exercise:
        await office.node.engine.read(pausing.expect_going)
    if waits.verb == ASK:
        asked = await asking.approve(office, actor, waits.id, request.letter)
        return await _request_sent(office, actor, asked.case)
    row, body = (await held(office, waits.case))[0], steps.body_of(waits.verb, waits.fields)
    await leaving.check(office, waits.case, waits.verb, body)
    judge = await _judge(office, row, waits.verb, body)

    unsigned: list[Pending] = []

    def work(tx: Transaction) -> Pending:
        pending = approving.judged(pending_of(tx, request.id, now), judge(tx))
        unsigned.append(pending)
        if pending.missing:
            pending = approving.sign(office, tx, actor, pending, request.letter)
        elif not any(people.may(actor, right, now) for right in pending.needs):
            raise people.forbidden(actor, " or ".join(pending.needs), "ask one of them")
        if not pending.missing:
            gates.check(office, tx, pending)
            check(office, dossier.read(tx, row_of(office, tx, pending.case)), pending.draft)
        PENDING.put(tx, pending.id, pending, now)
        return pending

    pending = await office.node.engine.write(work, durable=True)
    if pending.missing:
        _, found = await held(office, pending.case)
        return _waiting(pending, found.operation().state or "")
    try:
        return await send_signed(office, actor, pending)
    except Refusal:
        await office.node.engine.write(lambda tx: _unsign(tx, unsigned[-1], now), durable=True)
        raise


async def _request_sent(office: Office, actor: Actor, id_: str) -> StepResult:
    """Ask whoever was not asked yet, where nobody has to approve it any more; also again, after a crash between."""
    await send_out(office, actor, await office.node.engine.read(lambda tx: request_of(tx, id_)))
    return await _request_result(office, id_)


async def _request_result(office: Office, id_: str) -> StepResult:
    """Where a whole request stands: sent to somebody, waiting for whom, or ended."""

    def work(tx: Transaction) -> StepResult:
        waits = next((p for p in approving.live(tx, office.node.clock.now(), id_) if p.verb == ASK), None)
        held = request_of(tx, id_)
        return _waiting(waits, "") if waits else StepResult(case=id_, step=ASK, sent=bool(held.cases), state=held.ended)

    return await office.node.engine.read(work)


def _unsign(tx: Transaction, pending: Pending, now: int) -> None:
    """What could not be sent is not left signed, or another's word would send it later; what was sent is gone."""
    if PENDING.get(tx, pending.id) is not None:
        PENDING.put(tx, pending.id, pending, now)


async def send_signed(office: Office, actor: Actor, pending: Pending) -> StepResult:
    """Send a step that everybody has signed; the end of its waiting is stored with it, so that it is sent once."""
    row, found = await held(office, pending.case)
    body = check(office, found, pending.draft)
    await office.node.engine.read(lambda tx: gates.check(office, tx, pending.draft))
    await leaving.check(office, row.id, pending.verb, body)
    judge = await _judge(office, row, pending.verb, body)
    return await send(office, actor, row, pending.draft, Approved(judge, pending.rights, pending.id))


async def refuse(office: Office, actor: Actor, request: PendingId) -> PendingView:
    """Refuse a waiting step: it is dropped, with the reason in the list of acts."""
    now = office.node.clock.now()

    def work(tx: Transaction) -> Pending:
        pending = pending_of(tx, request.id, now)
        if actor.name != pending.by and not any(people.may(actor, right, now) for right in pending.needs):
            raise people.forbidden(actor, " or ".join(pending.needs), "ask one of them")
        asking.dropped(tx, pending, now)
        office.record(tx, actor, "approve.refuse", pending.case, f"{pending.verb} {pending.id} {request.reason}")
        return pending

    return approving.pending_view(await office.node.engine.write(work, durable=True))


def check(office: Office, found: Dossier, draft: Draft) -> steps.Body:
    """The typed body of a step that may be taken now; else the Refusal that says why not and what may."""
    operation, side, verb = found.operation(), found.side(office.node.identity.name), draft.verb
    why = fits(verb, side, operation.state) or may(verb, side, operation.decided)
    if why:
        now = ", ".join(operation_views.steps_now(operation, side)) or "none"
        raise Refusal("step", f"a step that may be taken now: {now}", why, f"the operation is {operation.state}")
    try:
        body = steps.body_of(verb, draft.fields)
    except msgspec.ValidationError as error:
        raise Refusal("bad-step", f"the fields of {verb}", str(error), "see protocol/schemas/steps.json", 2) from None
    objections = guards.objections(operation, verb, body, office.node.clock.now())
    if objections:
        code = objections[0].code.replace("_", "-")
        raise Refusal(code, f"a {verb} that holds", "; ".join(sentence(o) for o in objections))
    return body


async def send(
    office: Office, actor: Actor, row: StoredCase, draft: Draft, approved: Approved | None = None
) -> StepResult:
    """Sign a step and let it be delivered; its act, and the end of its waiting, are stored with it.

    What it needs is judged once more in that transaction: another step to the same requester may just have been sent.
    """
    body = {"step": draft.verb, **draft.fields, **({"pd": True} if draft.side else {})}
    now, said = office.node.clock.now(), draft.fields.get("reason") or draft.fields.get("note") or ""
    reason = " ".join(str(said).split())  # an act is one line

    def beside(tx: Transaction, sent: Sent) -> list[bytes]:
        act = Act(now, str(actor), f"op.{draft.verb}", f"{row.id} {sent.link.hash}", reason)
        tx.acts.add(act)
        if approved:
            approved.check(tx)
            PENDING.drop(tx, approved.pending)
        counting.kept(tx, actor, draft.verb, sent.link.hash, now)
        mark(tx, actor.name, actor.once, now, about=row.id, step=draft.verb, hash=sent.link.hash)
        return [act.text()]

    sent = await _casework(office, row).send(row.id, body, draft.side, beside)
    office.changes.tell(row.id)
    _, found = await held(office, row.id)
    state = found.operation().state or ""
    return StepResult(case=row.id, step=draft.verb, sent=True, state=state, hash=sent.link.hash)


def side_line(office: Office, text: SideText) -> bytes:
    """A side line with its salt, as it travels."""
    _, salt = fresh(office.node.random)
    return msgspec.json.encode(SideLine(kind=text.kind, text=text.text, n=salt))


def _named(request: StepRequest, side: Sequence[bytes]) -> dict[str, Any]:
    """The fields, where `side:0` is the hash of the first side line: a vehicle is named so, never by its plate."""
    named = {f"side:{n}": hashlib.sha256(line).hexdigest() for n, line in enumerate(side)}
    return {key: named.get(value, value) if isinstance(value, str) else value for key, value in request.fields.items()}


async def _attached(office: Office, request: StepRequest) -> dict[str, Any]:
    """The fields by which a step names attachments and says what they are (xs1 16.22)."""
    if not request.attachments:
        return {}
    digests = list(dict.fromkeys(request.attachments))
    found = await office.node.engine.read(lambda tx: attachments.named(tx, request.case, digests))
    return {"blobs": digests, "attached": msgspec.to_builtins(found)}


async def _judge(office: Office, row: StoredCase, verb: str, body: steps.Body) -> Judge:
    """What a step needs, as things stand in the transaction in which it is asked."""
    now, lines = office.node.clock.now(), getattr(body, "lines", ())
    medicines = await _medicines(office, row.id, lines)

    def needs(tx: Transaction) -> Needs:
        stock, sharing = _casework(office, row).stock(tx)
        owed = claims(tx, sharing, row.supplier, stock, now, row.id, row.requester).owed
        return needs_of(verb, lines, stock, office.settings.second_person, medicines, owed)

    return needs


async def _medicines(office: Office, case: str, lines: Sequence[steps.Line]) -> Medicines:
    """The medical items among lines, and whether somebody has the pharmacist's right where the operation belongs."""
    catalogue, now = await office.catalogue(), office.node.clock.now()
    items = [item for code in dict.fromkeys(line.item for line in lines) if (item := catalogue.get(code))]
    medical = tuple(item.code for item in items if item.medical or item.category is Category.MEDICAL)
    if not medical:
        return Medicines()
    return Medicines(
        medical, await office.node.engine.read(lambda tx: people.anybody(tx, "pharmacist", now, site_of(tx, case)))
    )


async def _wait(office: Office, actor: Actor, pending: Pending, found: Dossier) -> StepResult:
    def work(tx: Transaction) -> None:
        PENDING.put(tx, pending.id, pending, pending.at)
        mark(tx, actor.name, actor.once, pending.at, about=pending.case, step=pending.verb, waiting=pending.id)
        office.record(tx, actor, f"op.{pending.verb}.written", pending.case, f"waits for {', '.join(pending.missing)}")

    await office.node.engine.write(work, durable=True)
    return _waiting(pending, found.operation().state or "")


async def _again(office: Office, actor: Actor, before: Done) -> StepResult:
    """What became of a step that was asked for under this key before."""
    if before.step == ASK:
        return await _request_sent(office, actor, before.about)
    _, found = await held(office, before.about)
    pending = await office.node.engine.read(lambda tx: PENDING.get(tx, before.waiting)) if before.waiting else None
    if pending is not None:
        return _waiting(pending, found.operation().state or "")
    state, sent = found.operation().state or "", bool(before.hash)
    return StepResult(
        case=before.about, step=before.step, sent=sent, state=state, hash=before.hash, waiting=before.waiting
    )


def _waiting(pending: Pending, state: str) -> StepResult:
    return StepResult(
        case=pending.case,
        step=pending.verb,
        sent=False,
        state=state,
        waiting=pending.id,
        missing=list(pending.missing),
        why=list(pending.why),
    )


def _view(office: Office, tx: Transaction, case: str) -> OperationView:
    row = row_of(office, tx, case)
    found, own = dossier.read(tx, row), office.node.identity.name
    member = office.node.networks[row.network].membership.is_member(found.other(own))
    waiting = [p.id for p in approving.live(tx, office.node.clock.now(), case)]
    undelivered = sum(o.case == case for o in tx.cases.outbox())
    return operation_views.view(found, own, member, waiting, undelivered)


async def held(office: Office, case: str) -> tuple[StoredCase, Dossier]:
    """An operation of this node as it stands; raises Refusal `no-case`."""

    def work(tx: Transaction) -> tuple[StoredCase, Dossier]:
        row = row_of(office, tx, case)
        return row, dossier.read(tx, row)

    return await office.node.engine.read(work)


def _casework(office: Office, row: StoredCase) -> Casework:
    return office.node.correspondence.of(row.network).casework


def _wanted(row: OperationRow, asked: CaseFilter, own: str) -> bool:
    if asked.node and asked.node not in (row.requester, row.supplier):
        return False
    if asked.mine and row.turn != row.side:
        return False
    return row.state == asked.state if asked.state else asked.ended or bool(row.turn)
