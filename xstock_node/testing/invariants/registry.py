"""The registry of what must hold in every world: a label, when it is checked, and without what it shows nothing.

To add an invariant, write a coroutine of a `World` that calls `world.violated(label, what)`, and put `@invariant(...)`
on it.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from xstock_node.protocol.names import LogName
from xstock_node.testing import inside
from xstock_node.testing.process import Process
from xstock_node.testing.world import World

Check = Callable[[World], Awaitable[None]]
INVARIANTS: list["Invariant"] = []


class Invariant(NamedTuple):
    """`when` is "step" (every half minute of a storm and at quiet) or "quiet"; `needs` are faults and work."""

    label: str
    when: str
    needs: tuple[str, ...]
    check: Check


def invariant(label: str, when: str, *needs: str) -> Callable[[Check], Check]:
    """Put a check into the registry."""

    def put(check: Check) -> Check:
        INVARIANTS.append(Invariant(label, when, needs, check))
        return check

    return put


async def check(world: World, when: str) -> None:
    """Run every check of this moment."""
    for one in INVARIANTS:
        if one.when == when:
            await one.check(world)


def unproved(seen: Mapping[str, int]) -> list[str]:
    """Invariants whose faults or work did not occur, so that holding shows nothing."""
    return [f"{one.label} was not tried: no {kind}" for one in INVARIANTS for kind in one.needs if not seen.get(kind)]


async def lines_of(process: Process, log: LogName) -> list[bytes]:
    """Every record of a log that a process holds."""
    return await process.engine.read(lambda tx: inside.lines(tx, log))


def running(world: World) -> list[Process]:
    """The nodes that run, by name; copies beside them are left out."""
    return [process for _, process in sorted(world.processes.items())]
