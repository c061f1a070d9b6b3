"""Reads stock lists kept as csv, xlsx, xls, ods and html files, as national societies have them."""

from xstock_node.plugins.hookspecs import Registry, hookimpl


@hookimpl
def xstock_register(registry: Registry) -> None:
    """Offer the reader of lists of stock."""
    from xstock_spreadsheet.reader import SpreadsheetReader

    registry.file_reader(SpreadsheetReader())
