"""Plugins made on the spot: written to a folder as their authors would, and found as if they had been installed."""

import sys
import textwrap
import time
from importlib.metadata import EntryPoint
from pathlib import Path

from xstock_node.domain.alerts import Alert
from xstock_node.plugins.context import Http, Nowhere, Store
from xstock_node.plugins.convoys import Expected, Noted, Passage
from xstock_node.plugins.hookspecs import PROJECT
from xstock_node.plugins.inbox import Document, Receipt
from xstock_node.plugins.manifest import FILE
from xstock_node.services.plugin_context import MemoryStore, WayOut
from xstock_node.testing.members import LooseMembers
from xstock_node.transport.plugin_http import PluginHttp


class Distribution:
    """As much of a distribution as the host looks at."""

    def __init__(self, name: str) -> None:
        self.name, self.version = name, "1.0"


def write_plugin(
    folder: Path, name: str, code: str, manifest: str | None = None, distribution: str = "acme"
) -> EntryPoint:
    """Write the package `name` into a folder on the path, with a manifest where one is given; its entry point."""
    package = folder / name.replace("-", "_")
    package.mkdir()
    (package / "__init__.py").write_text(textwrap.dedent(code), "utf-8")
    if manifest is not None:
        (package / FILE).write_text(textwrap.dedent(manifest), "utf-8")
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return EntryPoint(name, package.name, PROJECT)._for(Distribution(distribution))  # type: ignore[attr-defined,no-any-return]


class LooseInbox:
    """An inbox without any node: it keeps every document and says that it was taken."""

    def __init__(self) -> None:
        self.documents: list[Document] = []

    async def take(self, document: Document) -> tuple[Receipt, ...]:
        """See `Inbox.take`."""
        self.documents.append(document)
        return (Receipt(id=str(len(self.documents)), foreign_id=document.name, kind="document", state="taken"),)


class LooseConvoys:
    """A watch over convoys without any node: every code is known, and every passage is kept."""

    def __init__(self) -> None:
        self.passages: list[Passage] = []

    async def expected(self) -> tuple[Expected, ...]:
        """See `Convoys.expected`."""
        return ()

    async def find(self, code: str) -> bool:
        """See `Convoys.find`."""
        return True

    async def passed(self, passage: Passage) -> Noted:
        """See `Convoys.passed`."""
        self.passages.append(passage)
        return Noted(id=str(len(self.passages)), state="waiting", known=False)


class LooseWarnings:
    """Own warnings without any node: those that the test put there."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []

    async def own(self) -> tuple[Alert, ...]:
        """See `Warnings.own`."""
        return tuple(self.alerts)


class LooseWays:
    """What a host gives to plugins without any node: a store in memory, HTTP to the listed hosts, a clock, a list."""

    def __init__(self) -> None:
        self.ahead = 0
        self.said: list[tuple[str, str, str]] = []
        self.inboxes: dict[str, LooseInbox] = {}
        self.convoys = LooseConvoys()
        self.warnings = LooseWarnings()
        self.members: dict[str, LooseMembers] = {}
        self._stores: dict[str, MemoryStore] = {}
        self._https: list[PluginHttp] = []

    def store(self, plugin: str) -> Store:
        """See `Ways.store`."""
        return self._stores.setdefault(plugin, MemoryStore())

    def http(self, plugin: str, hosts: tuple[str, ...]) -> Http:
        """See `Ways.http`."""
        self._https.append(PluginHttp(hosts))
        return WayOut(self._https[-1])

    def desk(self, plugin: str, name: str) -> object:
        """See `Ways.desk`; an inbox and members for each plugin, one watch over convoys, one list of warnings."""
        found = {
            "inbox": self.inboxes.setdefault(plugin, LooseInbox()),
            "members": self.members.setdefault(plugin, LooseMembers()),
            "convoys": self.convoys,
            "warnings": self.warnings,
        }
        return found.get(name) or Nowhere(name)

    def now(self) -> int:
        """The time of the machine, and how far the test moved it on."""
        return int(time.time()) + self.ahead

    def log(self, plugin: str, level: str, text: str) -> None:
        """See `Ways.log`."""
        self.said.append((plugin, level, text))

    async def close(self) -> None:
        """Close the ways out."""
        for http in self._https:
            await http.close()
