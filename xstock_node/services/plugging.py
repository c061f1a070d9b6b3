"""Plugins in the node: which are switched off, how they fare, and what a person may do about it."""

import asyncio
from typing import Final

import msgspec

from xstock_node.plugins import sandbox
from xstock_node.plugins.host import PluginHost, PluginStatus
from xstock_node.plugins.records import Record, Tally
from xstock_node.services.errors import Refusal
from xstock_node.services.looked import Finding
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.services.typed import clean
from xstock_node.storage.interfaces import Transaction

NOT_THERE: Final = ("an installed plugin", "see `xstock plugin list`")


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a plugin: that a person switched it off, and which settings of an adapter were refused."""

    disabled: bool = False
    stopped: dict[str, str] = {}


SWITCHES: Shelf[Switch] = Shelf("plugin", Switch)


class PluginRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin, by its name in `plugin list`."""

    name: str


class PluginView(msgspec.Struct, frozen=True, kw_only=True):
    """One plugin. `state` is `loaded`, `disabled`, `quarantined` or `not allowed`; `isolation` is `none`, `process` or
    `process and bubblewrap`, `process and Landlock`; `do` is what to type where something is not well.
    """

    name: str
    distribution: str
    version: str
    state: str
    reason: str
    do: str
    api: int = 0
    isolation: str = ""
    network: str = ""
    hosts: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    adapters: list[Tally] = []


