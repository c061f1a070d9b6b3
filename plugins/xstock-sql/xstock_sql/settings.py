"""`plugins/sql.toml`: which database, which query, and which of its columns is what."""

import re
import stat
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from xstock_node.plugins import NotAllowed, Unauthorised

LARGEST_FILE: Final = 256 * 1024
FIGURES: Final = ("quantity", "reserved", "damaged", "incoming", "available", "pack_factor", "value")
TEXTS: Final = (
    *("item_code", "item_name", "unit", "location", "lot", "base_unit", "category", "owner", "donor", "status"),
    *("storage", "currency"),
)
FIELDS: Final = frozenset((*FIGURES, *TEXTS, "expiry"))
COMMENT: Final = re.compile(r"\A(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*", re.DOTALL)
DRIVERS: Final = {"postgresql": "postgresql+psycopg"}
Text = Annotated[str, Meta(max_length=1000)]


class SqlSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`columns` says for each column of the result which field of a stock line it is; `key` names the columns that
    together tell a line from all others, the same from day to day.

    `as_of` is a query for one value, when the stock was so. `seconds` bounds a statement. `account_is_read_only` is the
    operator's word for databases that this plugin cannot hold to reading.
    """

    columns: dict[str, str]
    key: Annotated[tuple[str, ...], Meta(min_length=1, max_length=8)]
    url: Text = ""
    file: Text = ""
    password_file: Text = ""
    query: Annotated[str, Meta(max_length=LARGEST_FILE)] = ""
    query_file: Text = ""
    as_of: Annotated[str, Meta(max_length=LARGEST_FILE)] = ""
    rows_at_once: Annotated[int, Meta(ge=1, le=10_000)] = 1000
    seconds: Annotated[int, Meta(ge=1, le=55)] = 50
    account_is_read_only: bool = False

    def __post_init__(self) -> None:
        if bool(self.url) == bool(self.file):
            raise ValueError("expected url, or file for SQLite, and not both")
        if bool(self.query) == bool(self.query_file):
            raise ValueError("expected query or query_file, and not both")
        if self.url:
            _address(self.url)
        for text in filter(None, (self.query, self.as_of)):
            statement(text)
        unknown = sorted(set(self.columns.values()) - FIELDS)
        if unknown:
            raise ValueError(f"expected fields of {', '.join(sorted(FIELDS))}; came {', '.join(unknown)}")
        named = list(self.columns.values())
        if len(set(named)) < len(named):
            raise ValueError("expected each field once in columns")
        if "quantity" not in named or not {"item_code", "item_name"} & set(named):
            raise ValueError("expected a column for quantity and one for item_code or item_name")


def statement(text: str) -> str:
    """The one statement of a text, without its last semicolon. Raises ValueError for anything but one SELECT.

    This is for plain mistakes; that nothing is written is enforced by the database.
    """
    found = text.strip().removesuffix(";").rstrip()
    word = re.match(r"[A-Za-z]*", found[COMMENT.match(found).end() :])  # type: ignore[union-attr]
    if word is None or word.group().upper() not in ("SELECT", "WITH"):
        raise ValueError("expected a query that begins with SELECT or WITH")
    if ";" in found:
        raise ValueError("expected one statement, without a semicolon inside; write CHR(59) for one in a text")
    return found


def address(settings: SqlSettings, folder: Path) -> URL:
    """Where to connect, with the password. Raises `Unauthorised` with what is wrong with the password file."""
    url = _address(settings.url)
    if not settings.password_file:
        return url
    return url.set(password=_secret(folder, settings.password_file))


def query(settings: SqlSettings, folder: Path) -> str:
    """The operator's query. Raises `NotAllowed` with what is wrong with its file."""
    if settings.query:
        return statement(settings.query)
    try:
        return statement(_bounded(folder / settings.query_file).decode("utf-8"))
    except (OSError, ValueError) as error:
        why = type(error).__name__ if isinstance(error, OSError | UnicodeDecodeError) else error
        raise NotAllowed(f"expected one query in {settings.query_file}; came {why}; mend the file") from None


def _address(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError("expected url as DIALECT://USER@HOST:PORT/DATABASE") from None
    if url.password is not None or "password" in url.query:
        raise ValueError("expected url without a password; write it into a file and name it in password_file")
    if url.get_backend_name() == "sqlite":
        raise ValueError("expected file, not url, for SQLite")
    return url.set(drivername=DRIVERS.get(url.drivername, url.drivername))


def _secret(folder: Path, name: str) -> str:
    path = folder / name
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise Unauthorised(f"expected {name} to be readable by its owner alone; chmod 600 it")
        secret = _bounded(path).decode("utf-8").strip("\r\n")
    except (OSError, ValueError) as error:
        raise Unauthorised(f"expected a password in {name}; came {type(error).__name__}; write the file") from None
    if not secret or "\n" in secret:
        raise Unauthorised(f"expected one line in {name}")
    return secret


def _bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        raw = file.read(LARGEST_FILE + 1)
    if len(raw) > LARGEST_FILE:
        raise ValueError(f"more than {LARGEST_FILE} bytes")
    return raw
