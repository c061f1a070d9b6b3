"""Addresses that names had when they last resolved: what is left to call by when the service of names is gone.

A name that does not resolve is looked up here; nothing of what a connection proves changes by it, as certificates and
signatures are checked all the same. What is older than `KEEP` is forgotten.
"""

from collections.abc import Callable
from typing import Final

import msgspec

KEEP: Final = 90 * 86_400
NAMES_MOST: Final = 4_096
FRESH_FOR: Final = 3_600
"""Seconds after which an unchanged answer is written down again."""


class Known(msgspec.Struct, frozen=True):
    """The addresses of a name, and when it resolved to them, in unix seconds."""

    addresses: tuple[str, ...]
    at: int


class AddressBook:
    """Names and their last addresses. `changed` is told when there is something to save."""

    def __init__(self, now: Callable[[], int], raw: bytes = b"", changed: Callable[[], None] = lambda: None) -> None:
        self._now, self._changed = now, changed
        self._known: dict[str, Known] = {}
        try:
            self._known = msgspec.json.decode(raw, type=dict[str, Known]) if raw else {}
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass  # a damaged book is an empty one: it is written anew

    def note(self, name: str, addresses: tuple[str, ...]) -> None:
        """A name resolved."""
        now, held = self._now(), self._known.get(name)
        if held is not None and held.addresses == addresses and now - held.at < FRESH_FOR:
            return
        self._known[name] = Known(addresses, now)
        while len(self._known) > NAMES_MOST:
            self._known.pop(min(self._known, key=lambda one: self._known[one].at))
        self._changed()

    def recall(self, name: str) -> tuple[str, ...]:
        """The last addresses of a name; none where it is not known, or for too long."""
        held = self._known.get(name)
        return held.addresses if held is not None and self._now() - held.at < KEEP else ()

    def raw(self) -> bytes:
        """The book as it is saved."""
        return msgspec.json.encode(self._known)
