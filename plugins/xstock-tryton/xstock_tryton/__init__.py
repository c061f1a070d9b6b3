"""The inventory system Tryton: its stock is read, and where the operator wants it, movements are written back."""

from xstock_node.plugins import Registry, hookimpl
from xstock_tryton.session import Sessions
from xstock_tryton.source import TrytonSource
from xstock_tryton.writer import TrytonWriter


@hookimpl
def xstock_register(registry: Registry) -> None:
    """Offer both; they share one login."""
    sessions = Sessions()
    registry.inventory_source(TrytonSource(sessions))
    registry.inventory_writer(TrytonWriter(sessions))
