"""Several processes of one node on one database: each serves in turns, standing by until it may lead.

The one that leads is a node like any other. To lead begins as a start of the process does: everything is read anew,
peers are asked, and a new epoch is opened that continues the own logs. The others answer what reads, on the same ports.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from xstock_node.api.app import Guard, make_app
from xstock_node.api.health import make_health_app
from xstock_node.cli.assembly import open_office
from xstock_node.cli.notify import told
from xstock_node.cli.serve import (
    TOKEN,
    Running,
    Serving,
    listen_for_health,
    listen_on_socket,
    listen_to_peers,
    token_of,
)
from xstock_node.cli.session import SOCKET
from xstock_node.config import Config
from xstock_node.protocol.errors import ProtocolError
from xstock_node.services.following import Following
from xstock_node.services.office import Office
from xstock_node.services.reading_only import ReadingAnswers
from xstock_node.storage.choosing import Shared
from xstock_node.storage.errors import StorageError
from xstock_node.transport.server import PeerServer
from xstock_node.transport.sockets import Listener

LOOK_SECONDS = 0.5
AGAIN_SECONDS = 2.0


class StandingBy:
    """The listeners of a process that stands by. The console and the public port are those of the one that leads."""

    def __init__(self, office: Office, config: Config, home: Path) -> None:
        self._office, self._config, self._home = office, config, home
        node = office.node
        self._following = Following(node)
        self._server = PeerServer(
            ReadingAnswers(node),
            node.identity.url(),
            node.directory.find_key,
            node.clock.now,
            node.clock.steady,
            _refused,
        )
        self._socket = Listener(make_app(office, None, node.trace))
        self._local: Listener | None = None
        self._health: Listener | None = None

    async def start(self) -> Serving:
        """Listen for what reads."""
        config, node = self._config, self._office.node
        await self._following.look()
        peer_port = local_port = 0
        if config.peer_port.port:
            peer_port = await listen_to_peers(self._server, config, self._home)
        path = await listen_on_socket(self._socket, self._home)
        if config.local_port.port:
            self._local = Listener(make_app(self._office, Guard(token_of(self._home / TOKEN)), node.trace))
            local_port = await self._local.start("127.0.0.1", config.local_port.port)
        if config.health.port:
            self._health = Listener(make_health_app(self._office), node.trace.counts, "health")
            await listen_for_health(self._health, config.health)
        node.trace.info("standing-by", peer_port=peer_port, local_port=local_port)
        return Serving(
            node=node.identity.name,
            peer_port=peer_port,
            local_port=local_port,
            socket=str(path),
            epoch=0,
            leads=False,
        )

    async def until_it_leads(self, engine: Shared) -> None:
        """Follow the one that leads, until this one does."""
        while True:
            try:
                if await engine.try_to_lead():
                    return
                if await self._following.look():
                    self._office.forget_catalogue()
                    self._office.changes.tell("")
            except StorageError as error:  # the server may come back
                self._office.node.trace.warning("not-followed", why=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def stop(self) -> None:
        """Close the ports, for the next turn to open them."""
        for listener in (self._health, self._local, self._socket, self._server):
            if listener is not None:
                await listener.stop()
        (self._home / SOCKET).unlink(missing_ok=True)


class Turns:
    """Serves until `stop` is set; `ready` is told once that this process answers."""

    def __init__(
        self, home: Path, config: Config, dev: bool, stop: asyncio.Event, ready: Callable[[Serving], None]
    ) -> None:
        self._home, self._config, self._dev, self._stop, self._ready = home, config, dev, stop, ready
        self._told = AsyncExitStack()
        self._is_told = False

    async def run(self, office: Office) -> None:
        """Serve in turns, beginning with an office over an engine that other processes share."""
        async with self._told:
            found: Office | None = office
            while found is not None:
                found = await (self._lead(found) if not found.node.stands_by else self._stand_by(found))

    async def _stand_by(self, office: Office) -> Office | None:
        engine = office.node.engine
        assert isinstance(engine, Shared)
        turn = StandingBy(office, self._config, self._home)
        try:
            await self._tell(await turn.start())
            leads = await self._first(turn.until_it_leads(engine))
        finally:
            await turn.stop()
        if leads:
            office.node.trace.info("takes-over")
            return await open_office(self._home, self._config, office.node.engine)
        await office.node.engine.close()
        return None

    async def _lead(self, office: Office) -> Office | None:
        engine = office.node.engine
        assert isinstance(engine, Shared)
        turn = Running(office, self._config, self._home, self._dev)
        try:
            await self._tell(await turn.start())
            lost = await self._first(engine.until_lost())
        finally:
            try:
                await turn.stop()
            except StorageError as error:  # what it could not write any more
                office.node.trace.warning("not-stopped-well", why=str(error))
            await office.node.engine.close()
        if not lost:
            return None
        office.node.trace.error("leads-no-more")
        return await self._opened_again(office)

    async def _opened_again(self, before: Office) -> Office | None:
        """An office over new connections, once the server answers; None where this process is told to stop before."""
        while not self._stop.is_set():
            try:
                return await open_office(self._home, self._config)
            except StorageError as error:
                before.node.trace.warning("not-opened", why=str(error))
            await self._first(asyncio.sleep(AGAIN_SECONDS))
        return None

    async def _first(self, waited: Coroutine[Any, Any, None]) -> bool:
        """Wait for something, or for the word to stop; whether that something came."""
        tasks = [asyncio.ensure_future(waited), asyncio.ensure_future(self._stop.wait())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        if isinstance(outcomes[0], Exception):
            raise outcomes[0]
        return not self._stop.is_set()

    async def _tell(self, serving: Serving) -> None:
        if not self._is_told:
            self._is_told = True
            self._ready(serving)
            await self._told.enter_async_context(told())


def _refused(caller: str, error: ProtocolError, about: str) -> None:
    """Nobody is charged by a process that stands by: who calls it did not choose it."""
