"""Shelves: typed objects that people keep, one kind a shelf, stored as JSON."""

from typing import Generic, TypeVar

import msgspec

from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import StoredObject

T = TypeVar("T")


class Shelf(Generic[T]):
    """All objects of one kind."""

    def __init__(self, kind: str, type_: type[T]) -> None:
        self._kind, self._type = kind, type_

    def get(self, tx: Transaction, id_: str) -> T | None:
        """One object, or None."""
        found = tx.objects.get(self._kind, id_)
        return None if found is None else msgspec.json.decode(found.body, type=self._type)

    def list(self, tx: Transaction) -> "list[T]":
        """All of them, by id."""
        return [msgspec.json.decode(found.body, type=self._type) for found in tx.objects.list(self._kind)]

    def put(self, tx: Transaction, id_: str, value: T, now: int) -> None:
        """Keep an object under its id; `now` unix seconds. What could not be read again is refused."""
        body = msgspec.json.encode(value)
        msgspec.json.decode(body, type=self._type)
        tx.objects.put(StoredObject(self._kind, id_, now, body))

    def drop(self, tx: Transaction, id_: str) -> bool:
        """Remove an object; whether there was one."""
        return tx.objects.drop(self._kind, id_)

    def drop_older(self, tx: Transaction, before: int) -> int:
        """Remove what was not changed since `before` (unix seconds); how many."""
        return tx.objects.drop_older(self._kind, before)
