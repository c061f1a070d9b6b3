"""Draft requests: what a warning or a message of another system suggests to ask for. A person sends or dismisses it.

Nothing is asked of anybody by a draft. Its id comes from what it is about, so that the same word again makes no second.
"""

import base64
import hashlib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from xstock_node.domain.alerts import Coded
from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction


class DraftLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as the other system wrote it; `item` (catalogue code) and `quantity` are empty if unknown."""

    id: str
    name: str
    item: str = ""
    quantity: str = ""
    unit: str = ""
    codes: list[Coded] = []


class DraftRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What might be asked for. `origin` is `alert`, `town` or the name of a format, `foreign_id` its own id there.

    `about` is the id here of the warning, message or town. `touched`: a person changed it, so that no later word of the
    other system does. `request` is the request that it became; times are unix seconds.
    """

    id: str
    origin: str
    foreign_id: str
    about: str
    at: int
    event: str = ""
    area: str = ""
    place: str = ""
    country: str = ""
    people: int = 0
    severity: Annotated[int, Meta(ge=0, le=3)] = 0
    needed_by: int = 0
    note: str = ""
    contact: str = ""
    lines: list[DraftLine] = []
    exercise: bool = False
    state: Literal["open", "sent", "dropped"] = "open"
    touched: bool = False
    request: str = ""
    reason: str = ""


DRAFTS: Shelf[DraftRequest] = Shelf("draft-request", DraftRequest)


def draft_id(origin: str, foreign_id: str) -> str:
    """The id of the draft about something of another system: the same each time."""
    digest = hashlib.sha256(f"{origin}\x1f{foreign_id}".encode()).digest()
    return base64.b32encode(digest[:10]).decode().lower()


def put_draft(tx: Transaction, draft: DraftRequest, now: int) -> DraftRequest:
    """Keep a draft. One that a person sent, dismissed or changed stays as it is, and is given back."""
    held = DRAFTS.get(tx, draft.id)
    if held is not None and (held.state != "open" or held.touched):
        return held
    DRAFTS.put(tx, draft.id, draft, now)
    return draft


def drop_draft(tx: Transaction, id_: str, reason: str, now: int) -> bool:
    """Dismiss a draft that is still open; whether there was one."""
    held = DRAFTS.get(tx, id_)
    if held is None or held.state != "open":
        return False
    DRAFTS.put(tx, id_, msgspec.structs.replace(held, state="dropped", reason=reason), now)
    return True
