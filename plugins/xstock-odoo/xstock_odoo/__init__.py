"""The inventory system Odoo: its stock is read."""

from xstock_node.plugins import Registry, hookimpl
from xstock_odoo.source import OdooSource


@hookimpl
def xstock_register(registry: Registry) -> None:
    """Offer the source; it is on where its file of settings exists."""
    registry.inventory_source(OdooSource())
