"""Two nodes in this process, each with its console, and people who are signed in to it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp.test_utils import TestClient, TestServer
from multidict import CIMultiDict

from tests.api.conftest import BG, HR, Desk, opened
from xstock_node.api.app import Guard, make_app
from xstock_node.console.serving import COOKIE, Console
from xstock_node.domain.rights import Role
from xstock_node.services import sessions
from xstock_node.services.office import Office

__all__ = ["BG", "HR", "Reader", "console", "desks"]


class Page(NamedTuple):
    """What a browser got: status, HTML (or bytes as text), headers."""

    status: int
    html: str
    headers: Any


class Reader:
    """A browser without JavaScript, of one person or of nobody."""

    def __init__(self, office: Office, client: TestClient[Any, Any], secret: str = "") -> None:
        self.office, self.client, self.secret = office, client, secret
        self.cookies = {COOKIE: secret} if secret else {}

    @property
    def host(self) -> str:
        """The address as the browser sees it."""
        return f"localhost:{self.client.port}"

    async def get(self, path: str, **headers: str) -> Page:
        """Open a page; a way elsewhere is told, not gone."""
        return await self._ask("GET", path, headers)

    async def post(self, path: str, fields: Any, **headers: str) -> Page:
        """Send a form."""
        said = {"Origin": f"http://{self.host}", "Sec-Fetch-Site": "same-origin"} | headers
        return await self._ask("POST", path, said, data=fields)

    async def _ask(self, method: str, path: str, headers: dict[str, str], **options: Any) -> Page:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        said: CIMultiDict[str] = CIMultiDict({"Host": self.host, "Cookie": cookie} | headers)
        async with self.client.request(method, path, headers=said, allow_redirects=False, **options) as answer:
            return Page(answer.status, (await answer.read()).decode(), answer.headers)


Enter = Callable[..., Awaitable[Reader]]


@pytest.fixture
async def desks(tmp_path: Path) -> AsyncIterator[dict[str, Desk]]:
    """Bulgaria and Croatia, which offers 1,000 tents, each with its API."""
    async with opened(tmp_path, (BG, HR), (HR,)) as found:
        yield found


@pytest.fixture
async def console(desks: dict[str, Desk]) -> AsyncIterator[Enter]:
    """Signs people in: `await console(Role.DUTY_OFFICER)` is a browser at the Bulgarian node, with `at=` at another."""
    open_: dict[str, TestClient[Any, Any]] = {}
    for name, desk in desks.items():
        app = make_app(desk.office, Guard("operator"), desk.office.node.trace, Console(desk.office))
        open_[name] = TestClient(TestServer(app))
        await open_[name].start_server()

    async def enter(*roles: Role, at: str = BG, name: str = "ana") -> Reader:
        office = desks[at].office
        if not roles:
            return Reader(office, open_[at])
        await desks[at].hire(name, *roles)
        return Reader(office, open_[at], await sessions.begin(office, name, "link", "test"))

    yield enter
    for client in open_.values():
        await client.close()
