"""A node with one person, for the tests of the ways in; its clock is moved by hand and its steady clock with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pyotp

from xstock_node.domain.rights import Grant, Role
from xstock_node.plugins.host import PluginHost
from xstock_node.services import own_ways, sessions, signing_in
from xstock_node.services.office import Office, OfficeSettings
from xstock_node.services.own_ways import NewPassword
from xstock_node.services.people import PEOPLE, Person
from xstock_node.services.sessions import SessionActor
from xstock_node.services.signing_in import Caller
from xstock_node.storage.values import Act
from xstock_node.testing import SimNet

BG = "redcross.bg"
PASSWORD = " ".join(("four", "words", "on", "a", "wall"))
OTHER = PASSWORD + "s"
HERE = Caller("Firefox on Linux", "192.0.2.1")


class StillClock:
    """A clock that goes on when a test says so."""

    def __init__(self) -> None:
        self.time = 1_800_000_000

    def now(self) -> int:
        return self.time

    def steady(self) -> float:
        return float(self.time)


class Desk(NamedTuple):
    """The office, and its clock."""

    office: Office
    clock: StillClock

    async def hire(self, name: str, *roles: Role) -> None:
        person = Person(name=name, grants=tuple(Grant(role=role) for role in roles), made=1)
        await self.office.node.engine.write(lambda tx: PEOPLE.put(tx, name, person, 1), durable=True)

    async def signed_in(self, name: str, how: str = sessions.LINK, by: str = "") -> tuple[str, SessionActor]:
        secret = await sessions.begin(self.office, name, how, "", by=by)
        found = await sessions.actor_of(self.office, secret)
        assert found is not None
        return secret, found

    async def with_password(self, name: str, by: str = "") -> pyotp.TOTP:
        """Set up a password for a person; what counts its codes."""
        secret, who = await self.signed_in(name, by=by)
        counter = pyotp.TOTP((await own_ways.show_counter(self.office, who)).secret)
        new = NewPassword(password=PASSWORD, again=PASSWORD, code=counter.at(self.clock.time))
        await own_ways.set_password(self.office, who, secret, new)
        await sessions.end(self.office, secret)
        self.clock.time += 60
        return counter

    async def by_password(self, name: str, password: str, code: str, caller: Caller = HERE) -> str:
        return await signing_in.by_password(self.office, caller, name, password, code)

    async def acts(self, verb: str) -> list[Act]:
        return [act for act in await self.office.node.engine.read(lambda tx: tx.acts.last(500)) if act.verb == verb]

    async def name_of(self, secret: str) -> str:
        found = await sessions.actor_of(self.office, secret)
        return found.actor.name if found else ""


@asynccontextmanager
async def open_desk(folder: Path, host: PluginHost | None = None) -> AsyncIterator[Desk]:
    """A node whose only person is ana, a logistics officer; `host` has its plugins."""
    net = SimNet(folder)
    await net.start(BG, [])
    clock = StillClock()
    node = net.nodes[BG]
    node.clock = clock
    desk = Desk(Office(node, OfficeSettings(country="BG"), host or PluginHost([]), folder), clock)
    await desk.hire("ana", Role.LOGISTICS)
    yield desk
    await net.stop_all()