class Plugging:
    """The plugins of a node that serves, from its start to its end."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Load what runs in processes of its own, and say in the log what cannot work."""
        await recall(self._office)
        self._task = asyncio.ensure_future(self._load())

    async def stop(self) -> None:
        """End their processes."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._office.host.stop()
        await self._office.ways.close()

    async def _load(self) -> None:
        """Load what is switched on, all at once: one that hangs holds up nobody."""
        host = self._office.host
        for plugin in host.plugins.values():
            plugin.on_stop = self._stopped
        await asyncio.gather(*(plugin.check() for plugin in host.plugins.values() if plugin.wants_a_start()))
        for status in host.statuses:
            if status.state == "quarantined":
                self._office.node.trace.error("plugin-quarantined", plugin=status.name, why=status.reason, do=status.do)

    async def _stopped(self, plugin: str, record: Record) -> None:
        """Remember that a system refused us, so that a restart does not try the same password again."""

        def work(tx: Transaction) -> None:
            held = SWITCHES.get(tx, plugin) or Switch()
            stopped = held.stopped | {f"{record.kind} {record.name}": record.stopped}
            SWITCHES.put(tx, plugin, msgspec.structs.replace(held, stopped=stopped), self._office.node.clock.now())

        await self._office.node.engine.write(work, durable=True)
        self._office.node.trace.error("plugin-stopped", plugin=plugin, adapter=record.name, why=record.last_error)


async def recall(office: Office) -> None:
    """Switch off what a person switched off, and stop what was refused before."""
    held = await office.node.engine.read(lambda tx: {name: SWITCHES.get(tx, name) for name in office.host.plugins})
    for name, switch in held.items():
        plugin = office.host.plugins[name]
        plugin.disabled = switch is not None and switch.disabled
        for key, mark in (switch.stopped if switch else {}).items():
            kind, _, adapter = key.partition(" ")
            record = plugin.record(kind, adapter)
            record.refused(mark, record.stop.why or "refused before the last start")


async def list_plugins(office: Office, actor: Actor, request: None = None) -> list[PluginView]:
    """Every plugin that is installed, what it may do, and how its adapters fare."""
    await recall(office)
    return [_view(office.host, status) for status in office.host.statuses]


async def disable(office: Office, actor: Actor, request: PluginRequest) -> PluginView:
    """Switch a plugin off at once: its process ends, its adapters are not asked."""
    return await _switch(office, actor, request.name, True)


async def enable(office: Office, actor: Actor, request: PluginRequest) -> PluginView:
    """Switch a plugin on, and let what was stopped or waits after errors be tried again at once."""
    return await _switch(office, actor, request.name, False)


async def check_plugin(office: Office, actor: Actor, request: PluginRequest) -> PluginView:
    """Load a plugin now, whether or not anything needs it."""
    plugin = office.host.plugins.get(request.name)
    if plugin is not None:
        plugin.forgive(stops=False)
        await plugin.check()
    return await _one(office, request.name)


async def _switch(office: Office, actor: Actor, name: str, disabled: bool) -> PluginView:
    plugin = office.host.plugins.get(name)
    if plugin is None:
        await _one(office, name)
        expected = "a plugin that is loaded"
        raise Refusal("not-loaded", expected, f"{name} is not", "see `xstock plugin list` for what to do")
    now = office.node.clock.now()

    def work(tx: Transaction) -> None:
        SWITCHES.put(tx, name, Switch(disabled=disabled), now)
        office.record(tx, actor, "plugin.disable" if disabled else "plugin.enable", name)

    await office.node.engine.write(work, durable=True)
    plugin.disabled = disabled
    if disabled:
        await plugin.stop()
    else:
        plugin.forgive()
        await plugin.check()
    return await _one(office, name)


async def _one(office: Office, name: str) -> PluginView:
    for status in office.host.statuses:
        if status.name == name:
            return _view(office.host, status)
    raise Refusal("no-plugin", NOT_THERE[0], name, NOT_THERE[1], 2)


def _view(host: PluginHost, status: PluginStatus) -> PluginView:
    plugin = host.plugins.get(status.name)
    view = PluginView(
        name=status.name,
        distribution=status.distribution,
        version=status.version,
        state=status.state,
        reason=clean(status.reason),
        do=status.do,
    )
    if plugin is None:
        return view
    return msgspec.structs.replace(
        view,
        api=plugin.manifest.api,
        isolation=_isolation(plugin.isolated, host.mode),
        network=plugin.manifest.network,
        hosts=plugin.manifest.hosts,
        may=plugin.manifest.may,
        adapters=plugin.tallies(),
    )


def _isolation(isolated: bool, mode: sandbox.Mode) -> str:
    if not isolated:
        return "none"
    walls = sandbox.walls(mode)
    return f"process and {walls}" if walls else "process"


def plugin_findings(office: Office) -> list[Finding]:
    """What `doctor` says of plugins."""
    found = []
    for status in office.host.statuses:
        check, words = f"plugin {status.name}", clean(status.reason)
        if status.state == "quarantined":
            found.append(Finding(check=check, state="error", found=words, do=status.do))
        elif status.state == "disabled":
            found.append(Finding(check=check, state="warning", found="switched off", do=status.do))
        elif status.state == "loaded":
            found += _troubles(office, status) or [Finding(check=check, state="ok", found=f"version {status.version}")]
    if office.host.isolates() and not sandbox.walls(office.host.mode):
        words = (
            "plugins run in processes of their own, but without bubblewrap: one that means ill can read and destroy "
            "whatever this user can, the node's keys and database among it"
        )
        found.append(
            Finding(
                check="isolation",
                state="warning",
                found=words,
                do="install bubblewrap (bwrap), and let plugins.bubblewrap be auto or require",
            )
        )
    return found


def _troubles(office: Office, status: PluginStatus) -> list[Finding]:
    found = []
    for one in office.host.plugins[status.name].tallies():
        check = f"plugin {status.name}: {one.kind} {one.name}"
        if one.state == "bad settings":
            do = f"mend plugins/{one.name}.toml"
            found.append(Finding(check=check, state="error", found="its settings cannot be read", do=do))
        elif one.state == "stopped":
            do = f"mend plugins/{one.name}.toml or its password, then `xstock plugin enable {status.name}`"
            found.append(Finding(check=check, state="error", found=clean(f"stopped: {one.last_error}"), do=do))
        elif one.next_at:
            do = f"`xstock plugin list` shows its errors; `xstock plugin enable {status.name}` tries again at once"
            found.append(Finding(check=check, state="warning", found=clean(one.last_error), do=do))
    return found
