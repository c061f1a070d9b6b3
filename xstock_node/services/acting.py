"""The list of acts as people read it: who did what, when, over which road; the newest first."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from xstock_node.services.office import Actor, Office
from xstock_node.services.times import iso

MOST: Final = 500


class TailRequest(msgspec.Struct, frozen=True, kw_only=True):
    """So many of the newest acts; only those whose actor, verb or subject contains `text`."""

    count: Annotated[int, Meta(ge=1, le=MOST)] = 100
    text: Annotated[str, Meta(max_length=80)] = ""


class ActView(msgspec.Struct, frozen=True, kw_only=True):
    """One act: its time (ISO), who and by which road, what was done (`verb`), to what, and more about it."""

    at: str
    actor: str
    verb: str
    subject: str
    detail: str


async def tail(office: Office, actor: Actor, request: TailRequest) -> list[ActView]:
    """The newest acts. With a text, the newest 10,000 are looked through."""
    look = request.count if not request.text else 10_000
    found = await office.node.engine.read(lambda tx: tx.acts.last(look))
    wanted = [act for act in found if request.text in f"{act.actor} {act.verb} {act.subject}"]
    return [
        ActView(at=iso(act.at), actor=act.actor, verb=act.verb, subject=act.subject, detail=act.detail)
        for act in wanted[: request.count]
    ]
