"""`plugins/odoo.toml`, and the file with the key beside it."""

import stat
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from xstock_node.plugins import Unauthorised

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
LARGEST_SECRET: Final = 4096
Name = Annotated[str, Meta(min_length=1, max_length=200)]


class OdooSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the server is, whose key is used, and which locations are read.

    `user` is needed for XML-RPC alone. `locations` are full names such as `WH/Stock`; they and all below are read
    (empty: every internal location).
    """

    url: Annotated[str, Meta(max_length=500)]
    database: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,100}(?!\n)$")]
    key_file: Name
    user: Annotated[str, Meta(max_length=200)] = ""
    protocol: Literal["detect", "json2", "xmlrpc"] = "detect"
    locations: tuple[Name, ...] = ()
    page: Annotated[int, Meta(ge=1, le=2000)] = 1000

    def __post_init__(self) -> None:
        url = urlsplit(self.url)
        local = url.scheme == "http" and url.hostname in LOOPBACK
        if not url.hostname or not (url.scheme == "https" or local) or "@" in url.netloc or url.query or url.fragment:
            raise ValueError("expected url as https://HOST without user or query; http is for this machine alone")
        if self.protocol == "xmlrpc" and not self.user:
            raise ValueError("expected user: XML-RPC logs in by name")


def key(folder: Path, name: str) -> str:
    """The one line of the key file. Raises `Unauthorised` with what is wrong with it."""
    path = folder / name
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise Unauthorised(f"expected {name} to be readable by its owner alone; chmod 600 it")
        with path.open("rb") as file:
            raw = file.read(LARGEST_SECRET + 1)
        secret = raw.decode("ascii").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Unauthorised(f"expected a key in {name}; came {type(error).__name__}; write the file") from None
    if not secret.isprintable() or not secret or len(raw) > LARGEST_SECRET:
        raise Unauthorised(f"expected one line in {name}")
    return secret
