"""Stock that stands in a database, read by a query of the operator's own."""

from xstock_node.plugins import Registry, hookimpl
from xstock_sql.source import SqlSource


@hookimpl
def xstock_register(registry: Registry) -> None:
    """Offer the source; it is on where its file of settings exists."""
    registry.inventory_source(SqlSource())
