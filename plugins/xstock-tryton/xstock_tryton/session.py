"""A login that calls share: begun by the first, renewed once when it expired, not tried twice with a refused password.

A Tryton server locks an account after a few wrong passwords (`session.max_attempt`), and a person of the society may
be using it.
"""

import asyncio
import base64
from typing import Any, Final, NamedTuple

from xstock_node.plugins import Context, Unauthorised, Unavailable
from xstock_tryton.settings import TrytonSettings, password
from xstock_tryton.wire import Expired, encode, result, retry_after

SECONDS: Final = 25.0
"""For one call; the node gives a whole method 30."""
ROOTS: Final = ("/", "/rpc/")
"""Where a server tells its version: up to 7.0, and 8.2. `/` is asked first, as 7.0 takes `rpc` for a database."""
FINISH: Final = {"6.0": "done", "7.0": "done", "8.2": "do"}
"""The button that ends a shipment, by series. A series that is not here was not tried: it is read, never written."""
LOCKED: Final = 600.0
"""How long to leave a server alone that says 429 to a login: every try would lengthen it."""


class Session(NamedTuple):
    """A login: the header that carries it, the context of its user, and how this server is spoken to."""

    version: str
    path: str
    headers: dict[str, str]
    context: dict[str, Any]

    @property
    def finish(self) -> str | None:
        """The button that ends a shipment, or None where this series is only read."""
        return FINISH.get(".".join(self.version.split(".")[:2]))


class Sessions:
    """The session of the one account of the settings, for all calls of source and writer."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._of: TrytonSettings | None = None
        self._turn = asyncio.Lock()
        self._refused: tuple[int, Unauthorised] = (0, Unauthorised())

    async def get(self, context: Context) -> Session:
        """The session, after a login where there is none. Raises `Unauthorised` after exactly one try."""
        tries = self._refused[0]
        async with self._turn:
            if self._session is None or self._of != context.settings:
                if self._refused[0] != tries:  # refused while this call waited: it must not try as well
                    raise Unauthorised(*self._refused[1].args)
                try:
                    self._session = await _login(context)
                except Unauthorised as error:
                    self._refused = (tries + 1, error)
                    raise
                self._of = context.settings
            return self._session

    async def call(self, context: Context, method: str, *params: Any, extra: Any = None, writes: bool = False) -> Any:
        """Call a method as the user, with the user's context and `extra`; a session that expired is renewed once."""
        session = await self.get(context)
        try:
            return await _call(context, session, method, params, extra, writes)
        except Expired:
            if self._session is session:
                self._session = None
        return await _call(context, await self.get(context), method, params, extra, writes)


async def _call(
    context: Context, session: Session, method: str, params: tuple[Any, ...], extra: Any, writes: bool
) -> Any:
    body = encode(method, [*params, session.context | (extra or {})])
    return await _post(context, session.path, body, session.headers, writes)


async def _post(context: Context, path: str, body: bytes, headers: dict[str, str], writes: bool = False) -> Any:
    url = context.settings.url.rstrip("/") + path
    asked = {"Content-Type": "application/json", **headers}
    answer = await context.http.request("POST", url, headers=asked, body=body, timeout=SECONDS)
    return result(answer, writes, context.now())


async def version(context: Context) -> tuple[str, str]:
    """The server's version and the path below which its databases are."""
    for root in ROOTS:
        url = context.settings.url.rstrip("/") + root
        body = encode("common.server.version", [])
        headers = {"Content-Type": "application/json"}
        answer = await context.http.request("POST", url, headers=headers, body=body, timeout=SECONDS)
        if answer.status in (404, 405) and root != ROOTS[-1]:
            continue
        found = result(answer, False, context.now())
        if not isinstance(found, str):
            raise Unavailable("expected a version of Tryton; came something else; check url")
        return found[:20], root.removeprefix("/")
    raise AssertionError("unreachable")


async def _login(context: Context) -> Session:
    settings: TrytonSettings = context.settings
    secret = password(context.folder, settings.password_file)
    series, below = await version(context)
    path = f"/{settings.database}/{below}"
    body = encode("common.db.login", [settings.user, {"password": secret}, None])
    url = settings.url.rstrip("/") + path
    headers = {"Content-Type": "application/json"}
    answer = await context.http.request("POST", url, headers=headers, body=body, timeout=SECONDS)
    if answer.status == 429:
        raise Unavailable(
            "expected a login; Tryton refuses all for a while, as after wrong passwords",
            max(LOCKED, retry_after(answer.headers, context.now())),
        )
    if answer.status == 404:
        raise Unavailable(f"expected a database {settings.database}; Tryton has none of that name; check database")
    found = result(answer, False, context.now())
    if not isinstance(found, list) or len(found) < 2:
        raise Unavailable("expected a session of Tryton; came something else; check url")
    token = base64.b64encode(f"{settings.user}:{found[0]}:{found[1]}".encode()).decode()
    session = Session(series, path, {"Authorization": f"Session {token}"}, {})
    mine = await _call(context, session, "model.res.user.get_preferences", (True,), None, False)
    if not isinstance(mine, dict) or not mine.get("company"):
        raise Unauthorised(f"expected a company of the user {settings.user}; there is none; choose one in Tryton")
    return session._replace(context=mine)
