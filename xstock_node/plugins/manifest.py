"""The manifest: what a plugin is and what it wants, as data beside its code, read before any of its code runs.

It is the file `xstock-plugin.toml` inside the package that the entry point names. A plugin without one is taken for
one of level 2 or older: it loads, in a process of its own, without network and files.
"""

import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from xstock_node.plugins.hookspecs import API_LEVEL, OLDEST_LEVEL
from xstock_node.protocol import limits

FILE = "xstock-plugin.toml"

Kind = Literal[
    "file-reader",
    "inventory-source",
    "inventory-writer",
    "notifier",
    "route",
    "page",
    "message-format",
    "alert-source",
    "form",
    "message-carrier",
    "identity-provider",
]
Network = Literal["none", "http", "sockets"]
Power = Literal[
    "read-stock",
    "write-stock",
    "notify",
    "public-routes",
    "pages",
    "messages",
    "alerts",
    "forms",
    "convoys",
    "members",
    "sign-in",
]

NEEDS: dict[Kind, Power] = {
    "file-reader": "read-stock",
    "inventory-source": "read-stock",
    "inventory-writer": "write-stock",
    "notifier": "notify",
    "route": "public-routes",
    "page": "pages",
    "message-format": "messages",
    "alert-source": "alerts",
    "form": "forms",
    "message-carrier": "messages",
    "identity-provider": "sign-in",
}


class AdapterEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One adapter that the plugin registers; `suffixes` of a file reader are lower case with the dot;
    `writes` those of them that it also writes.

    A route states its `method`, its `path` below `/plugins/PLUGIN/` of the public port, its `authentication`, how many
    bytes of `body` and how many requests `a_minute` from one address; a page whether it is `public` too.
    """

    kind: Kind
    name: str
    title: str = ""
    suffixes: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    method: Literal["", "GET", "POST", "PUT"] = ""
    path: Annotated[str, Meta(pattern=r"^([a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)*)?$", max_length=80)] = ""
    authentication: Literal["", "token", "hmac", "mutual-tls", "none"] = ""
    body: Annotated[int, Meta(ge=0, le=limits.PLUGIN_PUBLIC_BODY)] = 0
    a_minute: Annotated[int, Meta(ge=1, le=limits.PLUGIN_PUBLIC_RATE)] = 60
    public: bool = False

    def __post_init__(self) -> None:
        if self.kind == "route" and not (self.method and self.path and self.authentication):
            raise ValueError(f"expected method, path and authentication of route {self.name!r}")
        if self.kind != "route" and (self.method or self.path or self.body or self.authentication not in ("", "none")):
            raise ValueError(f"expected method, path, body and authentication of routes only, not of {self.name!r}")

    @property
    def address(self) -> str:
        """Where it stands below `/plugins/PLUGIN/`."""
        return self.path or f"pages/{self.name}"

    @property
    def most(self) -> int:
        """How many bytes of body it takes; of a page, what a form may hold."""
        return self.body if self.kind == "route" else limits.PLUGIN_FORM

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that it answers."""
        return (self.method,) if self.method else ("GET", "POST")


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a plugin needs. `api` is the level of hooks that it was built against.

    `hosts` are host names, or `$FIELD`: the host in that setting; `files` are `$FIELD`: what those settings name may be
    read. `may` is what the plugin may do; an adapter that needs more is refused.
    """

    api: int
    network: Network = "none"
    hosts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    may: tuple[Power, ...] = ()
    adapter: tuple[AdapterEntry, ...] | None = None

    def __post_init__(self) -> None:
        for one in self.adapter or ():
            if NEEDS[one.kind] not in self.may:
                raise ValueError(f"expected {NEEDS[one.kind]!r} in `may` for {one.kind} {one.name!r}")
        if any(not one.startswith("$") for one in self.files):
            raise ValueError("expected `files` as $FIELD of the settings")


OLD = Manifest(api=2, may=("read-stock", "notify"))
"""What a plugin without manifest may do."""


class TooNew(Exception):
    """The plugin needs a newer node; the text has both numbers."""


class Package(NamedTuple):
    """Where a module lies: `origin` is its folder (a package) or its file, `manifest` the text beside it or None."""

    origin: Path
    manifest: bytes | None


def find_package(module: str) -> Package:
    """The place of a top-level module, found without running any of it; ImportError where there is none."""
    try:
        found = find_spec(module.partition(".")[0])
    except ValueError:  # a module that was made, not found
        found = None
    if found is None:
        raise ImportError(f"expected a module {module!r}; came none; reinstall the plugin")
    folders = list(found.submodule_search_locations or ())
    origin = Path(folders[0]) if folders else Path(found.origin or "")
    path = origin / FILE
    if not folders or not path.is_file():
        return Package(origin, None)
    with path.open("rb") as file:
        return Package(origin, file.read(limits.PLUGIN_MANIFEST + 1))


def parse(raw: bytes | None) -> Manifest:
    """The manifest; raises `TooNew`, or ValueError with what was expected."""
    if raw is None:
        return OLD
    if len(raw) > limits.PLUGIN_MANIFEST:
        raise ValueError(f"expected {FILE} of at most {limits.PLUGIN_MANIFEST} bytes")
    try:
        found = tomllib.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"expected TOML in {FILE}; came {error}") from None
    level = found.get("api")
    if not isinstance(level, int) or isinstance(level, bool):
        raise ValueError(f"expected `api`, a whole number, in {FILE}; came {level!r}")
    if level > API_LEVEL:
        raise TooNew(
            f"expected a plugin for API level {OLDEST_LEVEL} to {API_LEVEL}; came one that needs level {level}; "
            "update the node, or install an older version of the plugin"
        )
    if level < OLDEST_LEVEL:
        raise ValueError(f"expected an API level from {OLDEST_LEVEL} to {API_LEVEL}; came {level}")
    try:
        return msgspec.convert(found, Manifest)
    except msgspec.ValidationError as error:
        raise ValueError(f"{FILE}: {error}") from None
