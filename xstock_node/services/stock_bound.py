"""What the own stock allows to promise: on hand less reserved, damaged and kept back, before own commitments."""

from decimal import Decimal

from xstock_node.domain.catalogue import Catalogue
from xstock_node.services.offering import proposal_of
from xstock_node.services.office import Office
from xstock_node.services.promises import Key
from xstock_node.storage.interfaces import Transaction


def stock_bound(office: Office, tx: Transaction, catalogue: Catalogue) -> dict[Key, Decimal] | None:
    """By item and unit; None where no stock is kept here, so that the live offers are the bound."""
    if not tx.stock.sources():
        return None
    _, proposal = proposal_of(office, tx, catalogue, {})
    found: dict[Key, Decimal] = {}
    for offer in proposal.offers:
        key = offer.code, offer.unit
        found[key] = found.get(key, Decimal(0)) + offer.quantity
    return found
