"""A table of a page as CSV: the same rows, codes and plain figures; nothing that a spreadsheet takes for a formula."""

import csv
import io
from typing import Any, Final

from xstock_node.console.page import Table
from xstock_node.console.words import Words
from xstock_node.console.worlds import is_exercise

MARK: Final = "﻿"
STARTERS: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_of(table: Table, view: Any, words: Words) -> bytes:
    """The table in UTF-8 with a mark at its beginning, by which spreadsheets know the encoding."""
    out = io.StringIO()
    writer = csv.writer(out)
    rows = table.rows(view)
    marks = [words.say("EXERCISE") if is_exercise(row) else "" for row in rows]
    marked = any(marks)  # a column of its own, where there is anything to mark
    heads = [words.say(column.heading) for column in table.columns]
    writer.writerow([*heads, words.say("EXERCISE")] if marked else heads)
    for row, mark in zip(rows, marks, strict=True):
        cells = [harmless(getattr(row, column.key)) for column in table.columns]
        writer.writerow([*cells, mark] if marked else cells)
    return (MARK + out.getvalue()).encode()


def harmless(value: Any) -> str:
    """A value as text that no spreadsheet takes for a formula; a figure stays one."""
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    said = "" if value is None else str(value)
    is_figure = said.removeprefix("-").replace(".", "", 1).isdigit()
    return f"'{said}" if said.startswith(STARTERS) and not is_figure else said
