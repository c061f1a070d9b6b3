"""`xstock plugin`: what is installed, what it may do, how it fares; switch it; write and check a new one."""

from pathlib import Path
from typing import Any

import click

from xstock_node.cli.output import emit, table, verb, words
from xstock_node.cli.session import open_session


@click.group("plugin")
def plugin() -> None:
    """Plugins: list, enable, disable, new, check."""


@plugin.command("list")
@verb
async def list_(as_json: bool, home: Path | None) -> None:
    """Every plugin that is installed, what became of it, and what to do."""
    async with open_session(home) as session:
        emit(await session.call("plugin.list"), as_json, shown)


@plugin.command("disable")
@click.argument("name")
@verb
async def disable(as_json: bool, home: Path | None, name: str) -> None:
    """Switch plugin NAME off at once, without a restart."""
    await _switch(as_json, home, "plugin.disable", name)


@plugin.command("enable")
@click.argument("name")
@verb
async def enable(as_json: bool, home: Path | None, name: str) -> None:
    """Switch plugin NAME on again, and try at once what failed or was stopped."""
    await _switch(as_json, home, "plugin.enable", name)


async def _switch(as_json: bool, home: Path | None, call: str, name: str) -> None:
    from xstock_node.services.plugging import PluginRequest

    async with open_session(home) as session:
        view = await session.call(call, PluginRequest(name=name))
    emit(view, as_json, lambda found: shown([found]))
    if view.state == "quarantined":
        raise click.exceptions.Exit(1)


def shown(views: Any) -> str:
    """Plugins for people: a table, then what to do, then the adapters."""
    rows = [(v.name, v.version, v.state, v.isolation, v.network, " ".join(v.may)) for v in views]
    lines = [table(("plugin", "version", "state", "isolation", "network", "may"), rows)]
    for view in views:
        if view.reason or view.do:
            text = "{name}: {reason}; to do: {do}"
            lines.append(words("plugin.trouble", text, name=view.name, reason=view.reason or view.state, do=view.do))
    adapters = [
        (v.name, a.kind, a.name, a.state, a.calls, a.errors, a.slowest, a.last_error) for v in views for a in v.adapters
    ]
    if adapters:
        headers = ("plugin", "kind", "adapter", "state", "calls", "errors", "slowest s", "last error")
        lines += ["", table(headers, adapters)]
    return "\n".join(lines)
