"""The timeline of an exercise: every event of the file in its hour, played through the nodes or not played with why."""

import heapq
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec

BEFORE, AFTER = 0, 2
"""Events come before what the desks do in the same hour; those of MEASURED look at it afterwards."""
MEASURED = frozenset({"forecast", "request", "offers", "healed"})
AFTER_ALL = 48.0
WHY_NOT = {
    "alert": "needs a plugin that takes public warnings (CAP) in, which the product has not got yet",
    "clock": "an hour of the story is half a minute by the nodes' clocks: none of them passes the missing hour",
    "duplicate": "needs a plugin for messages of dispatch centres (EMSI), and a proposal of what may be the same need",
    "recall_lot": "nodes of an exercise hold no stock lines with lots, as exercises never touch real stock",
    "outside_help": "needs guests, and channels beside the network, with each need",
    "dispatch_message": "needs guests and a plugin for messages of dispatch centres",
    "threat_convoy": "needs guests and positions of convoys, which the product does not show to anybody yet",
    "loan_status": "alarms before a loan is due come by the nodes' clocks, which do not pass the days after the flood",
}
Result = Literal["played", "not played"]
Work = Callable[[], Awaitable[object]]


class NotPlayed(Exception):
    """An event that could not be played; its text says why."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the file: its hour after T0 (of one with a day: 24 times that), and what was done, or why nothing."""

    at_h: float
    kind: str
    node: str
    text: str
    result: Result
    detail: str


class Agenda:
    """What comes when. Work that is added while it runs comes in its turn."""

    def __init__(self) -> None:
        self._todo: list[tuple[float, int, int, Work]] = []
        self._count = 0

    def add(self, hour: float, order: int, work: Work) -> None:
        """Do this at an hour; in the same hour by `order`, then in the order of adding."""
        self._count += 1
        heapq.heappush(self._todo, (hour, order, self._count, work))

    async def run(self, reach: Callable[[float], Awaitable[None]]) -> None:
        """Do everything in its hour; `reach` lets time pass until then."""
        while self._todo:
            hour, _, _, work = heapq.heappop(self._todo)
            await reach(hour)
            await work()


def hour_of(event: dict[str, Any]) -> float:
    """The hour in which an event is played: what has a day comes in order after the emergency, its days do not pass."""
    return float(event["at_h"]) if "at_h" in event else AFTER_ALL + event["at_day"] / 1000


def told(event: dict[str, Any], result: Result, detail: str) -> Told:
    """What became of an event."""
    at = event.get("at_h", event.get("at_day", 0) * 24)
    return Told(
        at_h=float(at), kind=event["kind"], node=event.get("node") or "", text=event["text"], result=result,
        detail=detail,
    )  # fmt: skip
