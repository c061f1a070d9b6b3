"""`xstock serve`: the peer port, the local API and the loops of a node, until it is told to stop."""

import asyncio
import os
import secrets
import signal
import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from aiohttp import ClientSession

from xstock_node.api.app import Guard, make_app
from xstock_node.api.health import make_health_app
from xstock_node.api.public import make_public_app
from xstock_node.cli.address_file import open_book
from xstock_node.cli.assembly import open_office
from xstock_node.cli.keyfiles import write_secret
from xstock_node.cli.notify import told
from xstock_node.cli.output import emit, verb, words
from xstock_node.cli.session import SOCKET, take_lock
from xstock_node.config import Config, ConsoleSettings, HealthSettings, PublicPortSettings, home_folder, load
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.peer import Peer
from xstock_node.services.alert_feeds import Alerting
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.convoy_plugin import NodeConvoys
from xstock_node.services.dropping import Dropping
from xstock_node.services.errors import Refusal
from xstock_node.services.looking import EVERY as LOOKED_EVERY
from xstock_node.services.looking import look_at_self
from xstock_node.services.looping import Loop
from xstock_node.services.members_desk import NodeMembers
from xstock_node.services.message_carrying import EVERY as CARRIED_EVERY
from xstock_node.services.message_carrying import carry
from xstock_node.services.message_inbox import NodeInbox
from xstock_node.services.node import Node
from xstock_node.services.notifying import Notifying
from xstock_node.services.office import Office
from xstock_node.services.own_warnings import NodeWarnings
from xstock_node.services.passage_telling import EVERY as TOLD_EVERY
from xstock_node.services.passage_telling import tell_due
from xstock_node.services.pausing import EVERY as PAUSED_EVERY
from xstock_node.services.pausing import pause_for_real
from xstock_node.services.plugging import Plugging
from xstock_node.services.public_figures import Lines
from xstock_node.services.reacting import Reacting
from xstock_node.services.reloading import Reloading
from xstock_node.services.retaining import EVERY as RETAINED_EVERY
from xstock_node.services.retaining import retain
from xstock_node.services.scrubbing import EVERY as SCRUBBED_EVERY
from xstock_node.services.scrubbing import Scrubbing
from xstock_node.services.syncing import Syncing
from xstock_node.services.writing_back import WritingBack
from xstock_node.storage.choosing import Shared
from xstock_node.transport.client import HttpPeer, open_session
from xstock_node.transport.server import PeerServer
from xstock_node.transport.sockets import Listener

if TYPE_CHECKING:
    from xstock_node.console.serving import Console

TOKEN = "api.token"  # noqa: S105 - the name of a file
SOCKET_PATH = 104  # bytes that every system takes in the address of a UNIX socket, its end included


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """What a node that serves tells once it is ready."""

    node: str
    peer_port: int
    local_port: int
    socket: str
    epoch: int
    leads: bool = True


@click.command("serve")
@click.option("--dev", is_flag=True, help="For who writes a plugin: load plugins anew when their code changes.")
@verb
async def serve(as_json: bool, home: Path | None, dev: bool) -> None:
    """Run the node until it is told to stop (Ctrl-C, SIGTERM)."""
    folder = home_folder(str(home) if home else None)
    config = load(folder)
    _check_length(folder / SOCKET)
    lock = take_lock(folder)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    try:
        await _serve(folder, config, dev, stop, partial(emit, as_json=as_json, shown=_shown))
    finally:
        os.close(lock)


async def _serve(
    folder: Path, config: Config, dev: bool, stop: asyncio.Event, ready: Callable[[Serving], None]
) -> None:
    office = await open_office(folder, config)
    if isinstance(office.node.engine, Shared):
        from xstock_node.cli.standing_by import Turns

        await Turns(folder, config, dev, stop, ready).run(office)
        return
    running = Running(office, config, folder, dev)
    try:
        ready(await running.start())
        async with told():
            await stop.wait()
    finally:
        await running.stop()


