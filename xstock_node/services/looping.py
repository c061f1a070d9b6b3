"""A loop of the node: work that is looked at again and again, and whose failures hold nobody up."""

import asyncio
from collections.abc import Awaitable, Callable

from xstock_node.services.office import Office


class Loop:
    """Does `work` every so many seconds, where it `wakes` also when something changed; `event` names its failures."""

    def __init__(
        self, office: Office, work: Callable[[Office], Awaitable[object]], event: str, every: float, wakes: bool = False
    ) -> None:
        self._office, self._work, self._event, self._every, self._wakes = office, work, event, every, wakes
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; what was left before a crash is done now."""
        self._task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """End; what is not done yet is done after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        position = self._office.changes.last
        while True:
            try:
                await self._work(self._office)
            except Exception as error:  # looked at again at the next turn
                self._office.node.trace.error(self._event, why=f"{type(error).__name__}: {error}")
            if self._wakes:
                try:
                    async with asyncio.timeout(self._every):
                        await self._office.changes.after(position)
                except TimeoutError:
                    pass
                position = self._office.changes.last
            else:
                await asyncio.sleep(self._every)
