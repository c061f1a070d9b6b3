"""How a plugin that publishes warnings learns of the node's own."""

from typing import Protocol

from xstock_node.domain.alerts import Alert


class Warnings(Protocol):
    """The node's own warnings. A plugin needs the power `alerts` for it. Since API level 6."""

    async def own(self) -> tuple[Alert, ...]:
        """Those in force, and for a day the words that revised or ended one."""
        ...
