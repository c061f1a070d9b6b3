"""Scenarios: one clause each, a right or a wrong behaviour, and what the node under test has to answer."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from xstock_node.protocol import frames
from xstock_node.protocol.frames import Frame
from xstock_node.protocol.names import LogId
from xstock_node.testing.conformance.listening import Desk, NotCalled, Reply
from xstock_node.testing.conformance.partner import Answer, Partner


class Failed(Exception):
    """The node did not do what a clause asks."""


class Skipped(Exception):
    """The clause could not be tried here; the reason is told, and nobody counts it as passed."""


Restart = Callable[[], Awaitable[None]]


class World(NamedTuple):
    """The node under test and the two partners that it knows; `stranger` it does not know.

    `peer` is its name. `log` is its newest own shared log with at least one record, as its head says. `desks` are
    where the node reaches the first and the second partner, None for one that does not listen. `restart` ends the
    node's process without warning and starts it again, None where the kit was not told how.
    """

    peer: str
    first: Partner
    second: Partner
    stranger: Partner
    network: str
    log: LogId
    size: int
    desks: tuple[Desk | None, Desk | None] = (None, None)
    restart: Restart | None = None


Run = Callable[[World], Awaitable[None]]


class Scenario(NamedTuple):
    """`negative`: the partner does something wrong, and the node has to refuse it. `slow`: takes half a minute or
    more, and runs beside the others."""

    clause: str
    title: str
    negative: bool
    run: Run
    slow: bool = False

    @property
    def subject(self) -> str:
        """The module that it stands in."""
        return self.run.__module__.rpartition(".")[2]


SCENARIOS: list[Scenario] = []


def scenario(clause: str, title: str, negative: bool = False, slow: bool = False) -> Callable[[Run], Run]:
    """Add a scenario for a clause."""

    def add(run: Run) -> Run:
        SCENARIOS.append(Scenario(clause, title, negative, run, slow))
        return run

    return add


def expect(fact: object, expected: str, came: object = "") -> None:
    """Raise `Failed` unless a fact holds."""
    if not fact:
        raise Failed(f"expected {expected}" + (f"; came {str(came)[:300]}" if came != "" else ""))


def first_frame(answer: Answer) -> Frame:
    """The first frame of a pull's answer."""
    found = next(frames.parse(answer.body), None)
    if found is None:
        raise Failed("expected a frame; came none")
    return found


def refused(answer: Answer, status: int, code: str) -> None:
    """Raise `Failed` unless the answer is this problem."""
    came = f"{answer.status} {answer.problem} {answer.body[:150].decode('utf-8', 'replace')}"
    expect((answer.status, answer.problem) == (status, code), f"{status} {code}", came)


def desk_of(world: World, which: int = 0) -> Desk:
    """Where the node reaches a partner, 0 or 1; `Skipped` where the kit was not told of such a place."""
    desk = world.desks[which]
    if desk is None:
        raise Skipped("the kit does not listen: give `--listen URL`, and pin the identities written with it")
    return desk


async def dialled(world: World, which: int = 0, **replies: Reply) -> Desk:
    """Have the node's next round to a partner answered as a scenario wants; `Skipped` where it never made one.

    `replies` are by the last word of the path: gossip, pull, push, and hold until the next call of this function.
    """
    desk = desk_of(world, which)
    try:
        await desk.next_round((world.first, world.second)[which], replies)
    except NotCalled as error:
        raise Skipped(str(error)) from None
    return desk
