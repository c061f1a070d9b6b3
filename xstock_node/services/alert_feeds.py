"""Feeds of public warnings: each is read when it is due; what goes wrong is told, and nobody waits for it."""

import asyncio
from typing import Final

import msgspec

from xstock_node.plugins.calls import Defect
from xstock_node.plugins.errors import AdapterError, Unavailable
from xstock_node.plugins.host import Adapter
from xstock_node.plugins.interchange import Reading
from xstock_node.services.alerting import forget_old, look_again, sweep, take_in
from xstock_node.services.looked import Finding
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.services.times import iso
from xstock_node.services.typed import clean

KIND: Final = "alert-source"
EVERY: Final = 15.0
MINUTES: Final = 5
FORGETS: Final = 3600
NODE: Final = Actor("node", "itself")


class FeedState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a feed fared: last try, last success and next try in unix seconds; why the last try failed.

    `skipped` are the items of the last answer that could not be read, `lost` those for which there was no room.
    """

    name: str
    tried_at: int = 0
    read_at: int = 0
    next_at: int = 0
    error: str = ""
    skipped: int = 0
    lost: int = 0


FEEDS: Shelf[FeedState] = Shelf("alert-feed", FeedState)


class Alerting:
    """Reads each feed that is on when it is due, and ends what is over."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._task: asyncio.Task[None] | None = None
        self._forget_at = 0

    async def start(self) -> None:
        """Begin: what is open is worked out anew, as settings may have changed."""
        await look_again(self._office, NODE)
        self._task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """End; an answer that is under way is asked for again."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> list[str]:
        """Read the feeds that are due, side by side, and end what is over; which were read."""
        now = self._office.node.clock.now()
        states = {one.name: one for one in await self._office.node.engine.read(FEEDS.list)}
        due = [one for one in feeds(self._office) if states.get(one.name, FeedState(name="")).next_at <= now]
        await asyncio.gather(*(self._read(one, states.get(one.name)) for one in due))
        await sweep(self._office, NODE)
        if self._forget_at <= now:
            self._forget_at = now + FORGETS
            await forget_old(self._office)
        return [one.name for one in due]

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:  # looked at again at the next turn
                self._office.node.trace.error("not-alerted", why=f"{type(error).__name__}: {error}")
            await asyncio.sleep(EVERY)

    async def _read(self, feed: Adapter, before: FeedState | None) -> None:
        now, state = self._office.node.clock.now(), before or FeedState(name=feed.name)
        state = msgspec.structs.replace(state, tried_at=now)
        try:
            reading = await _polled(feed)
            taken = await take_in(self._office, NODE, feed.name, reading.alerts)
        except Exception as error:
            why = clean(str(error) if isinstance(error, AdapterError | Defect) else f"{type(error).__name__}: {error}")
            self._office.node.trace.warning("feed-not-read", feed=feed.name, why=why[:500])
            state = msgspec.structs.replace(state, error=why[:500] or type(error).__name__)
        else:
            for one in reading.skipped[:20]:
                self._office.node.trace.warning("alert-skipped", feed=feed.name, why=one.reason, text=one.text[:200])
            lost = sum(one.became == "full" for one in taken)
            state = msgspec.structs.replace(state, error="", read_at=now, skipped=len(reading.skipped), lost=lost)
        state = msgspec.structs.replace(state, next_at=now + _wait(feed, now, bool(state.error)))
        await self._office.node.engine.write(lambda tx: FEEDS.put(tx, feed.name, state, now), durable=True)


def feeds(office: Office) -> list[Adapter]:
    """The feeds that are switched on by a file of settings."""
    found = []
    for one in office.host.of_kind(KIND):
        try:
            on = one.plugin.settings_of(one.name) is not None
        except (OSError, ValueError):
            on = True  # it is to be on, and says what is wrong when it is read
        found += [one] if on else []
    return found


async def alert_findings(office: Office) -> list[Finding]:
    """What `doctor` says of feeds of warnings."""
    states = {one.name: one for one in await office.node.engine.read(FEEDS.list)}
    return [_finding(one, states.get(one.name)) for one in feeds(office)]


def _finding(feed: Adapter, state: FeedState | None) -> Finding:
    check = f"warnings {feed.name}"
    if state is None:
        return Finding(check=check, state="warning", found="not read yet", do="`xstock serve` reads it")
    if state.error:
        since = f"; last read {iso(state.read_at)}" if state.read_at else "; never read"
        do = f"mend plugins/{feed.name}.toml or the line, and look at other sources of warnings meanwhile"
        return Finding(check=check, state="error", found=f"{state.error}{since}", do=do)
    if state.lost:
        found = f"no room for {state.lost} alerts"
        return Finding(check=check, state="error", found=found, do="ask the feed for fewer countries")
    skipped = f", {state.skipped} items could not be read" if state.skipped else ""
    return Finding(check=check, state="ok", found=f"read {iso(state.read_at)}{skipped}")


async def _polled(feed: Adapter) -> Reading:
    reading: Reading = await feed.plugin.call(KIND, feed.name, "poll")
    if reading.error:
        error = Unavailable(f"{reading.error}: {reading.error_text}")
        await feed.plugin.blame(KIND, feed.name, error)
        raise error
    return reading


def _wait(feed: Adapter, now: int, failed: bool) -> int:
    """Seconds until the next reading; after a failure at least as long as the plugin is not asked anyway."""
    try:
        settings = feed.plugin.settings_of(feed.name)
    except (OSError, ValueError):
        settings = None
    every = ((settings.host.every_minutes if settings else 0) or MINUTES) * 60
    record = feed.plugin.record(KIND, feed.name)
    return max(every, record.next_at - now) if failed else every
