"""Keeping back-ups of others, by agreement: only of the peers that the settings name, encrypted with a key of theirs.

Whoever is not named gets what they would get if there were no such paths (xs1 22.1).
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from xstock_node.protocol import limits
from xstock_node.protocol.backups import Announced
from xstock_node.protocol.decode import decode
from xstock_node.protocol.errors import Full, NotFound
from xstock_node.protocol.names import hex_hash, number
from xstock_node.services.backup.shelf import Shelf
from xstock_node.services.site import Small

KEPT = "kept"

T = TypeVar("T")


class Agreed(NamedTuple):
    """What is kept for one peer: so many bytes, the last so many files."""

    most: int
    files: int


class Keeping:
    """What this node keeps for others, in `folder`, by `agreed`. `now` gives unix seconds."""

    def __init__(self, folder: Path, agreed: Mapping[str, Agreed], now: Callable[[], int]) -> None:
        self._now = now
        self.shelves = {name: Shelf(folder / name, one.most, one.files) for name, one in agreed.items()}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def desks(self) -> dict[str, Small]:
        """The paths of xs1 22."""
        return {
            "backup.list": self._list,
            "backup.announce": self._announce,
            "backup.put": self._put,
            "backup.get": self._get,
            "backup.delete": self._delete,
        }

    async def _list(self, caller: str, args: dict[str, str], body: bytes) -> bytes:
        return msgspec.json.encode(await self._in_turn("backup.list", caller, lambda shelf: shelf.listed()))

    async def _announce(self, caller: str, args: dict[str, str], body: bytes) -> bytes:
        name, now = args["file"], self._now()

        def begin(shelf: Shelf) -> object:
            return shelf.announce(name, decode(body, Announced, limits.BACKUP_ANNOUNCED), now)

        return msgspec.json.encode(await self._in_turn("backup.announce", caller, begin))

    async def _put(self, caller: str, args: dict[str, str], body: bytes) -> bytes:
        def keep(shelf: Shelf) -> object:
            return shelf.put(args["file"], number(args["number"]), hex_hash(args["hash"]), body)

        return msgspec.json.encode(await self._in_turn("backup.put", caller, keep))

    async def _get(self, caller: str, args: dict[str, str], body: bytes) -> bytes:
        return await self._in_turn("backup.get", caller, lambda shelf: shelf.part(args["file"], number(args["number"])))

    async def _delete(self, caller: str, args: dict[str, str], body: bytes) -> bytes:
        deleted = await self._in_turn("backup.delete", caller, lambda shelf: shelf.delete(args["file"]))
        return msgspec.json.encode({"deleted": deleted})

    async def _in_turn(self, path: str, caller: str, work: Callable[[Shelf], T]) -> T:
        """Work on the caller's own shelf, one request at a time, beside the loop: disks are slow."""
        shelf = self.shelves.get(caller)
        if shelf is None:
            raise NotFound("a path that this node answers", path)
        async with self._turns[caller]:
            try:
                return await asyncio.to_thread(work, shelf)
            except OSError as error:
                raise Full("room on this node's disk", error.strerror or "none") from None
