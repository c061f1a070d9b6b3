"""Which rules the forms follow. A form says its version, so that a later reader knows what was asked then."""

from typing import Final

RULES: Final = "Implementing Decision (EU) 2025/704"
"""The implementing rules of Decision 1313/2013/EU; they replaced Implementing Decision 2014/762/EU."""

NOT_CONNECTED: Final = (
    "Prepared by a node of a member organisation, to be handed in by its coordinating body. The node is not connected"
    " to CECIS, the system of the Mechanism; the reference number is kept as people entered it."
)
UNKNOWN: Final = "unknown"
