"""`plugins/tryton.toml`, and the password file beside it."""

import stat
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from xstock_node.plugins import Unauthorised

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
LARGEST_SECRET = 4096
Name = Annotated[str, Meta(min_length=1, max_length=200)]


class TrytonSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the server is, who logs in, which locations are read, and where lent goods stand.

    `locations` are codes or names of locations; they and all below them are read (empty: the storage zone of every
    warehouse). `reserve_to` is the code or name of the location for goods that were lent; empty: nothing is written.
    """

    url: Annotated[str, Meta(max_length=500)]
    database: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,100}(?!\n)$")]
    user: Annotated[str, Meta(pattern=r"^[^:\x00-\x1f]{1,100}$")]
    password_file: Name
    locations: tuple[Name, ...] = ()
    reserve_to: Annotated[str, Meta(max_length=200)] = ""
    page: Annotated[int, Meta(ge=1, le=1000)] = 500

    def __post_init__(self) -> None:
        url = urlsplit(self.url)
        local = url.scheme == "http" and url.hostname in LOOPBACK
        if not url.hostname or not (url.scheme == "https" or local) or "@" in url.netloc or url.query or url.fragment:
            raise ValueError("expected url as https://HOST without user or query; http is for this machine alone")


def password(folder: Path, name: str) -> str:
    """The one line of the password file. Raises `Unauthorised` with what is wrong with it."""
    path = folder / name
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise Unauthorised(f"expected {name} to be readable by its owner alone; chmod 600 it")
        with path.open("rb") as file:
            raw = file.read(LARGEST_SECRET + 1)
        secret = raw.decode("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Unauthorised(f"expected a password in {name}; came {type(error).__name__}; write the file") from None
    if not secret or len(raw) > LARGEST_SECRET or "\n" in secret:
        raise Unauthorised(f"expected one line in {name}")
    return secret
