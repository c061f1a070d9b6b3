"""Virtual time: an event loop whose sleeps cost nothing, and clocks that read it.

The same coroutines run as in a node; whenever all of them wait, the loop jumps to the next timer.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
START = 1_790_000_000


class _JumpingSelector(selectors.SelectSelector):
    """Advances the loop's time instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Ready sockets, without waiting; the time moves on by what would have been waited."""
        if timeout is None:
            raise RuntimeError("every task waits and no timer is set: the simulation would never end")
        self.time += max(0.0, timeout)
        # The one file is the loop's own pipe, which only wakes a loop that waits: this one never does.
        return super().select(0) if len(self.get_map()) > 1 else []


class SimLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds since the loop began."""
        return self._jumping.time


class SimClock:
    """A node's clocks in virtual time; `offset` shifts its wall clock, as people do."""

    def __init__(self, start: int = START) -> None:
        self.start = start
        self.offset = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    def now(self) -> int:
        """Unix seconds by this node's wall clock."""
        return self.start + int(self.steady()) + self.offset

    def steady(self) -> float:
        """Virtual seconds."""
        if self._loop is None or self._loop.is_closed():
            self._loop = asyncio.get_running_loop()  # asked for once: each asking is a call of the system
        return self._loop.time()


def run_simulated(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time."""
    with asyncio.Runner(loop_factory=SimLoop) as runner:
        return runner.run(main)
