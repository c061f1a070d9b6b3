"""Ending a doubt at a person's word, where a member will not answer any more and was asked by telephone."""

import msgspec

from xstock_node.services.doubt import ID, KIND
from xstock_node.services.office import Actor, Office
from xstock_node.storage.interfaces import Transaction


class DoubtEnded(msgspec.Struct, frozen=True, kw_only=True):
    """Who had not told its cases yet."""

    without: list[str]


async def end_doubt(office: Office, actor: Actor, request: None = None) -> DoubtEnded:
    """Promise again, whoever has not told its cases; written down as an act."""
    node, without = office.node, set[str]()
    for network in node.networks.values():
        casework = node.correspondence.of(network.name).casework
        without |= casework.doubted
        casework.doubted = set()
        network.was_restored = ""

    def work(tx: Transaction) -> None:
        tx.objects.drop(KIND, ID)
        office.record(tx, actor, "doubt.end", ", ".join(sorted(without)) or "nobody")

    await node.engine.write(work, durable=True)
    return DoubtEnded(without=sorted(without))
