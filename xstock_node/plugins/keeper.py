"""The process of one plugin: started when it is first needed, once for all who wait, and ended when it is stopped.

A caller that goes away leaves the start to the others; a stop wins over a start that is under way. A process whose
settings changed serves the calls that it has, while new calls go to a new one.
"""

import asyncio
from collections.abc import Awaitable, Callable

from xstock_node.plugins.calls import Defect
from xstock_node.plugins.link import Link
from xstock_node.plugins.records import back_off
from xstock_node.plugins.settings import Settings
from xstock_node.protocol import limits


class Keeper:
    """`settings` are those of all adapters as they are now; `open_link` starts a process with them, or raises."""

    def __init__(
        self,
        settings: Callable[[], dict[str, Settings]],
        open_link: Callable[[dict[str, Settings]], Awaitable[Link]],
        now: Callable[[], int],
    ) -> None:
        self._settings, self._open, self._now = settings, open_link, now
        self._link: Link | None = None
        self._marks: dict[str, str] = {}
        self._start: asyncio.Task[None] | None = None
        self._old: dict[Link, asyncio.Task[None]] = {}
        self._crashes, self._start_at, self._began, self._why = 0, 0, 0, ""
        self.failed = ""

    async def link(self) -> Link:
        """The living process, with the settings as they are now; `Defect` where there is none."""
        while True:
            if self._start is None:
                settings = self._settings()
                marks = {name: found.mark for name, found in settings.items()}
                if self._link is not None and self._link.alive and marks == self._marks:
                    return self._link
                self._leave()
                if (now := self._now()) < self._start_at:
                    raise Defect(f"it is started again in {self._start_at - now} s; before: {self.failed or self._why}")
                self._start = asyncio.ensure_future(self._begin(settings, marks))
            start = self._start
            await asyncio.wait({start})
            if start.cancelled():
                raise Defect("it was stopped while it was started")
            if (error := start.exception()) is not None:
                raise Defect(str(error)) from None

    async def stop(self) -> None:
        """End its processes, and a start that is under way."""
        if (start := self._start) is not None:
            start.cancel()
            await asyncio.wait({start})
        link, self._link = self._link, None
        old, self._old = self._old, {}
        for task in old.values():
            task.cancel()
        links = [*old, *([link] if link is not None else [])]
        await asyncio.gather(*(one.close() for one in links), *old.values(), return_exceptions=True)

    def forgive(self) -> None:
        """Let it be started again at once."""
        self.failed, self._crashes, self._start_at = "", 0, 0

    async def _begin(self, settings: dict[str, Settings], marks: dict[str, str]) -> None:
        try:
            self._link, self._marks = await self._open(settings), marks
            self._began, self.failed = self._now(), ""
        except Exception as error:
            self.failed = str(error)
            self._crashed()
            raise
        finally:
            self._start = None

    def _leave(self) -> None:
        """Let go of a process that has other settings, or that ended by itself."""
        link, self._link = self._link, None
        if link is None:
            return
        if not link.alive:
            self._why = link.ended()
            if self._now() - self._began > limits.PLUGIN_BACK_OFF_MAX:
                self._crashes = 0  # it ran well for long
            self._crashed()
        self._old[link] = task = asyncio.ensure_future(link.retire() if link.alive else link.close())
        task.add_done_callback(lambda _: self._old.pop(link, None))

    def _crashed(self) -> None:
        self._crashes += 1
        self._start_at = self._now() + back_off(self._crashes, 0.0)
