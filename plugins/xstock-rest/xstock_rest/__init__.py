"""Stock that a system tells as JSON over HTTP; where and under which names stands in the settings or in a profile."""

from xstock_node.plugins import Registry, hookimpl
from xstock_rest.source import RestSource


@hookimpl
def xstock_register(registry: Registry) -> None:
    """Offer the source; it is on where its file of settings exists."""
    registry.inventory_source(RestSource())
