"""Helpers: read text, bytes or cells as the node would read a file."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from xstock_spreadsheet.reader import SpreadsheetReader

from xstock_node.plugins.adapters import FileReading, ReadHints

sys.path.append(str(Path(__file__).parent / "builders"))

Read = Callable[..., FileReading]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read `content` (str is written as UTF-8) from a file named `name`, with hints."""

    def run(content: str | bytes, name: str = "list.csv", **hints: Any) -> FileReading:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return SpreadsheetReader().read(path, ReadHints(today="2026-11-15", **hints))

    return run


Build = Callable[[Workbook], None]


@pytest.fixture
def read_book(read: Read) -> Callable[..., FileReading]:
    """Read a workbook of {sheet name: rows}; `shape` may change it before it is saved."""

    def run(sheets: dict[str, list[list[Any]]], shape: Build | None = None, **hints: Any) -> FileReading:
        book = Workbook()
        book.remove(book.active)
        for name, rows in sheets.items():
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
        if shape:
            shape(book)
        buffer = io.BytesIO()
        book.save(buffer)
        return read(buffer.getvalue(), "list.xlsx", **hints)

    return run
