"""What a supplier promised in all its cases, and what it may promise: the bound of invariant I4."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from xstock_node.domain.commitments import Claim, Counts
from xstock_node.domain.sums import ZERO, Key, Sums, added
from xstock_node.protocol.records import Offer, interpret
from xstock_node.services import dossier
from xstock_node.services.network import Network
from xstock_node.storage.interfaces import Transaction


class Stock(NamedTuple):
    """What the store allows to promise, by item and unit, and when each was counted.

    `worth` is the value of one, with its currency (ISO 4217), where it is known.
    """

    here: Mapping[Key, Decimal]
    counted: Counts
    worth: Mapping[Key, tuple[Decimal, str]] = MappingProxyType({})


def claims(
    tx: Transaction,
    networks: Collection[str],
    supplier: str,
    stock: Stock,
    now: int,
    except_case: str = "",
    requester: str = "",
) -> Claim:
    """What all cases of a supplier, or those with one requester, claim of its store in networks that share it."""
    rows = [row for network in networks for row in tx.cases.all(network)]
    found = [
        dossier.read(tx, row).claim(stock.counted, now)
        for row in rows
        if row.supplier == supplier and row.id != except_case and requester in ("", row.requester)
    ]
    return Claim(added(one.owed for one in found), added(one.gone for one in found))


def available(tx: Transaction, network: Network, now: int) -> Stock:
    """What this node offers now: the bound of what it may promise where it keeps no stock."""
    here: Sums = {}
    earliest, latest = dict[Key, int](), dict[Key, int]()
    for stored in tx.offers.of_log(network.shared):
        found = interpret(stored.line)
        if isinstance(found, Offer) and stored.exp > now:
            key = (found.item, found.unit)
            here[key] = here.get(key, ZERO) + Decimal(found.qty[0]).scaleb(found.qty[1])
            earliest[key] = min(stored.asof, earliest.get(key, stored.asof))
            latest[key] = max(stored.asof, latest.get(key, stored.asof))
    return Stock(here, Counts(earliest, latest))


def room(stock: Stock, others: Claim) -> Sums:
    """What is left of each item beside what other cases claim."""
    taken = others.whole
    return {key: stock.here.get(key, ZERO) - taken.get(key, ZERO) for key in {*stock.here, *taken}}


def at_risk(stock: Stock, claimed: Claim) -> Sums:
    """How much of what is owed is no longer there: stock that fell below a commitment (never cancelled)."""
    left = {key: stock.here.get(key, ZERO) - claimed.gone.get(key, ZERO) for key in claimed.owed}
    found = {key: min(owed, owed - left[key]) for key, owed in claimed.owed.items()}
    return {key: missing for key, missing in found.items() if missing > 0}


def over_promised(tx: Transaction, network: Network, now: int) -> list[Key]:
    """What is promised beyond what is available; nothing, while invariant I4 holds."""
    stock = available(tx, network, now)
    return [*at_risk(stock, claims(tx, [network.name], network.shared.node, stock, now))]
