"""Plugins that a test writes, in a host of their own."""

import sys
from collections.abc import AsyncIterator, Callable
from importlib.metadata import EntryPoint
from itertools import count
from pathlib import Path

import pytest

from xstock_node.plugins.host import PluginHost
from xstock_node.testing.plugins import LooseWays, write_plugin

_number = count(1)
Write = Callable[..., EntryPoint]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a plugin under a name of its own."""
    folder = tmp_path / "code"
    folder.mkdir()

    def run(code: str, manifest: str | None = None, distribution: str = "acme", name: str = "") -> EntryPoint:
        name = name or f"made-{next(_number)}"
        return write_plugin(folder, name, code, manifest, distribution)

    yield run  # type: ignore[misc]
    sys.path[:] = [path for path in sys.path if path != str(folder)]
    for module in [name for name in sys.modules if name.startswith("made_")]:
        del sys.modules[module]


class Bench:
    """A host over plugins of a test, with the data folder `home`."""

    def __init__(self, home: Path) -> None:
        self.home, self.ways = home, LooseWays()
        (home / "plugins").mkdir(parents=True)
        self.hosts: list[PluginHost] = []

    def host(self, *points: EntryPoint, **settings: object) -> PluginHost:
        """A host that allows the distribution `acme`."""
        made = PluginHost(["acme"], points, **settings)  # type: ignore[arg-type]
        made.attach(self.ways, self.home)
        self.hosts.append(made)
        return made

    def settings(self, name: str, text: str = "") -> Path:
        """Write the settings of an adapter."""
        path = self.home / "plugins" / f"{name}.toml"
        path.write_text(text, "utf-8")
        return path


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A host and what it gives to plugins."""
    made = Bench(tmp_path / "home")
    yield made
    for host in made.hosts:
        await host.stop()
    await made.ways.close()
