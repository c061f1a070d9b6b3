"""Storage: a few small interfaces with no SQL beyond them, and one engine, SQLite."""

from xstock_node.storage.interfaces import Engine, Transaction

__all__ = ["Engine", "Transaction"]
