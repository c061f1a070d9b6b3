"""What must hold in every world, I1 to I10; importing this fills the registry."""

from xstock_node.testing.invariants import bounds, cases, logs, secrets
from xstock_node.testing.invariants.logs import due_back
from xstock_node.testing.invariants.registry import INVARIANTS, check, unproved

__all__ = ["INVARIANTS", "bounds", "cases", "check", "due_back", "logs", "secrets", "unproved"]
