"""The clocks of a running node: wall time that people set, and steady time that only goes on."""

import time
from typing import Protocol


class Clock(Protocol):
    """`now` gives unix seconds, `steady` seconds from an arbitrary start."""

    def now(self) -> int: ...
    def steady(self) -> float: ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> int:
        """Unix seconds."""
        return int(time.time())

    def steady(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()
