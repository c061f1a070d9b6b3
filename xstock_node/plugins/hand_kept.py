"""Built in: the list of stock that is kept by hand in the node itself, for who has no other system."""

from xstock_node.plugins.hookspecs import Registry, hookimpl


class HandKept:
    """An inventory source whose lines are typed in with `xstock stock add`."""

    name = "hand"
    title = "kept by hand"
    editable = True


@hookimpl
def xstock_register(registry: Registry) -> None:
    """Offer the list kept by hand."""
    registry.inventory_source(HandKept())
