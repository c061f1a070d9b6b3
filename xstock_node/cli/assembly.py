"""Putting a node together from its data folder: keys, identity, database, settings, plugins."""

import os
import stat
from pathlib import Path
from random import SystemRandom

from xstock_node.config import Config
from xstock_node.plugins.host import PluginHost
from xstock_node.protocol import identity
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.keys import Signer
from xstock_node.services.clock import SystemClock
from xstock_node.services.errors import Refusal
from xstock_node.services.node import Node, pinned_identity
from xstock_node.services.office import Office, OfficeSettings
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.trace import Trace

KEYS = "keys"
SIGNING_KEY = "signing.key"
ROOT_KEY = "root.key"
IDENTITY = "identity.note"
DATABASE = "node.db"


async def open_office(home: Path, config: Config) -> Office:
    """The office of a data folder; nothing is signed and nobody is called yet."""
    signer = read_signer(home, config.node.name)
    own = identity.parse(_read(home / IDENTITY, "this node's identity note"))
    if own.name != config.node.name or signer.public not in own.signing_keys():
        raise Refusal("wrong-key", f"the signing key of {config.node.name}", own.name, "restore keys and identity", 3)
    trace = Trace(config.node.name)
    node = Node(
        own,
        signer,
        config.log(),
        SqliteEngine(home / DATABASE),
        pinned(home, config),
        SystemClock(),
        SystemRandom(),
        trace,
    )
    await node.load()
    return Office(node, settings_of(config), PluginHost(config.plugins.allow), home)


def settings_of(config: Config) -> OfficeSettings:
    """What the services need to know of the configuration; the place is rounded to 0.1 degree."""
    node = config.node
    at = None
    if node.latitude is not None and node.longitude is not None:
        at = (round(node.latitude * 10) * 100_000, round(node.longitude * 10) * 100_000)
    return OfficeSettings(
        country=node.country,
        languages=tuple(node.languages) or ("en",),
        place=node.place,
        at=at,
        terms=tuple(config.offers.terms),
        ready_hours=config.offers.ready_hours,
        lease_days=config.offers.lease_days,
        rules=config.share,
    )


def pinned(home: Path, config: Config) -> list[Identity]:
    """The identities of the configuration's peers."""
    return [
        pinned_identity(_read(home / peer.identity, f"the identity of {peer.name}"), peer.name) for peer in config.peer
    ]


def read_signer(home: Path, name: str) -> Signer:
    """The signing key; refused where others than its owner may read the file."""
    path = home / KEYS / SIGNING_KEY
    seed = _read(path, "the signing key")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise Refusal("key-too-open", f"{path} readable by its owner alone", f"mode {mode:o}", f"chmod 600 {path}", 3)
    try:
        return Signer(name, bytes.fromhex(seed.decode("ascii").strip()))
    except ValueError:
        raise Refusal("bad-key", f"64 hexadecimal digits in {path}", "something else", "restore the key", 3) from None


def write_secret(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read, never over an existing one."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        do = "check the path, or run `xstock init`"
        raise Refusal("no-file", f"{what} in {path}", error.strerror or str(error), do, 3) from None
