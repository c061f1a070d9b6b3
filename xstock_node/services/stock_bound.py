"""What the own stock allows to promise: on hand less reserved, damaged and kept back, before own commitments."""

from collections.abc import Iterable
from decimal import Decimal

from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.share_rules import SharedLine
from xstock_node.domain.sums import ZERO, Key, Sums
from xstock_node.services.offering import counted, proposal_of
from xstock_node.services.office import Office
from xstock_node.services.promises import Stock
from xstock_node.storage.interfaces import Transaction


def stock_bound(office: Office, tx: Transaction, catalogue: Catalogue) -> Stock | None:
    """By item and unit; None where no stock is kept here, so that the live offers are the bound."""
    if not tx.stock.sources():
        return None
    lines, proposal = proposal_of(office, tx, catalogue, {})
    here: Sums = {}
    for offer in proposal.offers:
        key = offer.code, offer.unit.value
        here[key] = here.get(key, ZERO) + offer.quantity
    return Stock(here, counted(tx, lines, catalogue), worth(lines, catalogue))


def worth(lines: Iterable[SharedLine], catalogue: Catalogue) -> dict[Key, tuple[Decimal, str]]:
    """The value of one of each item, the highest that a line says; of several currencies the first one counts."""
    found: dict[Key, tuple[Decimal, str]] = {}
    for one in lines:
        mapping, value, currency = one.mapping, one.line.value, one.line.currency
        item = catalogue.get(mapping.code) if mapping is not None else None
        if mapping is None or item is None or value is None or not currency or mapping.base_unit != item.unit:
            continue
        key, each = (item.code, item.unit.value), value / mapping.factor
        known = found.get(key)
        if known is None or (known[1] == currency and each > known[0]):
            found[key] = each, currency
    return found
