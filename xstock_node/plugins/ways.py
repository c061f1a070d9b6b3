"""What the host wants of the node for its plugins."""

from typing import Protocol

from xstock_node.plugins.context import Http, Store
from xstock_node.plugins.inbox import Inbox


class Ways(Protocol):
    """What the node gives to plugins."""

    def store(self, plugin: str) -> Store:
        """The store of a plugin."""
        ...

    def http(self, plugin: str, hosts: tuple[str, ...]) -> Http:
        """A way out to these hosts alone."""
        ...

    def inbox(self, plugin: str) -> Inbox:
        """The node's inbox, for messages that come by this plugin."""
        ...

    def now(self) -> int:
        """Unix seconds."""
        ...

    def log(self, plugin: str, level: str, text: str) -> None:
        """A line for the log."""
        ...
