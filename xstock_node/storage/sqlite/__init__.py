"""The SQLite engine, through sqlite-utils: the only SQL of the node."""

from xstock_node.storage.sqlite.engine import SqliteEngine

__all__ = ["SqliteEngine"]