class Running:
    """The listeners and the client session around an office."""

    def __init__(self, office: Office, config: Config, home: Path, dev: bool = False) -> None:
        self._office, self._config, self._home = office, config, home
        node = office.node
        self._session = open_session(config.peers.allow_private, open_book(home, node.clock.now))
        self.server = PeerServer(
            NodeAnswers(node),
            node.identity.url(),
            node.directory.find_key,
            node.clock.now,
            node.clock.steady,
            node.peering.refuse,
            node.trace.counts,
        )
        self._socket = Listener(make_app(office, None, node.trace), node.trace.counts, "socket")
        self._local: Listener | None = None
        self._public: Listener | None = None
        self._console: Listener | None = None
        self._health: Listener | None = None
        self._scrubbing = Loop(office, Scrubbing(node).turn_of, "not-scrubbed", SCRUBBED_EVERY)
        self._retaining = Loop(office, retain, "not-forgotten", RETAINED_EVERY)
        self._looking = Loop(office, look_at_self, "not-looked-at", LOOKED_EVERY)
        office.ways.desks["inbox"] = partial(NodeInbox, office)
        office.ways.desks["warnings"] = partial(NodeWarnings, office)
        office.ways.desks["convoys"] = partial(NodeConvoys, office)
        self._passages = Loop(office, tell_due, "passages-not-told", TOLD_EVERY)
        self._carrying = Loop(office, carry, "not-carried", CARRIED_EVERY, wakes=True)
        office.ways.desks["members"] = partial(NodeMembers, office, Lines(office))
        self._pausing = Loop(office, pause_for_real, "exercise-not-paused", PAUSED_EVERY, wakes=True)
        self._reacting = Reacting(office)
        self._notifying = Notifying(office)
        self._plugging = Plugging(office)
        self._reloading = Reloading(office) if dev else None
        self._syncing = Syncing(office)
        self._writing = WritingBack(office)
        self._dropping = Dropping(office)
        self._alerting = Alerting(office)

    async def start(self) -> Serving:
        """Listen first, then gossip, so that whoever is called may call back."""
        node, config = self._office.node, self._config
        peer_port = 0
        if config.peer_port.port:
            peer_port = await listen_to_peers(self.server, config, self._home)
        await node.start(_peers(node, config, self._session), self._dial)
        await self._reacting.start()
        path = await listen_on_socket(self._socket, self._home)
        await self._plugging.start()
        if self._reloading is not None:
            await self._reloading.start()
        await self._notifying.start()
        await self._syncing.start()
        await self._writing.start()
        await self._dropping.start()
        await self._alerting.start()
        await self._passages.start()
        await self._carrying.start()
        await self._pausing.start()
        await self._looking.start()
        await self._scrubbing.start()
        await self._retaining.start()
        local_port = 0
        if config.local_port.port:
            guard = Guard(token_of(self._home / TOKEN))
            app = make_app(self._office, guard, node.trace, self._make_console())
            self._local = Listener(app, node.trace.counts, "local")
            local_port = await self._local.start("127.0.0.1", config.local_port.port)
        if config.console.port:
            self._console = Listener(self._make_console().app(), node.trace.counts, "console")
            await _listen_publicly(self._console, config.console, self._home)
        if config.public_port.port:
            self._public = Listener(make_public_app(self._office), node.trace.counts, "public")
            await _listen_publicly(self._public, config.public_port, self._home)
        if config.health.port:
            self._health = Listener(make_health_app(self._office), node.trace.counts, "health")
            await listen_for_health(self._health, config.health)
        epoch = node.own.head.log.epoch if node.own.head else 0
        node.trace.info("serving", peer_port=peer_port, local_port=local_port, epoch=epoch)
        return Serving(
            node=node.identity.name, peer_port=peer_port, local_port=local_port, socket=str(path), epoch=epoch
        )

    async def stop(self) -> None:
        """Stop in the reverse order; what is under way gets a second."""
        for listener in (self._health, self._public, self._console, self._local, self._socket, self.server):
            if listener is not None:
                await listener.stop()
        (self._home / SOCKET).unlink(missing_ok=True)
        await self._retaining.stop()
        await self._scrubbing.stop()
        await self._looking.stop()
        await self._pausing.stop()
        await self._carrying.stop()
        await self._passages.stop()
        await self._alerting.stop()
        await self._dropping.stop()
        await self._writing.stop()
        await self._syncing.stop()
        await self._notifying.stop()
        if self._reloading is not None:
            await self._reloading.stop()
        await self._plugging.stop()
        await self._reacting.stop()
        await self._office.node.stop()
        await self._session.close()

    def _make_console(self) -> "Console":
        """The console, whose libraries a bare node does not load."""
        from xstock_node.console.serving import Console

        return Console(self._office, self._config.console.url)

    def _dial(self, found: Identity) -> Peer | None:
        """A member's node, where its identity says that it may be called."""
        node = self._office.node
        try:
            return _peer(self._session, node, self._config, found.name, found.url())
        except ProtocolError as error:
            node.trace.warning("peer-not-dialled", peer=found.name, why=error.sentence())
            return None


