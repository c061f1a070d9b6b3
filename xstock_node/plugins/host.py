"""The host: finds plugins by entry point, loads those that are allowed, and quarantines those that fail.

A plugin is loaded only if its distribution's name is allowed; the node's own built-ins come by the same road. Two
plugins of one name are refused both, and so is a second adapter of a name. A failure is kept with its reason and with
what to do; the node starts all the same. Of a plugin in a process of its own only the manifest is read here.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import NamedTuple

import pluggy

from xstock_node.plugins import manifest as manifests
from xstock_node.plugins import settings as settings_files
from xstock_node.plugins.frames import Found
from xstock_node.plugins.hookspecs import API_LEVEL, PROJECT, Hooks, Registry
from xstock_node.plugins.manifest import NEEDS, AdapterEntry, Manifest
from xstock_node.plugins.plugin import Code, Plugin
from xstock_node.plugins.registered import found_in
from xstock_node.plugins.sandbox import Mode
from xstock_node.plugins.ways import Ways

BUILT_IN = "xstock-node"


class PluginStatus(NamedTuple):
    """What became of a plugin: `loaded`, `disabled`, `quarantined` (with the reason), or `not allowed`."""

    name: str
    distribution: str
    version: str
    state: str
    reason: str = ""
    do: str = ""


class Adapter(NamedTuple):
    """An adapter of a loaded plugin, and the plugin that has it."""

    plugin: Plugin
    kind: str
    name: str
    title: str
    suffixes: tuple[str, ...]
    editable: bool
    writes: tuple[str, ...] = ()

    @property
    def is_on(self) -> bool:
        """Whether it has settings; what is wrong with them is named in `plugin list` and by `doctor`."""
        try:
            return self.plugin.settings_of(self.name) is not None
        except (OSError, ValueError):
            return False


class PluginHost:
    """The adapters of all loaded plugins, and what became of each plugin. `home`, the data folder, is kept from those
    that have to be looked at before anything is attached.
    """

    def __init__(
        self,
        allowed: Sequence[str],
        found: Iterable[EntryPoint] | None = None,
        in_process: Sequence[str] = (),
        mode: Mode = "auto",
        home: Path | None = None,
    ) -> None:
        self._statuses: dict[str, PluginStatus] = {}
        self.plugins: dict[str, Plugin] = {}
        self.adapters: dict[tuple[str, str], Adapter] = {}
        self._home = home
        self._allowed, self._inside, self.mode = {BUILT_IN, *allowed}, {BUILT_IN, *in_process}, mode
        points = list(entry_points(group=PROJECT) if found is None else found)
        names = Counter(point.name for point in points)
        for point in sorted(points, key=lambda p: p.name):
            self._consider(point, names[point.name] > 1)

    @property
    def statuses(self) -> list[PluginStatus]:
        """Every plugin that is installed, and what became of it."""
        return [self._now(name, status) for name, status in sorted(self._statuses.items())]

    def attach(self, ways: Ways, home: Path) -> None:
        """Give all plugins what the node has for them, and the folder of their settings."""
        for plugin in self.plugins.values():
            plugin.attach(ways, home)

    async def stop(self) -> None:
        """End the processes of all plugins."""
        for plugin in self.plugins.values():
            await plugin.stop()

    def of_kind(self, kind: str) -> list[Adapter]:
        """All adapters of a kind whose plugins are enabled, by name."""
        return [one for key, one in sorted(self.adapters.items()) if key[0] == kind and not one.plugin.disabled]

    def reader_for(self, suffix: str) -> Adapter | None:
        """The reader of files with this suffix, or None."""
        return next((one for one in self.of_kind("file-reader") if suffix.lower() in one.suffixes), None)

    def writer_for(self, suffix: str) -> Adapter | None:
        """The reader that also writes files with this suffix, or None."""
        return next((one for one in self.of_kind("file-reader") if suffix.lower() in one.writes), None)

    def written(self) -> list[str]:
        """Every suffix that some loaded plugin writes."""
        return sorted({suffix for one in self.of_kind("file-reader") for suffix in one.writes})

    def suffixes(self) -> list[str]:
        """Every suffix that some loaded plugin reads."""
        return sorted({suffix for one in self.of_kind("file-reader") for suffix in one.suffixes})

    def isolates(self) -> bool:
        """Whether any plugin runs in a process of its own."""
        return any(plugin.isolated for plugin in self.plugins.values())

    def adopt(self, name: str, registry: Registry) -> None:
        """Take adapters that are in this process already, as those of a plugin that runs in the node."""
        found = tuple(found_in(registry))
        plugin = Plugin(name, Code(name, Path()), _with(Manifest(api=API_LEVEL), found, True), registry, self.mode)
        self._merge(plugin, found)
        self.plugins[name] = plugin
        self._statuses[name] = PluginStatus(name, BUILT_IN, "", "loaded")

    def editable(self) -> str:
        """The name of the list that people type in, or an empty text."""
        return next((one.name for one in self.of_kind("inventory-source") if one.editable), "")

    def _now(self, name: str, status: PluginStatus) -> PluginStatus:
        plugin = self.plugins.get(name)
        if plugin is not None and plugin.disabled:
            return status._replace(state="disabled", do=f"`xstock plugin enable {name}`")
        if plugin is not None and plugin.failed:
            do = f"update or remove {status.distribution}, then `xstock plugin enable {name}`"
            return status._replace(state="quarantined", reason=plugin.failed, do=do)
        return status

    def _consider(self, point: EntryPoint, duplicate: bool) -> None:
        distribution = point.dist.name if point.dist is not None else ""
        version = point.dist.version if point.dist is not None else ""
        status = PluginStatus(point.name, distribution, version, "loaded")
        if distribution not in self._allowed:
            do = f"add {distribution!r} to plugins.allow to load it"
            status = status._replace(state="not allowed", reason="its distribution is not in plugins.allow", do=do)
        elif duplicate:
            do = "uninstall one of them"
            status = status._replace(state="quarantined", reason="two plugins have this name", do=do)
        else:
            status = self._load(point, status)
        if point.name not in self._statuses or status.state == "quarantined":
            self._statuses[point.name] = status

    def _load(self, point: EntryPoint, status: PluginStatus) -> PluginStatus:
        try:
            package = manifests.find_package(point.module)
            wanted = manifests.parse(package.manifest)
            registry = _register(point) if status.distribution in self._inside else None
            plugin = Plugin(point.name, Code(point.module, package.origin), wanted, registry, self.mode, self._home)
            if registry is not None:
                found: tuple[Found, ...] = tuple(found_in(registry))
            elif wanted.adapter is None:
                found = plugin.describe()
            else:
                found = tuple(
                    Found(kind=a.kind, name=a.name, title=a.title, suffixes=a.suffixes) for a in wanted.adapter
                )
            plugin.manifest = _with(wanted, found, registry is not None)
            self._merge(plugin, found)
        except manifests.TooNew as error:
            return status._replace(state="quarantined", reason=str(error), do="update the node or the plugin")
        except BaseException as error:  # a plugin may raise anything, also SystemExit; the node goes on without it
            if isinstance(error, KeyboardInterrupt):
                raise
            do = f"update, reinstall or remove {status.distribution}, or take it out of plugins.allow"
            return status._replace(state="quarantined", reason=f"{type(error).__name__}: {error}"[:500], do=do)
        self.plugins[point.name] = plugin
        return status

    def _merge(self, plugin: Plugin, found: tuple[Found, ...]) -> None:
        keys = [(one.kind, one.name) for one in found]
        taken = [name for kind, name in keys if (kind, name) in self.adapters or keys.count((kind, name)) > 1]
        if taken:
            raise ValueError(f"another plugin has adapters of these names: {', '.join(sorted(set(taken)))}")
        for one in found:
            if not settings_files.is_name(one.name):
                raise ValueError(f"expected an adapter's name of a-z, 0-9 and '-'; came {one.name[:60]!r}")
        writes: dict[tuple[str, str], tuple[str, ...]] = {
            (one.kind, one.name): one.writes for one in plugin.manifest.adapter or ()
        }
        for one in found:
            self.adapters[one.kind, one.name] = Adapter(
                plugin, one.kind, one.name, one.title, one.suffixes, one.editable, writes.get((one.kind, one.name), ())
            )


def _register(point: EntryPoint) -> Registry:
    registry = Registry()
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    manager.register(import_module(point.module), point.name)
    manager.check_pending()
    manager.hook.xstock_register(registry=registry)
    return registry


def _with(wanted: Manifest, found: tuple[Found, ...], trusted: bool) -> Manifest:
    """The manifest with the adapters that were found; what runs in the node may do what its adapters need."""
    entries = wanted.adapter
    if entries is None:
        entries = tuple(
            AdapterEntry(kind=one.kind, name=one.name, title=one.title, suffixes=one.suffixes)  # type: ignore[arg-type]
            for one in found
        )
    may = tuple({NEEDS[one.kind] for one in entries} | set(wanted.may)) if trusted else wanted.may
    return Manifest(
        api=wanted.api, network=wanted.network, hosts=wanted.hosts, files=wanted.files, may=may, adapter=entries
    )
