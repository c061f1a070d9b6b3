"""Scenarios: one clause each, a right or a wrong behaviour, and what the node under test has to answer."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from xstock_node.protocol import frames
from xstock_node.protocol.frames import Frame
from xstock_node.protocol.names import LogId
from xstock_node.testing.conformance.partner import Answer, Partner


class Failed(Exception):
    """The node did not do what a clause asks."""


class World(NamedTuple):
    """The node under test and the two partners that it knows; `stranger` it does not know.

    `peer` is its name. `log` is its newest own shared log with at least one record, as its head says.
    """

    peer: str
    first: Partner
    second: Partner
    stranger: Partner
    network: str
    log: LogId
    size: int


Run = Callable[[World], Awaitable[None]]


class Scenario(NamedTuple):
    """`negative`: the partner does something wrong, and the node has to refuse it."""

    clause: str
    title: str
    negative: bool
    run: Run


SCENARIOS: list[Scenario] = []


def scenario(clause: str, title: str, negative: bool = False) -> Callable[[Run], Run]:
    """Add a scenario for a clause."""

    def add(run: Run) -> Run:
        SCENARIOS.append(Scenario(clause, title, negative, run))
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
