"""One plugin in the node: what it is, whether it works, and the one way to call its adapters.

A plugin of the shelf or of a third party runs in a process of its own; the node's built-ins, and those that the
operator names in `plugins.in_process`, run in the node. Both are called alike: with a time-out, a record, and a wait
after errors that grows; what they give is checked for its type.
"""

import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from xstock_node.plugins import asks, desks, inprocess, sandbox
from xstock_node.plugins import settings as settings_files
from xstock_node.plugins.calls import FITS, METHODS, BadSettings, Defect
from xstock_node.plugins.context import Context
from xstock_node.plugins.errors import AdapterError, NotAllowed
from xstock_node.plugins.frames import Begin, Found
from xstock_node.plugins.hookspecs import Registry
from xstock_node.plugins.keeper import Keeper
from xstock_node.plugins.link import Link
from xstock_node.plugins.looking import look
from xstock_node.plugins.manifest import NEEDS, Manifest
from xstock_node.plugins.records import Record, Stop, Tally
from xstock_node.plugins.registered import adapter_of, compare
from xstock_node.plugins.sandbox import Mode
from xstock_node.plugins.settings import NO_SETTINGS, Settings
from xstock_node.plugins.ways import Ways
from xstock_node.protocol import limits

READING = "xstock_node.plugins.child"
WITHOUT_SETTINGS = frozenset({"file-reader", "message-format", "form"})
"""Kinds that are on without a file of settings."""


class Switched(AdapterError):
    """The adapter is off: it has no settings, or its plugin is disabled, quarantined or not allowed."""


class Code(NamedTuple):
    """A plugin's code: the module of its entry point, and the file or folder that it lies in."""

    module: str
    origin: Path


