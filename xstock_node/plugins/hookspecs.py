"""The hooks. A plugin registers adapters in them; behaviour lives in the adapters, which the host calls."""

import pluggy

from xstock_node.plugins.adapters import FileReader, InventorySource, Notifier

API_LEVEL = 2
"""1: readers of files, inventory sources; 2: notifiers beside them."""
PROJECT = "xstock_node"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Registry:
    """What a plugin fills during registration. `api_level` is the level of hooks this node speaks."""

    api_level = API_LEVEL

    def __init__(self) -> None:
        self.file_readers: dict[str, FileReader] = {}
        self.sources: dict[str, InventorySource] = {}
        self.notifiers: dict[str, Notifier] = {}

    def file_reader(self, reader: FileReader) -> None:
        """Offer a reader of foreign files; two readers of one name are refused."""
        if reader.name in self.file_readers:
            raise ValueError(f"a file reader named {reader.name!r} is registered already")
        self.file_readers[reader.name] = reader

    def inventory_source(self, source: InventorySource) -> None:
        """Offer a source of stock lines; two sources of one name are refused."""
        if source.name in self.sources:
            raise ValueError(f"an inventory source named {source.name!r} is registered already")
        self.sources[source.name] = source

    def notifier(self, notifier: Notifier) -> None:
        """Offer to carry notices to people; two notifiers of one name are refused."""
        if notifier.name in self.notifiers:
            raise ValueError(f"a notifier named {notifier.name!r} is registered already")
        self.notifiers[notifier.name] = notifier


class Hooks:
    """Hook specifications of API level 2."""

    @hookspec
    def xstock_register(self, registry: Registry) -> None:
        """Called once when the node starts: register this plugin's adapters in `registry`."""
