"""Noting the reference number that somebody else gave to a request or an operation, such as the EU mechanism."""

from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.domain import steps
from xstock_node.services import dossier
from xstock_node.services.branches import no_case
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.references import MOST, NOTED, Noted, together
from xstock_node.services.request_views import REQUESTS
from xstock_node.services.typed import plain
from xstock_node.storage.interfaces import Transaction


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A number to note for a request or an operation."""

    about: Annotated[str, Meta(min_length=1, max_length=200)]
    number: Annotated[str, Meta(min_length=1, max_length=200)]


class ReferencesView(msgspec.Struct, frozen=True, kw_only=True):
    """All references of a request or operation, that of its event first."""

    about: str
    references: list[str]


def references_of(tx: Transaction, about: str) -> tuple[str, ...]:
    """The references of a request, or of an operation and its request."""
    asked = next((one for one in REQUESTS.list(tx) if about == one.id or about in one.cases.values()), None)
    if asked is None:
        return together(tx, _event_of(tx, about), [about])
    return together(tx, asked.body.event, [asked.id, *(asked.cases.values() if about == asked.id else [about])])


def _event_of(tx: Transaction, case: str) -> str:
    """The event that a partner's request names."""
    row = tx.cases.get(case)
    bodies = [event.body for event in dossier.read(tx, row).events()] if row is not None else []
    return next((body.event for body in bodies if isinstance(body, steps.Ask)), "")


async def note_reference(office: Office, actor: Actor, request: Reference) -> ReferencesView:
    """Keep a number that somebody else gave to a request or an operation; the same one again changes nothing."""
    number, now = plain(request.number.strip(), "number"), office.node.clock.now()
    if not number:
        raise Refusal("no-number", "a reference number", "none", "write what the other body gave", 2)

    def work(tx: Transaction) -> ReferencesView:
        if REQUESTS.get(tx, request.about) is None and tx.cases.get(request.about) is None:
            raise no_case(request.about)
        held = NOTED.get(tx, request.about) or Noted(numbers=())
        if number not in held.numbers:
            if len(held.numbers) >= MOST:
                raise Refusal("too-many", f"at most {MOST} numbers", f"{MOST + 1}", "use those that are there")
            NOTED.put(tx, request.about, Noted(numbers=(*held.numbers, number)), now)
            office.record(tx, actor, "request.refer", request.about, number)
        return ReferencesView(about=request.about, references=[*references_of(tx, request.about)])

    return await office.node.engine.write(work, durable=True)
