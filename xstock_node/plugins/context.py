"""What the host hands to an adapter: its settings, a small store of its own, a way out, the time, a logger.

Nothing else of the node is handed over: no storage, no key, no socket.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

import msgspec

from xstock_node.plugins.convoys import Convoys
from xstock_node.plugins.errors import NotAllowed
from xstock_node.plugins.inbox import Inbox
from xstock_node.plugins.members import Members
from xstock_node.plugins.warnings import Warnings


class HttpAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a server answered; header names are lower case, `body` at most as large as the host lets in."""

    status: int
    headers: dict[str, str] = {}
    body: bytes = b""


class Http(Protocol):
    """HTTP to the hosts that the manifest or the settings name, with limits on size, time and number at once."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 30.0,
    ) -> HttpAnswer:
        """One request, at most `timeout` seconds; redirects are not followed.

        Raises `NotAllowed` for another host, `Unavailable` where no connection came about, and `OutcomeUnknown` where
        the request may have reached the server but no whole answer came back.
        """
        ...


class Entry(NamedTuple):
    """One thing that was appended to a stream of the store: its number, from 1 and rising, and its bytes."""

    number: int
    value: bytes


class Store(Protocol):
    """What a plugin keeps for itself: values under keys, and streams that only grow. It survives a restart.

    Keys and stream names are 1 to 120 printable characters. Past its quota a plugin's writes raise `OverQuota`.
    """

    async def get(self, key: str) -> bytes | None:
        """The value under a key."""
        ...

    async def keys(self, prefix: str = "") -> list[str]:
        """The keys that begin so, in order."""
        ...

    async def read(self, stream: str, after: int = 0, most: int = 100) -> list[Entry]:
        """Entries of a stream with a number above `after`, in order: at most `most`, and fewer where they are large."""
        ...

    async def write(
        self, put: Mapping[str, bytes | None] | None = None, append: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        """Put values under keys (None removes one) and append to streams, all of it or nothing; on disk when done."""
        ...


class Nowhere:
    """A desk of an adapter that has no node around it, or no power for it: it does nothing."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._refuse

    async def _refuse(self, *_: object) -> Any:
        raise NotAllowed(f"expected a node that serves, and in the manifest the power for its {self._name}; came none")


class Context(NamedTuple):
    """What each call of an adapter gets.

    `settings` is of the type that the adapter names, read from `plugins/NAME.toml` of the data folder; `folder` is
    where relative paths in them begin. `now()` is the time in unix seconds: use it and no clock of your own.
    """

    settings: Any
    folder: Path
    store: Store
    http: Http
    now: Callable[[], int]
    log: logging.Logger
    inbox: Inbox = cast("Inbox", Nowhere("inbox"))
    warnings: Warnings = cast("Warnings", Nowhere("warnings"))
    convoys: Convoys = cast("Convoys", Nowhere("convoys"))
    members: Members = cast("Members", Nowhere("members"))
