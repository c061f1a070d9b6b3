"""Requesting: one need, asked of several nodes; what each promised, offered or holds possible; who is still open.

A request is this node's own paper; each node that is asked has a case of its own (`request_views`).
"""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from xstock_node.domain import steps
from xstock_node.domain.agreements import HOUR
from xstock_node.domain.operations import BINDING, ENDED, State
from xstock_node.protocol.names import record_id
from xstock_node.protocol.recordtypes import ShortText
from xstock_node.services import asking, branches, dossier, pausing, settling
from xstock_node.services.approving import PENDING
from xstock_node.services.asked_lines import Asked, line_of
from xstock_node.services.casework import Sent
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.once import done, mark
from xstock_node.services.request_views import REQUESTS, Request, RequestView, request_of, view
from xstock_node.services.typed import plain
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Act


class NewRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request to send: `to` are nodes, or `all` members; `event` a GLIDE, CAP or UCPM reference.

    `site` is the branch that it belongs to, with its operations; the whole organisation where it is empty.
    """

    to: Annotated[list[str], Meta(min_length=1, max_length=200)]
    lines: Annotated[list[Asked], Meta(max_length=steps.MANY)] = []
    event: ShortText = ""
    area: ShortText = ""
    place: ShortText = ""
    country: str = ""
    people: Annotated[int, Meta(ge=0)] = 0
    severity: Annotated[int, Meta(ge=0, le=3)] = 0
    needed_by: int = 0
    answer_by: int = 0
    terms: list[steps.Terms] = []
    note: ShortText = ""
    network: str = ""
    notify: bool = False
    site: ShortText = ""


class RequestId(msgspec.Struct, frozen=True, kw_only=True):
    """One request; `reason` for those who are told that it is no longer needed."""

    id: str
    reason: str = "covered"


async def new_request(
    office: Office, actor: Actor, request: NewRequest, beside: Callable[[Transaction, str], None] | None = None
) -> RequestView:
    """Ask nodes for goods: one case with each, written and on its way before this returns.

    `beside` is done with the request's id in the transaction that keeps it; a Refusal of it undoes the request.
    Above the thresholds of requests it waits for a second person first, and nobody is asked yet.
    """
    now = office.node.clock.now()
    if before := await office.node.engine.read(lambda tx: done(tx, actor.name, actor.once, now)):
        kept_before = await office.node.engine.read(lambda tx: request_of(tx, before.about))
        await send_out(office, actor, kept_before)  # it may have ended between the request and its cases
        return await show_request(office, actor, RequestId(id=before.about))
    site = branches.site_for(actor, "ask", plain(request.site, "site"), now)
    network = office.node.network(request.network)
    await pausing.expect_going_in(office, network.name)
    own = office.node.identity.name
    members = [name for name in network.membership.standings() if name != own and network.membership.is_member(name)]
    to = members if request.to == ["all"] else list(dict.fromkeys(request.to))
    unknown = [name for name in to if name not in members]
    if unknown or not to:
        raise Refusal(
            "no-member", f"members of {network.name}: {', '.join(members)}", ", ".join(unknown) or "nobody", ""
        )
    if not request.lines and not request.notify:
        raise Refusal("no-lines", "lines of item and quantity", "none", "or announce a need with --notify", 2)
    id_ = record_id(office.node.random.randbytes(10))
    body = await body_of(office, id_, request)
    kept = Request(id=id_, network=network.name, at=now, by=actor.name, body=body, to=tuple(to), notify=request.notify)
    pending = await asking.written(office, actor.at(site), network, kept)
    kept = msgspec.structs.replace(kept, waits=pending.id if pending else "")

    def work(tx: Transaction) -> None:
        REQUESTS.put(tx, kept.id, kept, now)
        if beside is not None:
            beside(tx, kept.id)
        if pending:
            PENDING.put(tx, pending.id, pending, now)
        branches.put(tx, kept.id, site, now)
        mark(tx, actor.name, actor.once, now, about=kept.id)
        office.record(tx, actor, "request.new", kept.id, f"to {', '.join(to)}")

    await office.node.engine.write(work, durable=True)
    await send_out(office, actor, kept)
    office.changes.tell(id_)
    return await show_request(office, actor, RequestId(id=id_))


async def body_of(office: Office, id_: str, request: NewRequest) -> steps.Ask:
    """What is asked, as it is signed; raises Refusal for an item, figure or text that cannot be."""
    body = steps.Ask(
        request=id_,
        event=plain(request.event, "event"),
        area=plain(request.area, "area"),
        place=plain(request.place, "place"),
        country=request.country,
        people=request.people,
        severity=request.severity,
        needed_by=request.needed_by,
        answer_by=request.answer_by,
        terms=tuple(request.terms),
        note=plain(request.note, "note"),
        lines=tuple([await line_of(office, line) for line in request.lines]),
    )
    try:
        steps.body_of("request", msgspec.to_builtins(body))
    except msgspec.ValidationError as error:
        raise Refusal("bad-step", "the fields of a request", str(error), "see protocol/schemas/steps.json", 2) from None
    return body


async def send_out(office: Office, actor: Actor, request: Request) -> None:
    """Open the cases that a request has not got yet; done again at the next start where a crash came between.

    Who cannot be asked, as having left, keeps nobody else from being asked; the first Refusal is raised at the end.
    """
    casework = office.node.correspondence.of(request.network).casework
    verb = "notify" if request.notify else "request"
    fields: dict[str, Any] = {"step": verb, **msgspec.to_builtins(request.body)}
    refusals: list[Refusal] = []
    for name in request.to:
        held = await office.node.engine.read(lambda tx: REQUESTS.get(tx, request.id))
        if held is None or name in held.cases or held.ended or held.waits:
            continue

        def beside(tx: Transaction, sent: Sent, to: str = name) -> list[bytes]:
            now = office.node.clock.now()
            latest = REQUESTS.get(tx, request.id) or request
            if to in latest.cases:
                raise Refusal("sent-already", f"a node without a case of request {request.id}", to, "nothing is to do")
            REQUESTS.put(tx, request.id, msgspec.structs.replace(latest, cases=latest.cases | {to: sent.case}), now)
            branches.put(tx, sent.case, branches.site_of(tx, request.id), now)
            act = Act(now, str(actor), f"op.{verb}", f"{sent.case} {sent.link.hash}", request.id)
            tx.acts.add(act)
            return [act.text()]

        try:
            await casework.open(name, fields | await _under(office, request, name), (), beside)
        except Refusal as refused:
            refusals += [] if refused.code == "sent-already" else [refused]
    if refusals:
        raise refusals[0]


async def _under(office: Office, request: Request, supplier: str) -> dict[str, object]:
    """The agreement that a request to a supplier stands under, and until when that wants an answer where none is said.

    Of several in force the one with the earliest answer; an answer's time runs from the request.
    """
    own = office.node.identity.name
    found = await office.node.engine.read(lambda tx: settling.in_force(office, tx, own, supplier))
    if not found:
        return {}
    first = min(found, key=lambda one: (one.answer_hours is None, one.answer_hours, one.id))
    said: dict[str, object] = {"agreement": first.id}
    if first.answer_hours and not request.body.answer_by:
        said["answer_by"] = request.at + first.answer_hours * HOUR
    return said


async def list_requests(office: Office, actor: Actor, request: None = None) -> list[RequestView]:
    """Own requests, newest first."""

    def work(tx: Transaction) -> list[RequestView]:
        seen = branches.visible(tx, actor, office.node.clock.now())
        return [view(office, tx, found) for found in REQUESTS.list(tx) if seen(found.id)]

    return sorted(await office.node.engine.read(work), key=lambda r: (r.at, r.id), reverse=True)


async def show_request(office: Office, actor: Actor, request: RequestId) -> RequestView:
    """One request and its operations."""
    return await office.node.engine.read(lambda tx: view(office, tx, request_of(tx, request.id)))


async def stand_down(office: Office, actor: Actor, request: RequestId) -> RequestView:
    """Tell everybody who has not confirmed that the need is covered, with thanks; what is binding runs on."""
    held = await office.node.engine.read(lambda tx: request_of(tx, request.id))
    await pausing.expect_going_in(office, held.network)
    await tell_covered(office, actor, held, tuple(held.cases.values()), request.reason)
    return await show_request(office, actor, request)


DECIDING = frozenset({"cancel", "accept", "reject"})
"""Words of ours that are on their way and may make a case binding or end it."""


async def tell_covered(
    office: Office,
    actor: Actor,
    request: Request,
    cases: tuple[str, ...],
    reason: str,
    unless: frozenset[str] = DECIDING,
    spared: frozenset[State] = BINDING,
) -> int:
    """Cancel these cases of a request, but for what is ended or in a state to be `spared` by the time it is signed.

    Nothing is said where a word of `unless` is on its way. One case that refuses keeps nobody else from being told: the
    first refusal is raised at the end.
    """
    casework, told = office.node.correspondence.of(request.network).casework, 0
    refusals: list[Refusal] = []
    for case in cases:
        found = await casework.read(case)
        waiting = {e.verb for e in found.operation().proposals}
        if found.state() in ENDED | spared or waiting & unless:
            continue

        def beside(tx: Transaction, sent: Sent) -> list[bytes]:
            row = tx.cases.get(sent.case)
            if row is None or dossier.read(tx, row).state() in spared:
                raise Refusal("binding", "a case that nobody has confirmed", sent.case, "what is binding runs on")
            act = Act(office.node.clock.now(), str(actor), "op.cancel", f"{sent.case} {sent.link.hash}", reason)
            tx.acts.add(act)
            return [act.text()]

        try:
            await casework.send(case, {"step": "cancel", "reason": reason}, (), beside)
            told += 1
        except Refusal as refused:
            refusals += [refused] if refused.code != "binding" else []
        office.changes.tell(case)
    if refusals:
        raise refusals[0]
    return told


async def end_request(office: Office, actor: Actor, request: RequestId) -> RequestView:
    """Cancel a request: the stand-down goes to all, and it asks nobody any more."""
    now, asked = office.node.clock.now(), await office.node.engine.read(lambda tx: request_of(tx, request.id))
    await pausing.expect_going_in(office, asked.network)

    def work(tx: Transaction) -> None:
        asking.freed(tx, request.id, now)
        found = request_of(tx, request.id)
        REQUESTS.put(tx, found.id, msgspec.structs.replace(found, ended="cancelled"), now)
        office.record(tx, actor, "request.cancel", found.id, request.reason)

    await office.node.engine.write(work, durable=True)
    held = await office.node.engine.read(lambda tx: request_of(tx, request.id))
    unless = frozenset({"cancel"})  # an acceptance that is not confirmed yet is taken back too
    await tell_covered(office, actor, held, tuple(held.cases.values()), request.reason, unless)
    return await show_request(office, actor, request)
