"""Plugins loaded anew when their code changes, for who writes one: `xstock serve --dev`.

Only those with a process of their own: what runs inside the node stays until it is started anew.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from xstock_node.plugins.plugin import Plugin
from xstock_node.services.office import Office

EVERY: Final = 0.5
MOST: Final = 5000
"""Files that are looked at; a plugin with more is loaded anew by hand."""
WATCHED: Final = frozenset({".py", ".toml", ".json"})
Seen = Mapping[Path, tuple[int, int]]


class Reloading:
    """Looks at the code of the plugins again and again."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._seen: dict[str, Seen] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look."""
        self._seen = {plugin.name: seen(plugin.code.origin) for plugin in self._watched()}
        why = "plugins are loaded anew when they change"
        self._office.node.trace.warning("dev", plugins=sorted(self._seen), why=why)
        self._task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> list[str]:
        """Load anew what changed since the last look; the names of those plugins."""
        changed = []
        for plugin in self._watched():
            now = await asyncio.to_thread(seen, plugin.code.origin)
            if now != self._seen.get(plugin.name):
                self._seen[plugin.name] = now
                changed.append(plugin.name)
                await self._load(plugin)
        return changed

    def _watched(self) -> list[Plugin]:
        return [plugin for plugin in self._office.host.plugins.values() if plugin.isolated]

    async def _load(self, plugin: Plugin) -> None:
        await plugin.stop()
        plugin.forgive()
        why = await plugin.check()
        trace = self._office.node.trace
        if why:
            trace.error("plugin-not-reloaded", plugin=plugin.name, why=why)
        else:
            trace.warning("plugin-reloaded", plugin=plugin.name)
        self._office.changes.tell("")

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.look()
            except Exception as error:  # an author saves half a file now and then
                self._office.node.trace.error("plugin-not-reloaded", why=f"{type(error).__name__}: {error}")


def seen(origin: Path) -> Seen:
    """The files of a plugin with their time of change (ns) and size; what vanishes meanwhile is left out."""
    found: dict[Path, tuple[int, int]] = {}
    for path in _files(origin):
        try:
            about = path.stat()
        except OSError:
            continue
        found[path] = (about.st_mtime_ns, about.st_size)
        if len(found) >= MOST:
            break
    return found


def _files(origin: Path) -> Iterator[Path]:
    if origin.is_file():
        yield origin
        return
    for folder, folders, names in os.walk(origin):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (Path(folder, name) for name in names if Path(name).suffix in WATCHED)
