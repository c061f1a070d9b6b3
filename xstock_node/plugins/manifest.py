"""The manifest: what a plugin is and what it wants, as data beside its code, read before any of its code runs.

It is the file `xstock-plugin.toml` inside the package that the entry point names. A plugin without one is taken for
one of level 2 or older: it loads, in a process of its own, without network and files.
"""

import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from xstock_node.plugins.hookspecs import API_LEVEL, OLDEST_LEVEL
from xstock_node.protocol import limits

FILE = "xstock-plugin.toml"

Kind = Literal["file-reader", "inventory-source", "inventory-writer", "notifier", "route", "page"]
Network = Literal["none", "http", "sockets"]
Power = Literal["read-stock", "write-stock", "notify", "public-routes", "pages"]

NEEDS: dict[Kind, Power] = {
    "file-reader": "read-stock",
    "inventory-source": "read-stock",
    "inventory-writer": "write-stock",
    "notifier": "notify",
    "route": "public-routes",
    "page": "pages",
}


class AdapterEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One adapter that the plugin registers; `suffixes` of a file reader are lower case with the dot."""

    kind: Kind
    name: str
    title: str = ""
    suffixes: tuple[str, ...] = ()


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
