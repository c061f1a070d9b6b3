"""Three nodes in memory, the first of them with a plugin: what its author needs to see stock travel."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from xstock_node.plugins.host import PluginHost
from xstock_node.services import node as nodes
from xstock_node.services.mapping_desk import DecideRequest, Decision, decide
from xstock_node.services.offer_views import PublishRequest
from xstock_node.services.office import OPERATOR, Office, OfficeSettings
from xstock_node.services.publishing import publish
from xstock_node.services.searching import SearchRequest, search
from xstock_node.services.syncing import SyncRequest, SyncResult, sync
from xstock_node.testing.folder_plugin import open_folder
from xstock_node.testing.recorded import recorded_answers
from xstock_node.testing.simnet import SimNet

NAMES = ("redcross.bg", "redcross.hr", "redcross.mk")


class PluginMesh:
    """The three nodes; `first` is the office of the one with the plugin, `last` of one that knows it by a third."""

    def __init__(self, net: SimNet, first: Office, last: Office) -> None:
        self.net, self.first, self.last = net, first, last

    async def sync(self, source: str, accept_changes: bool = False) -> SyncResult:
        """Read the plugin's system; what a person has to look at is held unless it is accepted."""
        return await sync(self.first, OPERATOR, SyncRequest(source=source, accept_changes=accept_changes))

    async def confirm(self, local: str, code: str, factor: str = "") -> None:
        """Confirm that the lines with this own code or name are an item of the catalogue."""
        wanted = [Decision(local=local, code=code, factor=factor)]
        done = await decide(self.first, OPERATOR, DecideRequest(decisions=wanted))
        assert not done.not_done, done.not_done

    async def publish(self) -> None:
        """Publish what the share rules allow, released by a person, and let it travel."""
        await publish(self.first, OPERATOR, PublishRequest(release=True))
        await self.net.settle(60)

    async def found_elsewhere(self, code: str) -> list[Decimal]:
        """The quantities that the last node finds of an item."""
        result = await search(self.last, OPERATOR, SearchRequest(limit=500))
        return [Decimal(hit.quantity) for hit in result.hits if hit.item == code]


@asynccontextmanager
async def plugin_mesh(folder: Path, home: Path) -> AsyncIterator[PluginMesh]:
    """Three nodes, the ends joined by the middle alone; at one end the plugin, its recorded system and its settings."""
    plugin = open_folder(folder)
    net = SimNet(home, latency=0.001)
    async with recorded_answers(plugin.check.answer) as server:
        plugin.write_settings(home, server.url)
        with pytest.MonkeyPatch.context() as alone:
            alone.setattr(nodes, "SECOND", 0.0)  # no second process starts from these folders
            for name in NAMES:
                far = {NAMES[0]: NAMES[-1:], NAMES[-1]: NAMES[:1]}.get(name, ())
                await net.start(name, [one for one in NAMES if one != name], undialled=far)
        host = PluginHost([plugin.distribution], [plugin.point])
        first = Office(net.nodes[NAMES[0]], OfficeSettings(country="BG"), host, home)
        last = Office(net.nodes[NAMES[-1]], OfficeSettings(country="MK"), PluginHost([]), home)
        try:
            yield PluginMesh(net, first, last)
        finally:
            await host.stop()
            await first.ways.close()
            await net.stop_all()
