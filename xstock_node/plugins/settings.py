"""Settings of adapters: `plugins/NAME.toml` of the data folder, and what the host itself reads of them."""

import hashlib
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from xstock_node.plugins.inventory import MovementKind

FOLDER = "plugins"
TABLE = "host"
MOST = 256 * 1024
MARKED = 64 * 1024
SQLITE = b"SQLite format 3\0"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


class HostSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table `[host]` of an adapter's file, which the plugin does not see. Of a source: how often it is read, how
    old it may grow, what is written back; of a route: the files of its token or secret, or the certificates it knows.
    """

    every_minutes: Annotated[
        int, Meta(ge=0, le=44640, description="Minutes between two readings; 0: as its kind has it.")
    ] = 0
    monthly: Annotated[bool, Meta(description="The source is a monthly report: it ages after 35 days, not 7.")] = False
    write: Annotated[
        tuple[MovementKind, ...], Meta(description="Movements written back: reserve, release, issue, receive.")
    ] = ()
    token_file: Annotated[str, Meta(description="Route: file with the bearer token, mode 0600.")] = ""
    secret_file: Annotated[str, Meta(description="Route: file with the webhook secret (whsec_...), mode 0600.")] = ""
    senders: Annotated[
        tuple[str, ...],
        Meta(
            description="Route: ids of the senders whose messages are taken; empty: of any. Carrier: who is answered."
        ),
    ] = ()
    format: Annotated[str, Meta(description="Carrier: the message format that it is given.")] = ""
    certificates: Annotated[
        tuple[str, ...], Meta(description="Route: SHA-256 of the client certificates that may call, in hex.")
    ] = ()


class Settings(NamedTuple):
    """The settings of one adapter: what the plugin gets, what the host reads, and a mark that changes with either."""

    values: dict[str, Any]
    host: HostSettings
    mark: str
    files: tuple[Path, ...]
    hosts: tuple[str, ...]


NO_SETTINGS = Settings({}, HostSettings(), "", (), ())
"""Those of an adapter that needs none and has no file."""


def read(folder: Path, name: str, files: Sequence[str], hosts: Sequence[str]) -> Settings | None:
    """The settings of an adapter, None without its file; ValueError or OSError for a file that is not well.

    `files` and `hosts` are those of the manifest: `$FIELD` stands for what the setting of this name says.
    """
    path = folder / f"{name}.toml"
    if not path.is_file():
        return None
    raw = path.read_bytes()
    if len(raw) > MOST:
        raise ValueError(f"expected {path.name} of at most {MOST} bytes; came {len(raw)}")
    values = tomllib.loads(raw.decode("utf-8"))
    host = msgspec.convert(values.pop(TABLE, {}), HostSettings)
    named = tuple(folder / text for text in _named(values, files))
    mark = hashlib.sha256(raw)
    for one in named:
        mark.update(str(one).encode() + b"\0" + _content(one))
    listed = (*(one for one in hosts if not one.startswith("$")), *map(host_of, _named(values, hosts)))
    return Settings(values, host, mark.hexdigest()[:16], named, tuple(filter(None, listed)))


def _content(path: Path) -> bytes:
    """What a change of it is known by: a small file's content. Large files and databases change while they are used."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        found = file.read(MARKED + 1)
    return b"" if len(found) > MARKED or found.startswith(SQLITE) else found


def is_name(name: object) -> bool:
    """Whether an adapter may be called so: its file of settings is named after it."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def host_of(text: str) -> str:
    """The host, with its port where one is said, of an address or of a plain host name."""
    found = urlsplit(text if "//" in text else f"//{text}")
    try:
        port = found.port
    except ValueError:
        return ""
    host = (found.hostname or "").lower()
    return f"{host}:{port}" if host and port else host


def _named(values: dict[str, Any], fields: Sequence[str]) -> list[str]:
    found: list[str] = []
    for field in fields:
        value = values.get(field[1:]) if field.startswith("$") else None
        found += [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and one]
    return found
