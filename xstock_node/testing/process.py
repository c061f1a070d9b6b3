"""One run of a node's program in a simulation: its tasks, its disk, its trace, and the ways in which it ends."""

import asyncio
import contextvars
from collections import Counter
from collections.abc import Coroutine
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from xstock_node.protocol.errors import Unreachable
from xstock_node.protocol.names import LogName
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.node import Node
from xstock_node.testing.clock import SimClock
from xstock_node.testing.disk import SimEngine
from xstock_node.trace import Trace
from xstock_node.transport.admission import Admission

T = TypeVar("T")
_current: contextvars.ContextVar["Process | None"] = contextvars.ContextVar("process", default=None)


class Process:
    """A process of the node `name`; `number` counts the processes of a world. `silent`: nothing
    reaches it. It lives in one task context."""

    def __init__(self, name: str, number: int, path: Path, clock: SimClock) -> None:
        self.name, self.number, self.path, self.clock = name, number, path, clock
        self.trace = SimTrace(name)
        self.key = b""
        self.began = asyncio.get_running_loop().time()
        self.dead = self.silent = False
        self.node: Node
        self.engine: SimEngine
        self.answers: NodeAnswers
        self.admission = Admission(clock.steady)
        self.requests: Counter[str] = Counter()
        self.most_tasks = 0
        self.seen: dict[LogName, bytes] = {}
        self._tasks: dict[int, asyncio.Task[Any]] = {}
        self._answering: dict[asyncio.Task[Any], None] = {}
        self._numbers = count()
        self._context = contextvars.copy_context()
        self._context.run(_current.set, self)

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a coroutine as this process does."""
        if self.dead:
            work.close()
            raise Unreachable(f"an answer of {self.name}", "no process listens")
        return asyncio.get_running_loop().create_task(work, context=self._context.copy())

    def refusals(self) -> dict[str, int]:
        """What was refused since the process began, by peer."""
        return self.trace.refused

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine as this process does and wait for it; `Unreachable` when the process ends meanwhile."""
        task = self.spawn(work)
        return await self._outcome(task)

    async def answer(self, work: Coroutine[Any, Any, T]) -> T:
        """Run what answers a request: like `run`, but it does not outlive the listener."""
        task = self.spawn(work)
        self._answering[task] = None
        task.add_done_callback(lambda done: self._answering.pop(done, None))
        return await self._outcome(task)

    def leave(self) -> None:
        """The listener closes: requests under way are cut off."""
        for task in list(self._answering):
            task.cancel()

    def left(self) -> list[str]:
        """Tasks that are not over yet."""
        return [str(task.get_coro()) for task in self._tasks.values() if not task.done()]

    async def _outcome(self, task: asyncio.Task[T]) -> T:
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            raise Unreachable(f"an answer of {self.name}", "the process ended") from None

    def born(self, task: asyncio.Task[Any]) -> None:
        """A task of this process was created."""
        number = next(self._numbers)
        self._tasks[number] = task
        self.most_tasks = max(self.most_tasks, len(self._tasks))
        task.add_done_callback(lambda _: self._tasks.pop(number, None))

    def kill(self) -> None:
        """End every task of the process at once; its engine takes nothing any more."""
        self.dead = True
        for task in list(self._tasks.values()):
            task.cancel()


class SimTrace(Trace):
    """Counts events and keeps the last of them; defects of the program are kept apart."""

    def __init__(self, node: str = "") -> None:
        super().__init__(node)
        self.events: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.forks: set[str] = set()
        self.defects: list[str] = []
        self.last: list[str] = []

    def _write(self, level: str, event: str, facts: dict[str, Any]) -> None:
        self.events[event] += 1
        if event == "refused":
            self.refused[facts["peer"]] += 1
            if facts["code"] == "fork":
                self.forks.add(facts["about"].partition("/")[0])
        if event == "defect":
            self.defects.append(str(facts.get("why", "")))
        if level != "info":
            self.last = [*self.last[-19:], f"{event} {facts}"]


def current_process() -> Process | None:
    """The process whose code runs now."""
    return _current.get()


def watch_tasks() -> None:
    """From now on every task of this loop is known to the process that created it."""

    def create(loop: asyncio.AbstractEventLoop, work: Any, context: contextvars.Context | None = None) -> Any:
        task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, context=context)
        owner = _current.get() if context is None else context.get(_current)
        if owner is not None:
            owner.born(task)
        return task

    asyncio.get_running_loop().set_task_factory(create)
