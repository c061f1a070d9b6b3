"""The plugins of this node and how their adapters fare."""

import msgspec

from xstock_node.console.acts import routed
from xstock_node.console.page import Column, Page, Press, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.services.plugging import PluginView

OFF = ("disabled", "quarantined")
"""States of a plugin that a person may switch on again."""


class AdapterRow(msgspec.Struct, frozen=True, kw_only=True):
    """An adapter of a plugin: calls, errors and times (seconds)."""

    plugin: str
    kind: str
    name: str
    state: str
    calls: int
    errors: int
    mean: str
    slowest: str
    last_error: str


class PluginsView(msgspec.Struct, frozen=True, kw_only=True):
    """The plugins and how each of their adapters fares."""

    plugins: list[PluginView]
    adapters: list[AdapterRow]


async def _plugins(visit: Visit, asked: None) -> PluginsView:
    plugins: list[PluginView] = await visit.ask("plugin.list")
    rows = [
        AdapterRow(
            plugin=plugin.name,
            kind=one.kind,
            name=one.name,
            state=one.state,
            calls=one.calls,
            errors=one.errors,
            mean=f"{one.seconds / one.calls:.3f}" if one.calls else "",
            slowest=f"{one.slowest:.3f}" if one.calls else "",
            last_error=one.last_error,
        )
        for plugin in plugins
        for one in plugin.adapters
    ]
    return PluginsView(plugins=sorted(plugins, key=lambda one: one.state == "not allowed"), adapters=rows)


PLUGINS = Page(
    "plugins",
    "/plugins",
    mark("Plugins"),
    "operate",
    _plugins,
    acts={"disable": routed("plugin.disable", "/plugins"), "enable": routed("plugin.enable", "/plugins")},
    tables={
        "plugins": Table(
            mark("Plugins"),
            (
                Column("name", mark("Name")),
                Column("distribution", mark("Distribution")),
                Column("version", mark("Version")),
                Column("state", mark("State"), "plugin-state"),
                Column("isolation", mark("Kept apart by"), "said-isolation"),
                Column("may", mark("May"), "power"),
                Column("reason", mark("Why"), "told"),
                Column("do", mark("What to do"), "told"),
            ),
            lambda view: view.plugins,
            mark("No plugin is allowed in the settings."),
            (
                Press("enable", mark("Switch on"), ("name",), "operate", when=lambda row: row.state in OFF),
                Press("disable", mark("Switch off"), ("name",), "operate", when=lambda row: row.state == "loaded"),
            ),
        ),
        "adapters": Table(
            mark("How they fare"),
            (
                Column("plugin", mark("Plugin")),
                Column("kind", mark("Kind"), "said-adapter-kind"),
                Column("name", mark("Adapter"), "stock-source"),
                Column("state", mark("State"), "said-adapter-state"),
                Column("calls", mark("Calls"), "number"),
                Column("errors", mark("Errors"), "number"),
                Column("mean", mark("Mean s"), "number"),
                Column("slowest", mark("Slowest s"), "number"),
                Column("last_error", mark("Last error"), "record"),
            ),
            lambda view: view.adapters,
            mark("No adapter was called yet."),
        ),
    },
    group="node",
    shape="plain",
)
