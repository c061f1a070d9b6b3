"""What a foreign cancellation does: it ends what the cancelled request began, as long as nothing of it has left.

Only who sent a message may take it back, by a message as real as that one. One that comes before the request is
remembered, and ends it when it comes.
"""

import msgspec

from xstock_node.domain.operations import State
from xstock_node.services import dossier, requesting
from xstock_node.services.drafts import DRAFTS, DraftRequest, drop_draft
from xstock_node.services.errors import Refusal
from xstock_node.services.messages_held import MESSAGES, HeldMessage, MessageState, by_foreign_id, recalls_of
from xstock_node.services.office import Actor, Office
from xstock_node.services.request_views import REQUESTS
from xstock_node.storage.interfaces import Transaction

WORD = "recalled by its sender"
REASON = "recalled"


async def settle(office: Office, actor: Actor, held: HeldMessage) -> HeldMessage:
    """Give effect to a recall that came, or to those that waited for this request; the message as it then stands."""
    if held.kind == "recall":
        due = [] if held.settled else [held]
    else:
        known = await office.node.engine.read(lambda tx: recalls_of(tx, held.format, held.foreign_id))
        due = [one for one in known if not one.settled]
    for recall in due:
        await _conclude(office, actor, recall)
    return await office.node.engine.read(lambda tx: MESSAGES.get(tx, held.id) or held)


async def _conclude(office: Office, actor: Actor, recall: HeldMessage) -> None:
    state, reason = await _effect(office, actor, recall)
    now = office.node.clock.now()

    def note(tx: Transaction) -> None:
        after = msgspec.structs.replace(recall, state=state, reason=reason, settled=state != "waiting")
        if MESSAGES.get(tx, recall.id) != after:
            MESSAGES.put(tx, recall.id, after, now)
            office.record(tx, actor, "message.recall", recall.id, f"{state} {reason}".strip())

    await office.node.engine.write(note, durable=True)


async def _effect(office: Office, actor: Actor, recall: HeldMessage) -> tuple[MessageState, str]:
    found = await office.node.engine.read(lambda tx: by_foreign_id(tx, recall.format, recall.recalls))
    if not found:
        return "waiting", "the message that it takes back has not come"
    target = next((one for one in found if one.sender == recall.sender), None)
    if target is None:
        return "refused", "only its sender may take a message back"
    if not recall.sender:
        return "refused", "who sent it is not said: take the request back by hand"
    if recall.status != target.status:
        return "refused", f"it is marked {recall.status}, and what it takes back {target.status}"
    return await _end(office, actor, target.draft) if target.draft else ("taken", "")


async def _end(office: Office, actor: Actor, id_: str) -> tuple[MessageState, str]:
    """Dismiss a draft, or take back the request that it became."""
    now = office.node.clock.now()

    def dropped(tx: Transaction) -> DraftRequest | None:
        drop_draft(tx, id_, WORD, now)
        return DRAFTS.get(tx, id_)  # a person may have sent it meanwhile

    draft = await office.node.engine.write(dropped, durable=True)
    if draft is None or draft.state == "dropped":
        return "taken", ""
    if left := await office.node.engine.read(lambda tx: _left(tx, draft.request)):
        return "refused", f"goods have left already in {', '.join(left)}: recall them there, or let them come back"
    try:
        await requesting.end_request(office, actor, requesting.RequestId(id=draft.request, reason=REASON))
        await _propose(office, actor, draft.request)
    except Refusal as refused:
        return "refused", str(refused)[:500]
    return "taken", ""


async def _propose(office: Office, actor: Actor, request: str) -> None:
    """Propose to cancel what is binding as well: the supplier concludes it, and its stock is free."""
    kept = await office.node.engine.read(lambda tx: REQUESTS.get(tx, request))
    if kept is not None:
        unless, none = frozenset({"cancel"}), frozenset[State]()
        await requesting.tell_covered(office, actor, kept, tuple(kept.cases.values()), REASON, unless, none)


def _left(tx: Transaction, request: str) -> list[str]:
    """The operations of a request of which anything has left."""
    kept = REQUESTS.get(tx, request)
    rows = [tx.cases.get(case) for case in kept.cases.values()] if kept else []
    found = [dossier.read(tx, row) for row in rows if row is not None]
    return [one.case.id for one in found if any(c.dispatched for c in one.operation().counters.values())]
