"""The host: finds plugins by entry point, loads those that are allowed, and quarantines those that fail.

A plugin is loaded only if its distribution's name is allowed; the node's own built-ins come by the same road. Two
plugins of one name are refused both. A failure is kept with its reason; the node starts all the same.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import NamedTuple

import pluggy

from xstock_node.plugins.adapters import FileReader, Notifier
from xstock_node.plugins.hookspecs import PROJECT, Hooks, Registry
from xstock_node.plugins.inventory import InventorySource, StockList

BUILT_IN = "xstock-node"


class PluginStatus(NamedTuple):
    """What became of a plugin: `loaded`, `quarantined` (with the reason), or `not allowed`."""

    name: str
    distribution: str
    version: str
    state: str
    reason: str = ""


class PluginHost:
    """The adapters of all loaded plugins, and what became of each plugin."""

    def __init__(self, allowed: Sequence[str], found: Iterable[EntryPoint] | None = None) -> None:
        self.statuses: list[PluginStatus] = []
        self.file_readers: dict[str, tuple[FileReader, str]] = {}
        self.sources: dict[str, InventorySource | StockList] = {}
        self.notifiers: dict[str, Notifier] = {}
        points = list(entry_points(group=PROJECT) if found is None else found)
        names = Counter(point.name for point in points)
        for point in sorted(points, key=lambda p: p.name):
            self._consider(point, names[point.name] > 1, {BUILT_IN, *allowed})

    def reader_for(self, suffix: str) -> tuple[FileReader, str] | None:
        """The reader of files with this suffix and the module it lives in, or None."""
        for reader, module in self.file_readers.values():
            if suffix.lower() in reader.suffixes:
                return reader, module
        return None

    def suffixes(self) -> list[str]:
        """Every suffix that some loaded plugin reads."""
        return sorted({suffix for reader, _ in self.file_readers.values() for suffix in reader.suffixes})

    def _consider(self, point: EntryPoint, duplicate: bool, allowed: set[str]) -> None:
        distribution = point.dist.name if point.dist is not None else ""
        version = point.dist.version if point.dist is not None else ""
        if distribution not in allowed:
            state, reason = "not allowed", f"add {distribution!r} to plugins.allow to load it"
        elif duplicate:
            state, reason = "quarantined", "two plugins have this name: uninstall one of them"
        else:
            state, reason = self._load(point)
        self.statuses.append(PluginStatus(point.name, distribution, version, state, reason))

    def _load(self, point: EntryPoint) -> tuple[str, str]:
        registry = Registry()
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(Hooks)
        try:
            manager.register(point.load(), point.name)
            manager.check_pending()
            manager.hook.xstock_register(registry=registry)
            self._merge(registry, point.module)
        except Exception as error:  # a plugin may raise anything; the node goes on without it
            return "quarantined", f"{type(error).__name__}: {error}"
        return "loaded", ""

    def _merge(self, registry: Registry, module: str) -> None:
        taken = set(registry.file_readers) & set(self.file_readers) | set(registry.sources) & set(self.sources)
        taken |= set(registry.notifiers) & set(self.notifiers)
        if taken:
            raise ValueError(f"another plugin has adapters of these names: {', '.join(sorted(taken))}")
        self.file_readers.update({name: (reader, module) for name, reader in registry.file_readers.items()})
        self.sources.update(registry.sources)
        self.notifiers.update(registry.notifiers)
