"""The desks of a node: which service answers which small path of the peer port."""

from xstock_node.services import enrolment
from xstock_node.services.answering import Small
from xstock_node.services.node import Node


def desks_of(node: Node) -> dict[str, Small]:
    """Every small path that a service of its own answers."""
    return {**enrolment.desks(node)}