async def listen_on_socket(listener: Listener, home: Path) -> Path:
    """Open the socket in the data folder, for the node's own user alone."""
    path = home / SOCKET
    path.unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        await listener.start_unix(str(path))
    finally:
        os.umask(before)
    return path


def _check_length(path: Path) -> None:
    length = len(os.fsencode(path))
    if length >= SOCKET_PATH:
        expected = f"a path of the socket shorter than {SOCKET_PATH} bytes"
        raise Refusal("long-path", expected, f"{length}: {path}", "choose a shorter --home", 2)


async def _listen_publicly(listener: Listener, settings: PublicPortSettings | ConsoleSettings, home: Path) -> int:
    """Open the public port or the console's, with TLS where a certificate is set; on the public port clients are asked
    for theirs where an authority is.
    """
    port = "public_port" if isinstance(settings, PublicPortSettings) else "console"
    tls = _tls(port, settings.tls_certificate, settings.tls_key, home)
    if tls is not None and isinstance(settings, PublicPortSettings) and settings.client_ca:
        path = home / settings.client_ca
        try:
            tls.load_verify_locations(path)
        except OSError as error:
            came = f"{path}: {error.strerror or error}"
            raise Refusal("bad-certificate", "certificates in PEM", came, "set public_port.client_ca", 3) from None
        tls.verify_mode = ssl.CERT_OPTIONAL
    try:
        return await listener.start(settings.host, settings.port, tls)
    except OSError as error:
        came = f"{settings.host}:{settings.port}: {error.strerror or error}"
        raise Refusal("port-taken", f"a free port for {port}", came, f"set {port}.port", 5) from None


async def listen_for_health(listener: Listener, settings: HealthSettings) -> int:
    """Open the port of health and metrics."""
    try:
        return await listener.start(settings.host, settings.port)
    except OSError as error:
        came = f"{settings.host}:{settings.port}: {error.strerror or error}"
        raise Refusal("port-taken", "a free port for health", came, "set health.port", 5) from None


def _tls(port: str, certificate: str, key: str, home: Path) -> ssl.SSLContext | None:
    """TLS with these PEM files, relative to the data folder; None without a certificate."""
    if not certificate:
        return None
    tls, path = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), home / certificate
    try:
        tls.load_cert_chain(path, home / key if key else None)
    except OSError as error:
        came = f"{path}: {error.strerror or error}"
        raise Refusal("bad-certificate", "a certificate and its key in PEM", came, f"set {port}.tls_*", 3) from None
    return tls


async def listen_to_peers(server: PeerServer, config: Config, home: Path) -> int:
    """Open the peer port."""
    settings = config.peer_port
    tls = _tls("peer_port", settings.tls_certificate, settings.tls_key, home)
    try:
        return await server.start(settings.host, settings.port, tls)
    except OSError as error:
        came = f"{settings.host}:{settings.port}: {error.strerror or error}"
        raise Refusal("port-taken", "a free port for peers", came, "set peer_port.port", 5) from None


def _peer(session: ClientSession, node: Node, config: Config, name: str, url: str) -> Peer:
    private, offsets = config.peers.allow_private, node.offsets
    return HttpPeer(session, name, url, node.signer, offsets.time_to_sign, private, offsets.note)


def _peers(node: Node, config: Config, session: ClientSession) -> dict[str, Peer]:
    found: dict[str, Peer] = {}
    for settings in config.peer:
        identity = node.directory.get(settings.name)
        if identity is None or not settings.dial or not identity.url():
            continue
        try:
            found[settings.name] = _peer(session, node, config, settings.name, identity.url())
        except ProtocolError as error:
            node.trace.warning("peer-not-dialled", peer=settings.name, why=error.sentence())
    return found


def token_of(path: Path) -> str:
    """The token of the local port, which is made at the first start."""
    if not path.exists():
        write_secret(path, secrets.token_urlsafe(32).encode() + b"\n")
    return path.read_text("ascii").strip()


def _shown(serving: Serving) -> str:
    if not serving.leads:
        return words("serve.stands-by", "{node} stands by: another process of it leads", node=serving.node)
    return words(
        "serve.ready", "{node} serves peers on port {port}; Ctrl-C stops it", node=serving.node, port=serving.peer_port
    )
