"""Adapter types: what a plugin hands to the node, and what it gets.

A `FileReader` turns one foreign file into stock lines. The host runs it in a child process with limits, so it
must be importable by `module:attribute`, take only what `ReadHints` carries and return a `FileReading`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from xstock_node.domain.stock import StockLine

COLUMN_FIELDS: Final = frozenset(
    {
        "item_code", "item_name", "quantity", "unit", "location", "lot", "expiry", "reserved", "damaged", "incoming",
        "available", "pack_factor", "category", "owner", "donor", "status", "storage", "serials", "components",
        "ignore",
    }
)  # fmt: skip
"""What a person may say that a column of a list holds; `ignore` is a column that says nothing of the stock."""


class ReadHints(msgspec.Struct, frozen=True, kw_only=True):
    """What a human or the configuration already settled about a file; everything may be empty.

    `columns` maps a header as written in the file to what it holds, one of COLUMN_FIELDS. `language` is the
    society's default language (BCP 47); `said_language` (since API level 3) is that of the list by a person's word,
    empty where nobody said it: a reader that lets the default alone decide a figure or a date asks about it.
    `levels` (since API level 3) says that the file lists levels to keep and not stock. `encodings` are tried after
    strict UTF-8, in this order. `today` is the ISO date of the reading.
    """

    today: str
    columns: dict[str, str] = {}
    language: str | None = None
    said_language: str = ""
    levels: bool = False
    encodings: tuple[str, ...] = ()


class RejectedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the file that could not become stock: reported to the operator, never dropped.

    Where one cell is to blame, `column` is its header as written and `cell` what stands in it.
    """

    line: int
    reason: str
    sheet: str | None = None
    text: str | None = None
    column: str | None = None
    cell: str | None = None


class FileReading(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one file says, and all that was left out of it.

    `error` is None or one closed word (`unreadable_file`, `empty_file`, `no_rows` ...): then the whole file is
    refused, `rows` is empty and `error_text` says what was expected, what came and what to do. `must_ask` holds
    one sentence for each thing that a human has to settle. `columns` says which header became which field,
    `unknown_columns` (since API level 3) which headers of `ReadHints.columns` the file does not have, and
    `other_columns` (a reader may leave it empty) which headers of the file became no field.
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
    unknown_columns: list[str] = []
    other_columns: list[str] = []


class FileReader(Protocol):
    """Reads one kind of foreign file. `suffixes` are lower case with the dot: (".csv", ".xlsx")."""

    name: str
    suffixes: tuple[str, ...]

    def read(self, path: Path, hints: ReadHints) -> FileReading:
        """Read `path`; a refused file is a `FileReading` with `error`, an exception is a defect of the reader."""
        ...


class FileWriter(Protocol):
    """A reader that writes lists too, such that it reads them back as they were. Since API level 3."""

    def write(self, lines: Sequence[StockLine], suffix: str) -> bytes:
        """The lines as a file of this kind; `suffix` is one of those that the manifest lists in `writes`."""
        ...


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something waits for a person of this node. `id` is the same at each try, so that a repeat can be recognised.

    `to` is the person's name at this node, never an address; `subject` and `text` are in that person's `language`
    (BCP 47). `kind` is a closed word, `thing` what `command` takes, `operation` its id or empty, `at` unix seconds.
    """

    id: str
    to: str
    language: str
    subject: str
    text: str
    kind: str
    thing: str
    command: str
    operation: str
    node: str
    exercise: bool
    at: int


class NotifierContext(NamedTuple):
    """What a notifier gets: its settings, of the type it named, and the folder to which paths in them are relative."""

    settings: Any
    folder: Path


class Undeliverable(Exception):
    """Raised by a notifier for a notice that no later try can deliver; the text names no address."""


class NotCarried(Exception):
    """Raised by a notifier for a notice that is not for it, such as one to a person whom its settings leave out.

    The node drops it and records nothing: nobody was told.
    """


class Notifier(Protocol):
    """Carries notices to people. Its settings are the file `plugins/NAME.toml` of the data folder, read as `settings`.

    Without that file the notifier is off. The node keeps a notice until `send` returned, waits at most 30 s for it,
    and tries again later, at longer and longer intervals, after any exception but
    `Undeliverable` and `NotCarried`.
    """

    name: str

    @property
    def settings(self) -> type[msgspec.Struct]:
        """The type of its settings."""
        ...

    async def send(self, notice: Notice, context: NotifierContext) -> None:
        """Return once the next system has taken the notice over."""
        ...
