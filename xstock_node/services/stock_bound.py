"""What the own stock allows to promise: on hand less reserved, damaged and kept back, before own commitments."""

from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.sums import ZERO, Sums
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
    return Stock(here, counted(tx, lines, catalogue))
