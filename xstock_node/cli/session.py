"""How a verb reaches the node: through the socket of the one that runs, else by opening the data folder itself."""

import asyncio
import fcntl
import http.client
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

import msgspec

from xstock_node.api.problems import ProblemBody
from xstock_node.config import home_folder, load
from xstock_node.services.errors import Refusal
from xstock_node.storage.errors import StandsBy

if TYPE_CHECKING:  # every service hangs on these: a verb that needs no node does not wait for them
    from xstock_node.api.route import Route
    from xstock_node.services.office import Actor, Office

SOCKET = "api.sock"
LOCK = "lock"
SECONDS = 600
PATIENCE, RETRY = 20.0, 0.25
TOKEN = "XSTOCK_TOKEN"  # noqa: S105 - the name of a variable


class Session(Protocol):
    """Something that answers routes."""

    async def call(self, name: str, request: Any = None, once: str = "") -> Any: ...


class SocketSession:
    """Speaks to the running node. What changes something goes under a key: it is done once, however often it is asked.

    `patience` (seconds) is how long a node that fell silent in the middle is waited for and asked again. `token` is the
    person's; that of the environment where none is given.
    """

    def __init__(self, path: Path, patience: float = 0.0, token: str = "") -> None:
        self._path, self._patience, self._token = path, patience, token

    async def call(self, name: str, request: Any = None, once: str = "") -> Any:
        """The answer of a route, or its `Refusal`; `once` is the key, else a new one is made."""
        route, until = _route(name), time.monotonic() + self._patience
        key = "" if route.method == "GET" or route.secret else once or secrets.token_hex(16)
        while True:
            connection = _UnixConnection(str(self._path))
            try:
                status, body, media = _exchange(
                    connection, route, request, key, self._token or os.environ.get(TOKEN, "")
                )
                break
            except (OSError, http.client.HTTPException) as error:
                if time.monotonic() > until:
                    do = f"look at its log; then ask again with --once {key}" if key else "look at its log"
                    raise Refusal("no-answer", "an answer of the running node", str(error), do, 5) from None
                await asyncio.sleep(RETRY)
            finally:
                connection.close()
        if status == 200 and route.raw and route.method == "GET":
            from xstock_node.api.files import answer_of

            return answer_of(route, request, media, body)
        if status == 200:
            return msgspec.json.decode(body, type=route.response)
        try:
            problem = msgspec.json.decode(body, type=ProblemBody).error
        except msgspec.DecodeError:
            raise Refusal("defect", "an answer", f"status {status}", "look at the node's log", 5) from None
        raise Refusal(problem.code, problem.expected, problem.came, problem.do, problem.exit_code)


class OpenSession:
    """Works on the opened data folder while no node runs."""

    def __init__(self, office: "Office") -> None:
        self._office = office

    async def call(self, name: str, request: Any = None, once: str = "") -> Any:
        """The answer of a route, for whom the token belongs to; `once` is a key under which it is done once."""
        from xstock_node.services import people
        from xstock_node.services.once import Once

        route, actor = _route(name), await self._actor()
        if not people.somewhere(actor, route.right, self._office.node.clock.now()):
            raise people.forbidden(actor, route.right, "ask one who may")
        if route.method != "GET" and self._office.node.stands_by:
            raise StandsBy
        if once:
            actor = actor._replace(once=Once.of(once, route.name, msgspec.json.encode(request)))
        return await route.handler(self._office, actor, request)

    async def _actor(self) -> "Actor":
        from xstock_node.services import people
        from xstock_node.services.office import OPERATOR

        token = os.environ.get(TOKEN)
        actor = await people.actor_of(self._office, token, "command line") if token else OPERATOR
        if actor is None:
            raise Refusal("forbidden", "a token of a person of this node", f"another one in {TOKEN}", "make a new one")
        return actor


@asynccontextmanager
async def open_session(home: Path | None) -> AsyncIterator[Session]:
    """The session of a data folder."""
    folder = home_folder(str(home) if home else None)
    path = folder / SOCKET
    if _answers(path):
        yield SocketSession(path, PATIENCE)
        return
    config = load(folder)
    from xstock_node.cli.assembly import open_office

    lock = take_lock(folder)
    office = await open_office(folder, config)
    try:
        yield OpenSession(office)
    finally:
        await office.node.stop()
        os.close(lock)


def take_lock(home: Path) -> int:
    """The lock that one process of a node holds while it may sign; freed by the system when the process ends."""
    descriptor = os.open(home / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise Refusal(
            "locked",
            f"to be alone in {home}",
            "another process of this node",
            "wait for it, or use the running node",
            5,
        ) from None
    return descriptor


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def _route(name: str) -> "Route":
    from xstock_node.api.routes import BY_NAME

    return BY_NAME[name]


def _exchange(
    connection: "_UnixConnection", route: "Route", request: Any, key: str, token: str
) -> tuple[int, bytes, str]:
    """Status, body and media type of the answer."""
    from xstock_node.api.routes import PREFIX

    path, body = PREFIX + route.path, None
    if request is not None and (route.method == "GET" or route.raw):
        said = msgspec.structs.asdict(request)
        body = said.pop("content", None) if route.raw else None
        fields = {k: v for k, v in msgspec.to_builtins(said).items() if v not in (None, "")}
        query = {k: str(v).lower() if isinstance(v, bool) else v for k, v in fields.items()}
        path += "?" + urlencode(query)
    elif request is not None:
        body = msgspec.json.encode(request)
    headers = {"Content-Type": "application/octet-stream" if route.raw else "application/json"} if body else {}
    if key:
        headers["Idempotency-Key"] = key
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(route.method, path, body, headers)
    response = connection.getresponse()
    return response.status, response.read(), response.getheader("Content-Type", "")


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
