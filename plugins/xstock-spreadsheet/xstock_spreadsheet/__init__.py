"""Reads stock lists kept as csv and xlsx files, as national societies have them."""

from xstock_node.plugins.hookspecs import Registry, hookimpl


@hookimpl
def xstock_register(registry: Registry) -> None:
    """Offer the reader of csv and xlsx files."""
    from xstock_spreadsheet.reader import SpreadsheetReader

    registry.file_reader(SpreadsheetReader())
