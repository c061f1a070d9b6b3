"""The public test kit: a clock that jumps, a network in memory, and nodes made in one line."""

from xstock_node.testing.clock import SimClock, run_simulated
from xstock_node.testing.nodes import make_identity, make_offer
from xstock_node.testing.simnet import SimNet

__all__ = ["SimClock", "SimNet", "make_identity", "make_offer", "run_simulated"]
