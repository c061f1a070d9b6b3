"""What the host wants of the node for its plugins."""

from typing import Protocol

from xstock_node.plugins.context import Http, Store


class Ways(Protocol):
    """What the node gives to plugins."""

    def store(self, plugin: str) -> Store:
        """The store of a plugin."""
        ...

    def http(self, plugin: str, hosts: tuple[str, ...]) -> Http:
        """A way out to these hosts alone."""
        ...

    def desk(self, plugin: str, name: str) -> object:
        """One of the node's desks (`desks.DESKS`), for what comes by this plugin."""
        ...

    def now(self) -> int:
        """Unix seconds."""
        ...

    def log(self, plugin: str, level: str, text: str) -> None:
        """A line for the log."""
        ...
