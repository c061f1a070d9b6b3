"""What a sponsored town asks for by its page: a draft that a person sends or dismisses, never the node."""

from typing import Final

from xstock_node.domain.towns import Town
from xstock_node.plugins.members import NeedTold, TownNeed
from xstock_node.protocol import limits
from xstock_node.services.drafts import DRAFTS, DraftLine, DraftRequest, draft_id, put_draft
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.storage.interfaces import Transaction

ORIGIN: Final = "town"


async def ask_for(office: Office, actor: Actor, town: Town, need: TownNeed) -> NeedTold:
    """Open a draft of what a town of tier `town` needs; the same need that is still open is one draft."""
    if town.tier != "town":
        raise Refusal("only-reads", "a town of tier town", town.tier, "ask your sponsor by telephone")
    now = office.node.clock.now()

    def work(tx: Transaction) -> NeedTold:
        own = _of(tx, town.id)
        still = [one for one in own if one.state == "open"]
        known = next((one for one in still if (one.lines[0].name, one.people) == (need.category, need.people)), None)
        if known is not None:
            return _told(known)
        if len(still) >= limits.TOWN_NEEDS:
            raise Refusal("full", f"at most {limits.TOWN_NEEDS} open needs", "more", "telephone your sponsor")
        foreign = f"{town.id}-{len(own) + 1}"
        said = town.said
        draft = DraftRequest(
            id=draft_id(ORIGIN, foreign),
            origin=ORIGIN,
            foreign_id=foreign,
            about=town.id,
            at=now,
            area=said.areas[0],
            country=said.country,
            people=need.people,
            needed_by=now + need.hours * 3600,
            note=f"{said.kind} {said.name}",
            contact=f"{said.contact} {said.address}",
            lines=[DraftLine(id="1", name=need.category)],
            exercise=office.node.log.is_exercise,
        )
        office.record(tx, actor, "network.town.ask", town.id, f"{need.category} for {need.people} people")
        return _told(put_draft(tx, draft, now))

    return await office.node.engine.write(work, durable=True)


def needs_of(tx: Transaction, town: str) -> tuple[NeedTold, ...]:
    """What a town asked for, the newest first."""
    return tuple(_told(one) for one in sorted(_of(tx, town), key=lambda one: (-one.at, one.id)))[
        : limits.TOWN_NEEDS * 5
    ]


def _of(tx: Transaction, town: str) -> list[DraftRequest]:
    return [one for one in DRAFTS.list(tx) if one.origin == ORIGIN and one.about == town]


def _told(draft: DraftRequest) -> NeedTold:
    category = draft.lines[0].name if draft.lines else ""
    return NeedTold(id=draft.foreign_id, at=draft.at, category=category, people=draft.people, state=draft.state)
