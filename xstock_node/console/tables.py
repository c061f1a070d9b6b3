"""A table of a page as CSV: the same rows, codes and plain figures; nothing that a spreadsheet takes for a formula."""

import csv
import io
from typing import Any, Final

from xstock_node.console.page import Table
from xstock_node.console.words import Words

MARK: Final = "﻿"
STARTERS: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_of(table: Table, view: Any, words: Words) -> bytes:
    """The table in UTF-8 with a mark at its beginning, by which spreadsheets know the encoding."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([words.say(column.heading) for column in table.columns])
    for row in table.rows(view):
        writer.writerow([harmless(getattr(row, column.key)) for column in table.columns])
    return (MARK + out.getvalue()).encode()


def harmless(value: Any) -> str:
    """A value as text that no spreadsheet takes for a formula; a figure stays one."""
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    said = "" if value is None else str(value)
    is_figure = said.removeprefix("-").replace(".", "", 1).isdigit()
    return f"'{said}" if said.startswith(STARTERS) and not is_figure else said
