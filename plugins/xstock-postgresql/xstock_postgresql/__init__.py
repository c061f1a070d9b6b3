"""What a node holds, in PostgreSQL: an engine of the group `xstock_node.storage`."""

from xstock_node.storage.choosing import Opening
from xstock_node.storage.interfaces import Engine
from xstock_postgresql.engine import PostgresEngine

__all__ = ["PostgresEngine", "open_engine"]


def open_engine(opening: Opening) -> Engine:
    """The engine of a node, which leads unless another process of the node does."""
    return PostgresEngine(opening.connection, opening.node, lead=True)
