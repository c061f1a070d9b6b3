"""The desks of the node: what a plugin may hand to it or ask of it, by the powers of its manifest.

A desk is one line of `DESKS` and one object of the node; how its acts travel to a process of their own is the same for
all of them.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

from xstock_node.domain.alerts import Alert
from xstock_node.domain.towns import TownApplication
from xstock_node.plugins import calls
from xstock_node.plugins.convoys import Expected, Noted, Passage
from xstock_node.plugins.inbox import Document, Receipt
from xstock_node.plugins.members import (
    ApplicationReceipt,
    Left,
    NeedTold,
    PublicAsk,
    PublicFigures,
    Sight,
    SightAsk,
    TownNeed,
)


class Act(NamedTuple):
    """One method of a desk. `takes` is None where nothing goes in."""

    takes: Any
    gives: Any


class Desk(NamedTuple):
    """A desk: the power that a plugin needs for it, and its acts by name."""

    power: str
    acts: Mapping[str, Act]


DESKS: Final[Mapping[str, Desk]] = {
    "convoys": Desk(
        "convoys",
        {
            "expected": Act(None, tuple[Expected, ...]),
            "find": Act(str, bool),
            "passed": Act(Passage, Noted),
        },
    ),
    "warnings": Desk("alerts", {"own": Act(None, tuple[Alert, ...])}),
    "inbox": Desk("messages", {"take": Act(Document, tuple[Receipt, ...])}),
    "members": Desk(
        "members",
        {
            "apply": Act(TownApplication, ApplicationReceipt),
            "public": Act(PublicAsk, PublicFigures),
            "sight": Act(SightAsk, Sight),
            "ask": Act(TownNeed, NeedTold),
            "leave": Act(SightAsk, Left),
        },
    ),
}


class Far:
    """A desk as a plugin in a process of its own sees it: each act is asked of the node, as `desk.act`."""

    def __init__(self, name: str, ask: Callable[[str, bytes], Awaitable[bytes]]) -> None:
        self._name, self._ask = name, ask

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        act = DESKS[self._name].acts.get(name)
        if act is None:
            raise AttributeError(name)
        return lambda *argument: self._act(name, act, *argument)

    async def _act(self, name: str, act: Act, argument: Any = None) -> Any:
        packed = b"" if act.takes is None else calls.pack(argument, act.takes)
        return calls.unpack(await self._ask(f"{self._name}.{name}", packed), act.gives)


def opened(may: tuple[str, ...], find: Callable[[str], object]) -> dict[str, object]:
    """The desks of a plugin that may do these things, by name; `find` gives the node's object."""
    return {name: find(name) for name, desk in DESKS.items() if desk.power in may}


async def answer(desks: Mapping[str, object], what: str, value: bytes) -> bytes | None:
    """The packed answer of an act that a plugin asked for as `desk.act`; None where it names no desk of the plugin's.

    Raises what the desk raises, and `Defect` for an argument that is not of the act's type.
    """
    name, _, method = what.partition(".")
    act = DESKS[name].acts.get(method) if name in desks else None
    if act is None:
        return None
    argument = () if act.takes is None else (calls.unpack(value, act.takes),)
    return calls.pack(await getattr(desks[name], method)(*argument), act.gives)
