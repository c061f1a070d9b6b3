"""Nodes that read feeds of warnings: recorded answers, the real plugin xstock-cap, notices that a test counts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from tests.shared import ROOT
from xstock_node.domain.alerts import Alert
from xstock_node.domain.rights import Grant, Role
from xstock_node.plugins import Context, Notice, NotifierContext, Registry
from xstock_node.plugins.host import PluginHost
from xstock_node.plugins.interchange import Reading
from xstock_node.services import node as nodes
from xstock_node.services.alert_feeds import Alerting
from xstock_node.services.alert_views import AlertRef, AlertsAsked, WarningRow, WarningView, list_alerts, show_alert
from xstock_node.services.draft_desk import DraftsAsked, DraftView, list_drafts
from xstock_node.services.duty_desk import WaitingView, list_queue
from xstock_node.services.notifying import Notifying
from xstock_node.services.office import OPERATOR, AlertRules, Office, OfficeSettings
from xstock_node.services.people import PEOPLE, Person
from xstock_node.testing.clock import START, SimClock
from xstock_node.testing.folder_plugin import open_folder
from xstock_node.testing.simnet import SimNet


class NoSettings(msgspec.Struct):
    """Nothing to set."""


class Told:
    """A notifier that keeps what it was given."""

    name, title, settings = "told", "A list", NoSettings

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    async def send(self, notice: Notice, context: NotifierContext) -> None:
        self.notices.append(notice)


class Feed:
    """A feed that a test fills."""

    name, title, settings = "feed", "A feed", NoSettings

    def __init__(self) -> None:
        self.said: Reading = Reading()
        self.error: Exception | None = None
        self.asked = 0

    async def poll(self, context: Context) -> Reading:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self.said


class WarningDesk(NamedTuple):
    """One node with its feeds, read when a test says so."""

    net: SimNet
    office: Office
    alerting: Alerting
    told: Told
    feed: Feed

    def later(self, seconds: int) -> None:
        for clock in self.net.clocks.values():
            clock.offset += seconds

    async def poll(self, *alerts: Alert, after: int = 301) -> list[str]:
        """Let time pass, let the feed say these, look; which feeds were read."""
        self.later(after)
        self.feed.said = Reading(alerts=alerts)
        return await self.alerting.look()

    async def listed(self, every: bool = False, language: str = "") -> list[WarningRow]:
        return await list_alerts(self.office, OPERATOR, AlertsAsked(all=every, language=language))

    async def shown(self, id_: str) -> WarningView:
        return await show_alert(self.office, OPERATOR, AlertRef(id=id_))

    async def drafts(self, every: bool = True) -> list[DraftView]:
        return await list_drafts(self.office, OPERATOR, DraftsAsked(all=every))

    async def queue(self) -> list[WaitingView]:
        return [one for one in await list_queue(self.office, OPERATOR) if one.kind == "alert"]

    async def calls(self) -> int:
        """How many were called about a warning, after one more look of the notifier."""
        await Notifying(self.office).look()
        return sum(one.kind == "alert" for one in self.told.notices)


@asynccontextmanager
async def warning_desk(
    folder: Path,
    country: str = "RO",
    at: int = START,
    log: str = "see.pub",
    gdacs: str = "",
    apart: bool = False,
    **rules: Any,
) -> AsyncIterator[WarningDesk]:
    """A node with one duty officer; `rules` are `AlertRules`.

    `gdacs`: where the feed is that the real plugin reads, in a process of its own with `apart`.
    """
    told, feed, registry = Told(), Feed(), Registry()
    registry.notifier(told)
    registry.alert_source(feed)
    plugin = open_folder(ROOT / "plugins" / "xstock-cap")
    inside = [plugin.distribution]
    host = PluginHost(inside, [plugin.point], in_process=() if apart else inside) if gdacs else PluginHost([])
    host.adopt("of-the-test", registry)
    (folder / "plugins").mkdir(parents=True)
    settings = {"told": "", "gdacs": f'url = "{gdacs}"\n'} if gdacs else {"told": "", "feed": ""}
    for name, text in settings.items():
        (folder / "plugins" / f"{name}.toml").write_text(text)
    net, name = SimNet(folder, latency=0.001, log=log), f"redcross.{country.lower()}"
    net.clocks[name] = SimClock(at - int(asyncio.get_running_loop().time()))
    with pytest.MonkeyPatch.context() as alone:
        alone.setattr(nodes, "SECOND", 0.0)  # no second process starts from this folder
        node = await net.start(name, [])
    office = Office(node, OfficeSettings(country=country, alerts=AlertRules(**rules)), host, folder)
    officer = Person(name="ana", grants=(Grant(role=Role.DUTY_OFFICER),))
    await node.engine.write(lambda tx: PEOPLE.put(tx, "ana", officer, at), durable=True)
    try:
        yield WarningDesk(net, office, Alerting(office), told, feed)
    finally:
        await host.stop()
        await office.ways.close()
        await net.stop_all()
