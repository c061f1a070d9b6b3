"""A node with its API in this process, and a second node that it may ask."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp.test_utils import TestClient, TestServer

from xstock_node.api.app import Guard, make_app
from xstock_node.domain.rights import Grant, Role
from xstock_node.plugins.host import PluginHost
from xstock_node.services import node
from xstock_node.services.office import Office, OfficeSettings
from xstock_node.services.people import PEOPLE, Person, Token, hash_of
from xstock_node.services.reacting import Reacting
from xstock_node.testing import SimNet, make_offer

BG, HR = "redcross.bg", "redcross.hr"
OPERATOR = "operator-token"


class Desk(NamedTuple):
    """The API of one node."""

    office: Office
    client: TestClient[Any, Any]
    net: SimNet

    async def ask(self, method: str, path: str, token: str = OPERATOR, **options: Any) -> tuple[int, Any, Any]:
        """Status, JSON and headers."""
        headers = {"Authorization": f"Bearer {token}", "Host": "127.0.0.1:1"} | options.pop("headers", {})
        async with self.client.request(method, f"/api/1{path}", headers=headers, **options) as answer:
            text = await answer.read()
            is_json = text and "json" in answer.content_type
            return answer.status, __import__("json").loads(text) if is_json else None, answer.headers

    async def hire(self, name: str, *roles: Role, sites: tuple[str, ...] = ()) -> str:
        """A person with a token."""
        now = self.office.node.clock.now()
        grants = tuple(Grant(role=role, sites=sites) for role in roles)
        token = Token(hash=hash_of(f"xs_{name}"), made=now, exp=now + 90 * 86_400)
        person = Person(name=name, grants=grants, tokens=(token,))
        await self.office.node.engine.write(lambda tx: PEOPLE.put(tx, name, person, now), durable=True)
        return f"xs_{name}"


@pytest.fixture
async def desks(tmp_path: Path) -> AsyncIterator[dict[str, Desk]]:
    """Bulgaria and Croatia, which offers 1,000 tents, each with its API."""
    async with opened(tmp_path, (BG, HR), (HR,)) as found:
        yield found


@asynccontextmanager
async def opened(
    folder: Path, names: Sequence[str], offering: Sequence[str], **settings: Any
) -> AsyncIterator[dict[str, Desk]]:
    """Nodes that know each other, each with its API; `offering` are those with 1,000 tents."""
    net, found, reacting = SimNet(folder, latency=0.001), {}, []
    with pytest.MonkeyPatch.context() as alone:
        alone.setattr(node, "SECOND", 0.0)  # no second process starts from these folders
        for name in names:
            await net.start(name, [other for other in names if other != name])
    for name in offering:
        await net.publish(name, [make_offer(900, net.clocks[name].now(), qty=(1000, 0))])
    for name in names:
        office = Office(net.nodes[name], OfficeSettings(country=name[-2:].upper(), **settings), PluginHost([]), folder)
        reacting.append(Reacting(office))
        await reacting[-1].start()
        client = TestClient(TestServer(make_app(office, Guard(OPERATOR), office.node.trace)))
        await client.start_server()
        found[name] = Desk(office, client, net)
    yield found
    for one in reacting:
        await one.stop()
    for desk in found.values():
        await desk.client.close()
    await net.stop_all()


@pytest.fixture
def desk(desks: dict[str, Desk]) -> Desk:
    return desks[BG]


Story = Callable[[Desk], Awaitable[None]]