class Plugin:
    """A plugin that may be called. `registry` is what it registered in this process; None where it is isolated."""

    def __init__(
        self,
        name: str,
        code: Code,
        manifest: Manifest,
        registry: Registry | None,
        mode: Mode,
        home: Path | None = None,
    ) -> None:
        self.name, self.code, self.manifest, self._registry, self._mode = name, code, manifest, registry, mode
        self.disabled = False
        self.wrapped = False
        self._ways: Ways | None = None
        self._home = home
        self._keeper = Keeper(self._all_settings, self._open, self._now)
        self._said: tuple[int, int] = (0, 0)
        self.records: dict[tuple[str, str], Record] = {}
        self._stops: dict[str, Stop] = {}
        self.on_stop: Callable[[str, Record], Awaitable[None]] | None = None

    @property
    def isolated(self) -> bool:
        """Whether it runs in a process of its own."""
        return self._registry is None

    @property
    def failed(self) -> str:
        """Why its process did not start, or an empty text."""
        return self._keeper.failed

    def attach(self, ways: Ways, home: Path) -> None:
        """Give it what the node has for plugins."""
        self._ways, self._home = ways, home

    def settings_of(self, adapter: str) -> Settings | None:
        """The settings of one of its adapters; None where it is switched off. Raises ValueError, OSError."""
        if self._home is None:
            return None
        folder = self._home / settings_files.FOLDER
        return settings_files.read(folder, adapter, self.manifest.files, self.manifest.hosts)

    def record(self, kind: str, adapter: str) -> Record:
        """The record of an adapter."""
        if (kind, adapter) not in self.records:
            stop = self._stops.setdefault(adapter, Stop())
            self.records[kind, adapter] = Record(kind, adapter, stop)
        return self.records[kind, adapter]

    def tallies(self) -> list[Tally]:
        """All adapters, as `plugin list` shows them."""
        return [self._tally(one.kind, one.name) for one in self.manifest.adapter or ()]

    def _tally(self, kind: str, adapter: str) -> Tally:
        try:
            found = self.settings_of(adapter)
        except (OSError, ValueError):
            found = None
        return self.record(kind, adapter).tally(self._state(adapter), found.mark if found else "")

    async def call(self, kind: str, adapter: str, name: str, argument: Any = None) -> Any:
        """One call of one adapter; raises what it raised, `Defect`, or why it is not asked."""
        method = METHODS[kind][name]
        found = self._may(kind, adapter, asks=name != FITS)
        async with self._noted(kind, adapter, name, found):
            if self._registry is None:
                link = await self._linked()
                return await link.call(kind, adapter, name, method, argument)
            context = self._context(kind, adapter, found)
            return await inprocess.call(self._registry, context, kind, adapter, name, method, argument)

    async def stream(self, kind: str, adapter: str, name: str, argument: Any = None) -> AsyncGenerator[Any, None]:
        """The values of a stream of one adapter."""
        method = METHODS[kind][name]
        found = self._may(kind, adapter)
        async with self._noted(kind, adapter, name, found):
            if self._registry is None:
                link = await self._linked()
                values: AsyncGenerator[Any, None] = link.stream(kind, adapter, name, method, argument)
            else:
                context = self._context(kind, adapter, found)
                values = inprocess.stream(self._registry, context, kind, adapter, name, method, argument)
            async with aclosing(values):
                async for value in values:
                    yield value

    @asynccontextmanager
    async def _noted(self, kind: str, adapter: str, name: str, found: Settings) -> AsyncGenerator[None, None]:
        """Note how a call went; one that was cut short from outside went neither well nor badly."""
        began = time.monotonic()
        try:
            yield
        except Exception as error:
            if name != FITS:
                await self._went(self.record(kind, adapter), time.monotonic() - began, error, found)
            raise
        if name != FITS:
            await self._went(self.record(kind, adapter), time.monotonic() - began, None, found)

    def wants_a_start(self) -> bool:
        """Whether anything of it is switched on that needs its process."""
        names = {one.name for one in self.manifest.adapter or () if one.kind != "file-reader"}
        return self.isolated and not self.disabled and any(self._state(name) == "on" for name in names)

    async def blame(self, kind: str, adapter: str, error: Exception) -> None:
        """Note that what an adapter gave was of its type, and made no sense all the same."""
        if (found := self.settings_of(adapter)) is not None:
            await self._went(self.record(kind, adapter), 0.0, error, found)

    async def fits(self, kind: str, adapter: str) -> str:
        """Why the settings of an adapter are not in order, or an empty text."""
        try:
            await self.call(kind, adapter, FITS)
        except Exception as error:
            return str(error)
        return ""

    async def check(self) -> str:
        """Load an isolated plugin now; why it does not work, or an empty text."""
        try:
            if self._registry is None and not self.disabled:
                await self._linked()
        except Exception as error:
            return str(error)
        return ""

    def describe(self) -> tuple[Found, ...]:
        """What it registers, from a process that ends at once: for one whose manifest does not say. Raises `Defect`."""
        try:
            ready = look(*self._how({}))
        except OSError as error:
            raise Defect(f"expected a process of its own; came {error}") from None
        if ready.error:
            raise Defect(ready.error)
        return ready.adapters

    def way_to_read(self, path: Path | None) -> sandbox.Start:
        """How to start the process in which one of its readers reads a file, or writes one, and sees no other.

        Raises `Defect` where bubblewrap is required and does not work.
        """
        readable = [path] if path is not None else []
        return self._way(readable, False, READING)

    async def stop(self) -> None:
        """End its process."""
        await self._keeper.stop()

    def forgive(self, stops: bool = True) -> None:
        """Let it be tried again at once; without `stops` all but what a system refused."""
        self._keeper.forgive()
        for record in self.records.values():
            record.forgive(stops)

    def _state(self, adapter: str) -> str:
        if self.disabled:
            return "disabled"
        try:
            return "off" if self.settings_of(adapter) is None and not self._needs_no_settings(adapter) else "on"
        except (OSError, ValueError):
            return "bad settings"

    def _needs_no_settings(self, adapter: str) -> bool:
        kinds = {one.kind for one in self.manifest.adapter or () if one.name == adapter}
        return kinds <= WITHOUT_SETTINGS

    def _may(self, kind: str, adapter: str, asks: bool = True) -> Settings:
        """The settings, if the adapter may be called now; also while it waits, unless it `asks` its system."""
        if self.disabled:
            raise Switched(f"expected an enabled plugin; {self.name} is disabled; `xstock plugin enable {self.name}`")
        if NEEDS[kind] not in self.manifest.may:  # type: ignore[index]
            raise NotAllowed(f"expected {NEEDS[kind]!r} in the manifest of {self.name}")  # type: ignore[index]
        try:
            found = self.settings_of(adapter)
        except (OSError, ValueError) as error:
            raise Switched(f"expected settings in plugins/{adapter}.toml; came {error}; mend the file") from None
        if found is None and self._needs_no_settings(adapter):
            found = NO_SETTINGS
        if found is None:
            raise Switched(f"expected settings in plugins/{adapter}.toml; came no such file; write it")
        assert self._ways is not None
        objection = self.record(kind, adapter).objection(self._ways.now(), found.mark)
        if objection is not None and asks:
            raise objection
        return found

    async def _went(self, record: Record, seconds: float, error: BaseException | None, found: Settings) -> None:
        assert self._ways is not None
        stopped = record.stopped
        record.went(seconds, error, self._ways.now(), found.mark)
        if error is not None and record.next_at:
            self._ways.log(self.name, "warning", f"{record.kind} {record.name}: {record.last_error}")
        if record.stopped != stopped and self.on_stop is not None:
            await self.on_stop(self.name, record)

    async def _linked(self) -> Link:
        link = await self._keeper.link()
        if self.disabled:
            raise Switched(f"expected an enabled plugin; {self.name} was disabled")
        return link

    async def _open(self, settings: dict[str, Settings]) -> Link:
        """A process with these settings; `Defect`, and nothing left behind, where it does not come about."""
        link = Link(self._asked(settings), self._told, self._now)
        try:
            await link.start(*self._how(settings))
            compare(self.manifest, link.found)
        except BaseException:
            await link.close()
            raise
        return link

    def _now(self) -> int:
        assert self._ways is not None
        return self._ways.now()

    def _how(self, settings: dict[str, Settings]) -> tuple[sandbox.Start, Begin]:
        readable = tuple(path.resolve() for found in settings.values() for path in found.files)
        sockets = self.manifest.network == "sockets"
        how = self._way(readable, sockets, sandbox.WORKER)
        self.wrapped = how.wrapped
        home = self._home or Path("/nonexistent")
        begin = Begin(
            module=self.code.module,
            name=self.name,
            memory=limits.PLUGIN_MEMORY,
            network=sockets,
            home=str(home),
            folder=str((home / settings_files.FOLDER).resolve()),
            readable=tuple(map(str, readable)),
            settings={name: found.values for name, found in settings.items()},
        )
        return how, begin

    def _way(self, readable: Sequence[Path], sockets: bool, module: str) -> sandbox.Start:
        try:
            return sandbox.start(self.code.origin, readable, sockets, self._home, self._mode, module)
        except (RuntimeError, OSError) as error:
            raise Defect(str(error)) from None

    def _all_settings(self) -> dict[str, Settings]:
        found = {}
        for name in {one.name for one in self.manifest.adapter or ()}:
            try:
                one = self.settings_of(name)
            except (OSError, ValueError):
                continue  # this adapter is off, and says why when it is asked
            if one is not None:
                found[name] = one
        return found

    def _asked(self, settings: dict[str, Settings]) -> Callable[[str, bytes], Any]:
        assert self._ways is not None
        store = self._ways.store(self.name)
        http = self._ways.http(self.name, self._hosts(settings))
        opened = self._desks()
        return lambda what, value: asks.answer(store, http, opened, what, value)

    def _desks(self) -> dict[str, Any]:
        ways = self._ways
        assert ways is not None
        return desks.opened(self.manifest.may, lambda name: ways.desk(self.name, name))

    def _hosts(self, settings: dict[str, Settings]) -> tuple[str, ...]:
        if self.manifest.network == "none":
            return ()
        return tuple(sorted({host for found in settings.values() for host in found.hosts}))

    def _told(self, level: str, text: str) -> None:
        """A log line of the plugin; so many an hour and no more."""
        assert self._ways is not None
        hour, count = self._ways.now() // 3600, self._said[1]
        self._said = (hour, count + 1 if hour == self._said[0] else 1)
        if self._said[1] <= limits.PLUGIN_LOG_LINES:
            self._ways.log(self.name, level, text)

    def _context(self, kind: str, adapter: str, found: Settings) -> Context:
        assert self._ways is not None and self._home is not None and self._registry is not None
        shape = getattr(adapter_of(self._registry, kind, adapter), "settings", None)
        try:
            settings = msgspec.convert(found.values, shape) if shape is not None else None
        except msgspec.ValidationError as error:
            raise BadSettings(f"plugins/{adapter}.toml: {error}") from None
        hosts = found.hosts if self.manifest.network != "none" else ()
        http, folder = self._ways.http(self.name, hosts), self._home / settings_files.FOLDER
        log = logging.getLogger(f"xstock.plugin.{self.name}")
        store = self._ways.store(self.name)
        return Context(settings, folder, store, http, self._ways.now, log, **self._desks())
