"""Levels: the own stock of each item against its minimum, what is committed of it and what may be shared."""

from datetime import UTC, datetime

import msgspec

from xstock_node.domain.stock_levels import stock_levels
from xstock_node.services.offering import committed, counted, proposal_of
from xstock_node.services.office import Actor, Office
from xstock_node.services.typed import decimal_text
from xstock_node.storage.interfaces import Transaction


class LevelView(msgspec.Struct, frozen=True, kw_only=True):
    """One item in its unit, as decimal strings. `lacking` is what is missing to the minimum."""

    item: str
    unit: str
    on_hand: str
    minimum: str
    committed: str
    shareable: str
    lacking: str


async def levels(office: Office, actor: Actor, request: None = None) -> list[LevelView]:
    """The stock of each item against its minimum; what lacks most of it comes first."""
    catalogue = await office.catalogue()
    today = datetime.fromtimestamp(office.node.clock.now(), UTC).date()

    def work(tx: Transaction) -> list[LevelView]:
        lines, proposal = proposal_of(office, tx, catalogue)
        taken = committed(office, tx, counted(tx, lines, catalogue))
        found = stock_levels(
            lines, proposal.offers, office.settings.rules, catalogue, tx.stock.minimums(), taken, today
        )
        found.sort(key=lambda one: (min(one.on_hand / one.minimum, 1) if one.minimum else 1, one.code))
        return [
            LevelView(
                item=one.code,
                unit=one.unit,
                on_hand=decimal_text(one.on_hand),
                minimum=decimal_text(one.minimum),
                committed=decimal_text(one.committed),
                shareable=decimal_text(one.shareable),
                lacking=decimal_text(max(one.minimum - one.on_hand, 0 * one.minimum)),
            )
            for one in found
        ]

    return await office.node.engine.read(work)
