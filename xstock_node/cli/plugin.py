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


@plugin.command("new")
@click.argument("name")
@click.option("--kind", required=True, help="inventory, inventory-writer, files, notifier ...: see plugins/README.md.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path(), help="Where its folder is made; here.")
@verb
async def new(as_json: bool, home: Path | None, name: str, kind: str, folder: Path) -> None:
    """Write a working plugin NAME with tests, to begin from."""
    from xstock_node.testing.new_plugin import write_new

    files = [str(path) for path in write_new(name, kind, folder)]
    emit({"name": name, "kind": kind, "files": files}, as_json, lambda made: _made(made, folder / name))


@plugin.command("check")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path())
@verb
async def check(as_json: bool, home: Path | None, folder: Path) -> None:
    """Check the plugin in FOLDER against what the node expects of its kind."""
    from xstock_node.testing.folder_plugin import open_folder
    from xstock_node.testing.plugin_checks import check as checks

    found = []
    async for one in checks(open_folder(folder)):
        found.append(one)
        if not as_json:
            click.echo(_checked(one))
    emit(found, as_json, _summed)
    if not all(one.holds for one in found):
        raise click.exceptions.Exit(1)


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


def _made(made: Any, root: Path) -> str:
    text = "written: {files}\nnow: cd {root}; pip install -e '.[test]'; xstock plugin check; pytest"
    return words("plugin.made", text, files=", ".join(made["files"]), root=root)


def _checked(one: Any) -> str:
    mark = ("holds" if one.checked else "--   ") if one.holds else "FAILS"
    return f"{mark}  {f'{one.adapter}: ' if one.adapter else ''}{one.promise}{f' -- {one.found}' if one.found else ''}"


def _summed(found: Any) -> str:
    told = [one for one in found if one.checked]
    held = sum(one.holds for one in told)
    head = words("plugin.checked", "{held} of {all} checks hold", held=held, all=len(told))
    left = len(found) - len(told)
    return head + (words("plugin.unchecked", "; {left} have nothing to play", left=left) if left else "")
