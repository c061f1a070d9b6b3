"""`plugins/rest.toml`, and the profiles: what a system's interface looks like, as data."""

import re
import tomllib
from importlib.resources import files
from typing import Annotated, Final, Literal
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Meta

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
PROFILES: Final = files("xstock_rest") / "data" / "profiles"
FIGURES: Final = ("quantity", "reserved", "damaged", "incoming", "available", "pack_factor", "value")
TEXTS: Final = (
    *("item_code", "item_name", "unit", "location", "lot", "base_unit", "category", "owner", "donor", "status"),
    *("storage", "currency"),
)
FIELDS: Final = frozenset((*FIGURES, *TEXTS, "expiry"))
PLACE: Final = re.compile(r"\{([a-z_]+)\}")
Text = Annotated[str, Meta(max_length=2000)]
Pointer = Annotated[str, Meta(pattern=r"^(/[^\x00-\x1f]*)?$", max_length=300)]
"""A JSON Pointer (RFC 6901): `/part_detail/IPN`; empty for the whole answer."""


class Paging(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the next rows are asked for.

    `offset` and `page` count up `parameter` until a page is not full; `next` follows the link at the pointer `next`,
    `cursor` sends what stands there as `parameter`, both until nothing stands there. Where the answer tells at `total`
    how many rows there are, `offset` and `page` go on until so many came, and fewer are an error.
    """

    kind: Literal["none", "offset", "page", "next", "cursor"] = "none"
    parameter: Text = ""
    size_parameter: Text = ""
    size: Annotated[int, Meta(ge=1, le=5000)] = 100
    first: Annotated[int, Meta(ge=0, le=1)] = 1
    next: Pointer = ""
    total: Pointer = ""

    def __post_init__(self) -> None:
        if self.kind in ("offset", "page", "cursor") and not self.parameter:
            raise ValueError(f"expected parameter for paging by {self.kind}")
        if self.kind in ("next", "cursor") and not self.next:
            raise ValueError(f"expected next for paging by {self.kind}")


class Auth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the secret is shown: as a bearer, as a password (`basic`), in a header behind `prefix`, or at a login that
    gives a cookie (`session`): a POST of JSON to `path` with the names `user_name` and `password_name`, and `body`.
    """

    kind: Literal["none", "bearer", "basic", "header", "session"] = "none"
    header: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,60}(?!\n)$")] = "Authorization"
    prefix: Annotated[str, Meta(pattern=r"^[ -~]{0,40}(?!\n)$")] = ""
    path: Text = ""
    user_name: Text = "username"
    password_name: Text = "password"  # noqa: S105
    body: dict[str, Text] = {}

    def __post_init__(self) -> None:
        if self.kind == "session" and not self.path:
            raise ValueError("expected path, where the login is, for auth by session")


class Interface(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a system's interface looks like; `{name}` in `path`, `query` and `auth.body` is filled from `values`.

    `tried` says whether anybody tried this on a real server. `fields` has a pointer for each field of a stock line,
    `units` the node's word for a unit of the system ("" is one that is not told).
    """

    system: Text
    path: Annotated[str, Meta(pattern=r"^/", max_length=500)]
    rows: Pointer
    key: Annotated[tuple[Pointer, ...], Meta(min_length=1, max_length=8)]
    fields: dict[str, Pointer]
    tried: bool = False
    query: dict[str, Text] = {}
    paging: Paging = Paging()
    auth: Auth = Auth()
    dates: Literal["iso", "month/day/year", "day/month/year", "day.month.year"] = "iso"
    units: dict[str, Text] = {}

    def __post_init__(self) -> None:
        unknown = sorted(self.fields.keys() - FIELDS)
        if unknown:
            raise ValueError(f"expected fields of {', '.join(sorted(FIELDS))}; came {', '.join(unknown)}")
        if "quantity" not in self.fields or not {"item_code", "item_name"} & self.fields.keys():
            raise ValueError("expected fields for quantity and for item_code or item_name")

    def places(self) -> set[str]:
        """The names that `values` has to fill."""
        texts = (self.path, *self.query.values(), *self.auth.body.values())
        return {name for text in texts for name in PLACE.findall(text)}


class RestSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the system is, its secret, and either the name of a profile or the interface itself."""

    url: Annotated[str, Meta(max_length=500)]
    profile: Annotated[str, Meta(pattern=r"^[a-z0-9-]{0,40}(?!\n)$")] = ""
    interface: Interface | None = None
    values: dict[str, Text] = {}
    user: Annotated[str, Meta(max_length=200)] = ""
    secret_file: Annotated[str, Meta(max_length=200)] = ""

    def __post_init__(self) -> None:
        url = urlsplit(self.url)
        local = url.scheme == "http" and url.hostname in LOOPBACK
        if not url.hostname or not (url.scheme == "https" or local) or "@" in url.netloc or url.query or url.fragment:
            raise ValueError("expected url as https://HOST without user or query; http is for this machine alone")
        if bool(self.profile) == (self.interface is not None):
            raise ValueError("expected profile or a table interface, and not both")
        told = interface(self)
        missing = sorted(told.places() - self.values.keys())
        if missing:
            raise ValueError(f"expected {', '.join(missing)} in values")
        if told.auth.kind != "none" and not self.secret_file:
            raise ValueError("expected secret_file")
        if told.auth.kind in ("basic", "session") and not self.user:
            raise ValueError("expected user")


def interface(settings: RestSettings) -> Interface:
    """The interface of the settings, or that of the profile. Raises ValueError where there is no such profile."""
    if settings.interface is not None:
        return settings.interface
    if settings.profile not in profiles():
        raise ValueError(f"expected a profile of {', '.join(profiles())}; came {settings.profile}")
    text = (PROFILES / f"{settings.profile}.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Interface)


def profiles() -> list[str]:
    """The profiles that come with this plugin."""
    return sorted(entry.name.removesuffix(".toml") for entry in PROFILES.iterdir() if entry.name.endswith(".toml"))


def filled(text: str, values: dict[str, str], escape: bool = False) -> str:
    """A text with its places filled; `escape` for paths."""
    return PLACE.sub(lambda found: quote(values[found[1]], safe="") if escape else values[found[1]], text)
