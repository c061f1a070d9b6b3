"""Gates: a step is not sent that an agreement on file forbids, or that names attachments not held here, or
tells of a convoy in threat mode.

It may be prepared all the same.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from xstock_node.domain import agreements, steps
from xstock_node.domain.agreements import Agreement
from xstock_node.domain.operations import BINDING
from xstock_node.domain.reasons import Reason, sentence
from xstock_node.domain.terms import Terms
from xstock_node.services import attachments, dossier, settling, threat_gate
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Office
from xstock_node.storage.interfaces import Transaction

GATED: Final = frozenset({"standby", "indicate", "offer", "amended", "accept", "confirm"})


class Taken(Protocol):
    """A step that is about to be signed."""

    @property
    def case(self) -> str: ...
    @property
    def verb(self) -> str: ...
    @property
    def fields(self) -> dict[str, object]: ...
    @property
    def side(self) -> tuple[bytes, ...]: ...


def check(office: Office, tx: Transaction, step: Taken) -> None:
    """Raise Refusal where a step names attachments that are not held, or terms that no agreement on file allows.

    Agreements bind where some are on file for both parties.
    """
    blobs = step.fields.get("blobs") or ()
    attachments.named(tx, step.case, [str(one) for one in blobs] if isinstance(blobs, list | tuple) else ())
    threat_gate.check(office, tx, step.case, step.verb, step.fields)
    threat_gate.check_side(office, tx, step.case, step.fields, step.side)
    row = tx.cases.get(step.case)
    if row is None or step.verb not in GATED:
        return
    held = settling.agreements_between(tx, row.requester, row.supplier)
    operation = dossier.read(tx, row).operation()
    asked = next((e.body for e in operation.events if hasattr(e.body, "event")), None)
    body = steps.body_of(step.verb, step.fields)
    said: Sequence[str] = [body.terms] if isinstance(body, steps.Accept) else getattr(body, "terms", ())
    items = [line.item for line in getattr(body, "lines", ())] or [key[0] for key in operation.counters]
    today, now = settling.today(office), office.node.clock.now()
    choices: list[Terms | None] = [Terms(one) for one in said if one] or [None]
    for terms in choices:
        against = [
            [
                *(agreements.objections(
                    one, terms, today, between=(row.supplier, row.requester), items=items,
                    reference=getattr(asked, "event", "") or None,
                ) if terms else ()),
                *agreements.beyond(one, body, today, now, operation.decided in BINDING),
            ]
            for one in held
        ]  # fmt: skip
        if held and all(against):
            _refuse(step.verb, held, against)


def settled(office: Office, tx: Transaction, case: str, verb: str, fields: Mapping[str, object]) -> dict[str, object]:
    """What the agreements settle of a step where its writer left it open: how long goods are held."""
    row = tx.cases.get(case)
    if row is None or verb not in ("offer", "standby") or fields.get("hold_until"):
        return {}
    hours = [one.hold_hours for one in settling.in_force(office, tx, row.requester, row.supplier) if one.hold_hours]
    return {"hold_until": office.node.clock.now() + min(hours) * agreements.HOUR} if hours else {}


def _refuse(verb: str, held: list[Agreement], against: list[list[Reason]]) -> None:
    why = "; ".join(dict.fromkeys(sentence(reason) for reasons in against for reason in reasons))
    expected = f"a {verb} that an agreement allows: {', '.join(one.name for one in held)}"
    raise Refusal("not-agreed", expected, why, "it may be prepared; send it once the agreement holds")
