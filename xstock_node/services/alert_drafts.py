"""From a warning to a draft request: opened where it is grave enough and touches us, never sent by the node.

While nobody touched it the draft follows the warning; it is dropped with it. One that a person dismissed stays so.
"""

from collections.abc import Sequence
from typing import Final

from xstock_node.domain.alerts import Alert, Block
from xstock_node.domain.public_warnings import OPEN
from xstock_node.protocol import limits
from xstock_node.services.alerts_held import HeldWarning, here_of, opens
from xstock_node.services.drafts import DRAFTS, DraftRequest, draft_id, drop_draft, put_draft
from xstock_node.services.office import Actor, Office
from xstock_node.services.typed import clean
from xstock_node.storage.interfaces import Transaction

ORIGIN: Final = "alert"
EXPIRED, CANCELLED, JOINED = "the warning expired", "the warning was cancelled", "the warning is part of another"
_OURS: Final = frozenset({EXPIRED, CANCELLED, JOINED})
_SEVERITY: Final = {"Extreme": 1, "Severe": 2, "Moderate": 3}
"""CAP's severity as that of a request, where 1 is life at risk; a feed's colour is none."""


def draft_of(row: HeldWarning) -> str:
    """The id of a warning's draft, whether there is one or not."""
    return draft_id(ORIGIN, row.id)


def follow(
    office: Office, actor: Actor, tx: Transaction, row: HeldWarning, word: Alert, blocks: Sequence[Block], now: int
) -> None:
    """Open or update the draft of an open warning; `word` is its newest, `blocks` what it says to us, first first."""
    held = DRAFTS.get(tx, draft_of(row))
    rank = row.rank(now)
    grave = rank is not None and rank >= office.settings.alerts.least and row.here == "yes"
    by_us = held is not None and held.state == "dropped" and held.reason in _OURS and not held.touched
    if not _takes(office, tx, row) or not (grave or (held is not None and held.state == "open")):
        return
    made = _made(office, row, word, blocks, held.at if held and held.state == "open" else now)
    if by_us:
        DRAFTS.put(tx, made.id, made, now)
    elif held is None or (held.state == "open" and held != made):
        put_draft(tx, made, now)
    if held is None or by_us:
        office.record(tx, actor, "draft.open", made.id, f"{ORIGIN} {row.id}")


def end(office: Office, actor: Actor, tx: Transaction, row: HeldWarning, now: int, reason: str = "") -> None:
    """Drop the draft of a warning that is over, unless a person had it in hand."""
    held = DRAFTS.get(tx, draft_of(row))
    if held is None or held.touched or held.state != "open":
        return
    why = reason or (CANCELLED if row.state(now) == "cancelled" else EXPIRED)
    if drop_draft(tx, held.id, why, now):
        office.record(tx, actor, "draft.drop", held.id, why)


def is_over(row: HeldWarning, now: int) -> bool:
    """Whether a warning is in force no more."""
    return row.state(now) not in OPEN


def _takes(office: Office, tx: Transaction, row: HeldWarning) -> bool:
    """Whether there is a network here in which such a draft could be asked."""
    exercise = row.status == "Exercise"
    return opens(office, tx, row.status) and any(
        one.shared.is_exercise == exercise for one in office.node.networks.values()
    )


def _made(office: Office, row: HeldWarning, word: Alert, blocks: Sequence[Block], at: int) -> DraftRequest:
    block = blocks[0] if blocks else None
    areas = dict.fromkeys(area.description for one in blocks for area in one.areas if area.description)
    severities = [_SEVERITY[one.severity] for one in blocks if one.severity in _SEVERITY]
    ours = [one for one in here_of(office).countries if one in word.countries]
    said = (block.headline or block.description or block.event) if block else word.note
    return DraftRequest(
        id=draft_of(row),
        origin=ORIGIN,
        foreign_id=word.identifier,
        about=row.id,
        at=at,
        event=_cut(word.incidents[0] if word.incidents else word.identifier),
        area=_cut(", ".join(areas)),
        country=ours[0] if ours else "",
        severity=min(severities, default=0),
        note=_cut(f"{said} ({row.source})"),
        contact=_cut((block.contact or block.sender_name) if block else word.sender),
        exercise=row.status == "Exercise",
    )


def _cut(text: str) -> str:
    return clean(text)[: limits.FREE_TEXT]
