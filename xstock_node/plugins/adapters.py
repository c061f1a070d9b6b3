"""Adapter types: what a plugin hands to the node, and what it gets.

A `FileReader` turns one foreign file into stock lines. The host runs it in a child process with limits, so it
must be importable by `module:attribute`, take only what `ReadHints` carries and return a `FileReading`.
"""

from pathlib import Path
from typing import Protocol

import msgspec

from xstock_node.domain.stock import StockLine


class ReadHints(msgspec.Struct, frozen=True, kw_only=True):
    """What a human or the configuration already settled about a file; everything may be empty.

    `columns` maps a header as written in the file to the field of `StockLine` it holds. `language` is the
    society's default language (BCP 47). `encodings` are tried after strict UTF-8, in this order. `today` is the
    ISO date of the reading.
    """

    today: str
    columns: dict[str, str] = {}
    language: str | None = None
    encodings: tuple[str, ...] = ()


class RejectedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the file that could not become stock: reported to the operator, never dropped."""

    line: int
    reason: str
    sheet: str | None = None
    text: str | None = None


class FileReading(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one file says, and all that was left out of it.

    `error` is None or one closed word (`unreadable_file`, `empty_file`, `no_rows` ...): then the whole file is
    refused, `rows` is empty and `error_text` says what was expected, what came and what to do. `must_ask` holds
    one sentence for each thing that a human has to settle. `columns` says which header became which field.
    """

    file: str
    rows: list[StockLine] = []
    rejected: list[RejectedLine] = []
    skipped_lines: list[int] = []
    must_ask: list[str] = []
    error: str | None = None
    error_text: str | None = None
    as_of: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    columns: dict[str, str] = {}


class FileReader(Protocol):
    """Reads one kind of foreign file. `suffixes` are lower case with the dot: (".csv", ".xlsx")."""

    name: str
    suffixes: tuple[str, ...]

    def read(self, path: Path, hints: ReadHints) -> FileReading:
        """Read `path`; a refused file is a `FileReading` with `error`, an exception is a defect of the reader."""
        ...


class InventorySource(Protocol):
    """Where stock lines come from beside files. Lines of an `editable` source are typed in and changed by people."""

    name: str
    title: str
    editable: bool
