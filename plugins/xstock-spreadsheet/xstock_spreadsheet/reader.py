"""The file reader: what the file truly is decides how it is read, whatever its name ends with."""

import contextlib
from pathlib import Path

from xstock_node.plugins.adapters import FileReading, ReadHints
from xstock_spreadsheet import sheets
from xstock_spreadsheet.delimited import read_grid
from xstock_spreadsheet.drafts import Gathered
from xstock_spreadsheet.encoding import decode
from xstock_spreadsheet.errors import FileRefused
from xstock_spreadsheet.limits import MAX_FILE_BYTES
from xstock_spreadsheet.merging import merge
from xstock_spreadsheet.sniff import Form, form_of


class SpreadsheetReader:
    """Reads stock lists kept as csv, tsv, txt and xlsx files."""

    name = "xstock-spreadsheet"
    suffixes: tuple[str, ...] = (".csv", ".tsv", ".txt", ".xlsx")

    def read(self, path: Path, hints: ReadHints) -> FileReading:
        """Read `path`; a refused file is a `FileReading` with `error`."""
        try:
            return read_bytes(_bytes(path), path.name, hints)
        except FileRefused as refused:
            return FileReading(file=path.name, error=refused.word, error_text=refused.text)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as wrong:
        raise FileRefused(
            "unreadable_file", "a file that can be opened", type(wrong).__name__, "check the file"
        ) from None
    if len(raw) > MAX_FILE_BYTES:
        raise FileRefused("too_large", f"at most {MAX_FILE_BYTES} bytes", "more", "split the list")
    return raw


def read_bytes(raw: bytes, name: str, hints: ReadHints) -> FileReading:
    """The reading of one file's bytes; raises FileRefused."""
    form = form_of(raw)
    gathered = Gathered()
    encoding = delimiter = None
    if form is Form.WORKBOOK:
        from xstock_spreadsheet.workbook import read_workbook

        grids = read_workbook(raw)
    else:
        decoded = decode(raw, hints.encodings)
        if not decoded.text.strip('\ufeff \t\r\n,;|"'):
            raise FileRefused("empty_file", "a header and lines of stock", "an empty file", "save the list again")
        grid, delimiter = read_grid(decoded)
        grids, encoding = [grid], decoded.encoding
    drafts = sheets.read_grids(grids, hints, gathered, name)
    rows = merge(drafts, gathered)
    error = text = None
    if not rows:
        refused = FileRefused("no_rows", "lines of stock below the header", "none that can be read", "check the list")
        error, text = refused.word, refused.text
    if name_says_levels(name):
        gathered.ask(f"the file's name ({name}) speaks of minimum levels: confirm that its figures are stock")
    return FileReading(
        file=name, rows=rows, rejected=gathered.rejected, skipped_lines=gathered.skipped, must_ask=gathered.asked,
        error=error, error_text=text, as_of=gathered.as_of, encoding=encoding, delimiter=delimiter,
        columns=gathered.columns,
    )  # fmt: skip


def name_says_levels(name: str) -> bool:
    """True when the file's name says that it lists levels to keep and not stock."""
    from xstock_node.domain.folding import fold
    from xstock_spreadsheet import words

    with contextlib.suppress(ValueError):
        return not words.phrases("levels").isdisjoint(fold(name).split())
    return False
