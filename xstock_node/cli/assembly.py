"""Putting a node together from its data folder: keys, identity, database, settings, plugins."""

from collections.abc import Callable
from pathlib import Path
from random import SystemRandom

import msgspec

from xstock_node import __version__
from xstock_node.cli.host import plugin_host
from xstock_node.cli.keyfiles import read_sealing_keys, read_secret, read_signer
from xstock_node.config import Config, PublicPortSettings
from xstock_node.domain.alerts import Point
from xstock_node.protocol import identity
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.identity import Identity
from xstock_node.services.backup.keeping import KEPT, Agreed, Keeping
from xstock_node.services.clock import SystemClock
from xstock_node.services.errors import Refusal
from xstock_node.services.measured import MeasuredEngine
from xstock_node.services.node import Node, pinned_identity
from xstock_node.services.office import AlertRules, Drop, Office, OfficeSettings, Pool, Thresholds
from xstock_node.storage.choosing import SQLITE, Opening, Shared, installed, open_engine
from xstock_node.storage.interfaces import Engine
from xstock_node.storage.reserve import Reserve
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.trace import Trace
from xstock_node.transport.client import Stranger

IDENTITY = "identity.note"
DATABASE = "node.db"
RESERVE = "reserve"


async def open_office(home: Path, config: Config, engine: Engine | None = None) -> Office:
    """The office of a data folder, over an engine that is open already or its own; nothing is signed and nobody is
    called yet. Where several processes share the database, this one leads unless another does.
    """
    signer = read_signer(home, config.node.name, config.keys.passphrase_file)
    own = read_identity(home)
    if own.name != config.node.name or signer.public not in own.signing_keys():
        raise Refusal("wrong-key", f"the signing key of {config.node.name}", own.name, "restore keys and identity", 3)
    trace = Trace(config.node.name)
    engine = engine or open_storage(home, config)
    if isinstance(engine, Shared):
        if config.keep_backup:
            await engine.close()
            expected = "no [[keep_backup]] where processes share a database: what is kept lies in one data folder"
            raise Refusal("bad-config", expected, f"storage.engine {config.storage.engine}", "take it out", 3)
        await engine.try_to_lead()
    if isinstance(engine, SqliteEngine) and engine.copied_to is not None:
        trace.info("upgraded", version=__version__, copy=str(engine.copied_to))
    node = Node(
        own,
        signer,
        config.log(),
        engine if isinstance(engine, Shared) else MeasuredEngine(engine, trace.counts),
        pinned(home, config),
        SystemClock(),
        SystemRandom(),
        trace,
        sealing=read_sealing_keys(home),
    )
    await node.load()
    node.outside = Stranger(config.peers.allow_private)
    node.keeping = keeping_of(home, config, node.clock.now)
    return Office(node, settings_of(config, home), plugin_host(config, home), home)


def keeping_of(home: Path, config: Config, now: Callable[[], int]) -> Keeping:
    """What this node keeps for its peers."""
    agreed = {one.name: Agreed(one.megabytes << 20, one.files) for one in config.keep_backup}
    return Keeping(home / KEPT, agreed, now)


def open_storage(home: Path, config: Config) -> Engine:
    """The engine that the settings name."""
    name = config.storage.engine
    if name == SQLITE:
        return SqliteEngine(home / DATABASE, reserve=Reserve(home / RESERVE))
    known = sorted(installed())
    if name not in known:
        expected = f"storage.engine as one of {', '.join([SQLITE, *known])}"
        raise Refusal("no-engine", expected, f"{name}, which is not installed", f"pip install xstock-{name}", 3)
    file = config.storage.connection_file
    if not file:
        raise Refusal("no-connection", f"storage.connection_file for {name}", "", "write it, chmod 600", 3)
    connection = read_secret(home / file, "the connection string of the database").strip()
    return open_engine(name, Opening(home, config.node.name, connection))


def settings_of(config: Config, home: Path = Path()) -> OfficeSettings:
    """What the services need to know of the configuration; the place is rounded to 0.1 degree."""
    node = config.node
    at = None
    if node.latitude is not None and node.longitude is not None:
        at = (round(node.latitude * 10) * 100_000, round(node.longitude * 10) * 100_000)
    return OfficeSettings(
        country=node.country,
        engine=config.storage.engine,
        languages=tuple(node.languages) or ("en",),
        place=node.place,
        at=at,
        terms=tuple(config.offers.terms),
        ready_hours=config.offers.ready_hours,
        lease_days=config.offers.lease_days,
        rules=config.share,
        banded=tuple(config.offers.banded),
        pools={code: Pool(one.pool, one.decides) for one in config.reserve for code in one.items},
        exact_to=config.offers.exact_to,
        second_person=Thresholds(**msgspec.structs.asdict(config.approvals)),
        audiences={a.label: (tuple(a.names), tuple(a.tiers)) for a in config.audience},
        gs1_prefix=config.node.gs1_prefix,
        escalate_minutes=config.duty.escalate_minutes,
        stand_down=config.requests.stand_down,
        alerts=_alert_rules(config),
        public_plain=_plainly(config.public_port),
        console=_console(config),
        certificates=_certificates(config, home),
        keep_days=config.keep.days,
        drops=tuple(Drop(home / drop.folder, drop.source, drop.kind) for drop in config.drop),
    )


def _alert_rules(config: Config) -> AlertRules:
    alerts, node = config.alerts, config.node
    point = alerts.point
    if point is None and node.latitude is not None and node.longitude is not None:
        point = (node.latitude, node.longitude)
    return AlertRules(
        countries=alerts.countries,
        areas=alerts.areas,
        point=None if point is None else Point(*point),
        least=alerts.least,
        call=alerts.call,
        hours=alerts.hours,
    )


def _certificates(config: Config, home: Path) -> tuple[tuple[str, Path], ...]:
    ports = {"peer_port": config.peer_port, "public_port": config.public_port, "console": config.console}
    files = {name: port.tls_certificate for name, port in ports.items()}  # type: ignore[attr-defined]
    return tuple((name, home / file) for name, file in files.items() if file)


def _console(config: Config) -> str:
    """Where the console is reached: by its own name, else on this machine, where a passkey needs `localhost`."""
    if config.console.url:
        return config.console.url.rstrip("/")
    return f"http://localhost:{config.local_port.port}" if config.local_port.port else ""


def _plainly(port: PublicPortSettings) -> str:
    """Where the public port may be reached from other machines without TLS; empty where it may not."""
    here = port.host in ("localhost", "::1") or port.host.startswith("127.")
    return "" if not port.port or here or port.tls_certificate else f"{port.host}:{port.port}"


def pinned(home: Path, config: Config) -> list[Identity]:
    """The identities of the configuration's peers."""
    return [
        pinned_identity(_read(home / peer.identity, f"the identity of {peer.name}"), peer.name) for peer in config.peer
    ]


def read_identity(home: Path) -> Identity:
    """The identity note of a data folder."""
    try:
        return identity.parse(_read(home / IDENTITY, "this node's identity note"))
    except ProtocolError as error:
        raise Refusal("bad-identity", error.expected, error.came, "restore identity.note", 3) from None


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        do = "check the path, or run `xstock init`"
        raise Refusal("no-file", f"{what} in {path}", error.strerror or str(error), do, 3) from None
