"""The small paths of the peer port as data: method, path, who may call, how much it may send, what it is answered.

Gossip, pull, push and buckets have their own handlers; everything else goes through this table, on every road.
"""

import re
from typing import NamedTuple
from urllib.parse import parse_qsl

from xstock_node.protocol import limits
from xstock_node.protocol.errors import NotFound, ProtocolError

JSON, TEXT, BYTES = "application/json", "text/plain", "application/octet-stream"
_PART = re.compile(r"[A-Za-z0-9._-]{1,128}")  # xs1 2.4


class Path(NamedTuple):
    """One path. `pattern` has its parts in braces; `most` bytes of body; `is_open` needs no signature."""

    name: str
    method: str
    pattern: str
    most: int
    kind: str
    is_open: bool = False
    status: int = 200

    @property
    def parts(self) -> list[str]:
        """The parts of the pattern."""
        return self.pattern.strip("/").split("/")


PATHS = (
    Path("charter", "GET", "/xs/1/charter/{network}/{version}", 0, TEXT, is_open=True),
    Path("apply", "POST", "/xs/1/apply", limits.APPLICATION * 2, JSON, is_open=True, status=202),
    Path("introduce", "PUT", "/xs/1/id/{name}", limits.IDENTITY_NOTE, JSON, is_open=True, status=202),
    Path("identity", "GET", "/xs/1/identity/{name}", 0, TEXT),
    Path("callback", "POST", "/xs/1/callback", 0, JSON),
    Path("head", "GET", "/xs/1/log/{node}/{log}/{epoch}/head", 0, TEXT),
    Path("proof", "GET", "/xs/1/log/{node}/{log}/{epoch}/proof/{index}", 0, TEXT),
    Path("witness", "POST", "/xs/1/witness", 2 * limits.HEAD_NOTE + 64 * 45, TEXT),
    Path("inbox", "POST", "/xs/1/inbox", limits.SMALL_BODY, TEXT),
    Path("cases", "GET", "/xs/1/cases", 0, JSON),
    Path("blob", "GET", "/xs/1/blob/{hash}", 0, BYTES),
    Path("relay.list", "GET", "/xs/1/relay/{name}", 0, TEXT),
    Path("relay.put", "PUT", "/xs/1/relay/{name}/{hash}", limits.RELAY_BLOB, JSON),
    Path("relay.get", "GET", "/xs/1/relay/{name}/{hash}", 0, BYTES),
    Path("relay.delete", "DELETE", "/xs/1/relay/{name}/{hash}", 0, JSON),
    Path("backup.list", "GET", "/xs/1/backup", 0, JSON),
    Path("backup.announce", "POST", "/xs/1/backup/{file}", limits.BACKUP_ANNOUNCED, JSON),
    Path("backup.put", "PUT", "/xs/1/backup/{file}/{number}/{hash}", limits.BACKUP_BODY, JSON),
    Path("backup.get", "GET", "/xs/1/backup/{file}/{number}", 0, BYTES),
    Path("backup.delete", "DELETE", "/xs/1/backup/{file}", 0, JSON),
)


def find(method: str, target: str) -> tuple[Path, dict[str, str]]:
    """The path that a method and a target (path and query) mean, with its parts and query; or `NotFound`."""
    where, _, query = target.partition("?")
    given = where.strip("/").split("/")
    for path in PATHS:
        if path.method == method and len(path.parts) == len(given):
            args = _matched(path.parts, given)
            if args is not None:
                return path, _query(query) | args
    raise NotFound("a path of xs1", where[:80])


def _query(query: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(query, max_num_fields=8))
    except ValueError:
        raise ProtocolError("a query of at most 8 fields", query[:80]) from None


def _matched(parts: list[str], given: list[str]) -> dict[str, str] | None:
    args = {}
    for part, value in zip(parts, given, strict=True):
        if part.startswith("{"):
            if not _PART.fullmatch(value):
                return None
            args[part[1:-1]] = value
        elif part != value:
            return None
    return args
