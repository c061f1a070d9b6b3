"""What a supplier promised in all its cases, and what it may promise: the bound of invariant I4."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from xstock_node.protocol.records import Offer, interpret
from xstock_node.services import dossier
from xstock_node.services.network import Network
from xstock_node.storage.interfaces import Transaction

Key = tuple[str, str]


def promised(tx: Transaction, network: str, supplier: str, except_case: str = "") -> dict[Key, Decimal]:
    """What a supplier promised in all its cases of a network."""
    return promised_in(tx, (network,), supplier, except_case)


def promised_in(tx: Transaction, networks: Iterable[str], supplier: str, except_case: str = "") -> dict[Key, Decimal]:
    """What a supplier promised in all its cases of some networks, which draw on one store."""
    total: dict[Key, Decimal] = {}
    for row in (row for network in networks for row in tx.cases.all(network)):
        if row.supplier == supplier and row.id != except_case:
            for key, quantity in dossier.read(tx, row).promised().items():
                total[key] = total.get(key, Decimal(0)) + quantity
    return total


def available(tx: Transaction, network: Network, now: int) -> dict[Key, Decimal]:
    """What this node offers now, by item and unit: the bound of what it may promise."""
    total: dict[Key, Decimal] = {}
    for stored in tx.offers.of_log(network.shared):
        found = interpret(stored.line)
        if isinstance(found, Offer) and stored.exp > now:
            key = (found.item, found.unit)
            total[key] = total.get(key, Decimal(0)) + Decimal(found.qty[0]).scaleb(found.qty[1])
    return total


def at_risk(here: Mapping[Key, Decimal], promised_: Mapping[Key, Decimal]) -> dict[Key, Decimal]:
    """How much of each item is promised beyond what there is: stock that fell below a commitment (never cancelled)."""
    found = {key: quantity - here.get(key, Decimal(0)) for key, quantity in promised_.items()}
    return {key: missing for key, missing in found.items() if missing > 0}


def over_promised(tx: Transaction, network: Network, now: int) -> list[Key]:
    """What is promised beyond what is available; nothing, while invariant I4 holds."""
    return [*at_risk(available(tx, network, now), promised(tx, network.name, network.shared.node))]
