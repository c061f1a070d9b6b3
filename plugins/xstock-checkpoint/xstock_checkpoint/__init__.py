"""Convoys at checkpoints: hits of plate matchers, events of a cooperation centre, scanned codes, a watch board."""

from xstock_checkpoint.board import Board
from xstock_checkpoint.routes import Events, Hits
from xstock_checkpoint.scan import Scan
from xstock_node.plugins import Registry, hookimpl


@hookimpl
def xstock_register(registry: Registry) -> None:
    """Offer both routes and both pages; each is off until its file of settings is there."""
    registry.route(Hits())
    registry.route(Events())
    registry.page(Scan())
    registry.page(Board())
