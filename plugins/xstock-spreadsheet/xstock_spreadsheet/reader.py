"""The file reader: what the file truly is decides how it is read, whatever its name ends with."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from xstock_node.domain.stock import StockLine
from xstock_node.plugins.adapters import FileReading, ReadHints
from xstock_spreadsheet import sheets
from xstock_spreadsheet.delimited import read_grid
from xstock_spreadsheet.drafts import Gathered
from xstock_spreadsheet.encoding import decode
from xstock_spreadsheet.errors import FileRefused
from xstock_spreadsheet.export import FIELDS
from xstock_spreadsheet.grid import Grid
from xstock_spreadsheet.header import match_header
from xstock_spreadsheet.limits import HEADER_WITHIN, MAX_FILE_BYTES
from xstock_spreadsheet.merging import merge
from xstock_spreadsheet.own import read_own
from xstock_spreadsheet.package import Package, too_large
from xstock_spreadsheet.profiles import told_columns
from xstock_spreadsheet.sniff import Form, form_of, form_of_package

_OWN_COLUMNS: Final = {title: field for field, title in FIELDS.items()}


class SpreadsheetReader:
    """Reads stock lists kept as text, workbooks of any age, OpenDocument and web tables; refuses xlsb with advice."""

    name = "xstock-spreadsheet"
    suffixes: tuple[str, ...] = (
        ".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm", ".xltx", ".xls", ".xlt", ".ods", ".fods", ".htm", ".html",
        ".xml", ".xlsb",
    )  # fmt: skip

    def read(self, path: Path, hints: ReadHints) -> FileReading:
        """Read `path`; a refused file is a `FileReading` with `error`."""
        try:
            return read_bytes(_bytes(path), path.name, hints)
        except FileRefused as refused:
            return FileReading(file=path.name, error=refused.word, error_text=refused.text)
        except MemoryError:
            beyond = too_large("more than fits in memory")
            return FileReading(file=path.name, error=beyond.word, error_text=beyond.text)

    def write(self, lines: Sequence[StockLine], suffix: str) -> bytes:
        """The lines as a .csv or .xlsx that reads back as they are."""
        return _written(lines, suffix)


def _written(lines: Sequence[StockLine], suffix: str) -> bytes:
    from xstock_spreadsheet.export import write_csv, write_xlsx

    return write_xlsx(lines) if suffix == ".xlsx" else write_csv(lines)


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
    gathered = Gathered()
    told = list(hints.columns)
    hints = msgspec.structs.replace(hints, columns=told_columns(hints.columns))
    grids, encoding, delimiter = _grids(raw, hints)
    if hints.levels and "quantity" not in hints.columns.values():
        hints = msgspec.structs.replace(hints, columns=hints.columns | _levels(grids))
    own = read_own(grids)
    if own:
        unknown = [header for header in told if header not in _OWN_COLUMNS]
        return FileReading(
            file=name, rows=own, encoding=encoding, delimiter=delimiter, columns=dict(_OWN_COLUMNS),
            unknown_columns=unknown,
        )  # fmt: skip
    drafts = sheets.read_grids(grids, hints, gathered, name)
    rows = merge(drafts, gathered)
    error = text = None
    if not rows:
        refused = FileRefused("no_rows", "lines of stock below the header", "none that can be read", "check the list")
        error, text = refused.word, refused.text
    if not hints.levels and name_says_levels(name):
        gathered.ask(f"the file's name ({name}) speaks of minimum levels: confirm that its figures are stock")
    return FileReading(
        file=name, rows=rows, rejected=gathered.rejected, skipped_lines=gathered.skipped, must_ask=gathered.asked,
        error=error, error_text=text, as_of=gathered.as_of, encoding=encoding, delimiter=delimiter,
        columns=_in_order(gathered),
        unknown_columns=[header for header in told if header not in gathered.titles.keys() | gathered.columns.keys()],
        other_columns=_others(gathered),
    )  # fmt: skip


def _in_order(gathered: Gathered) -> dict[str, str]:
    """What the columns hold, as the headers stand in the list."""
    columns = gathered.columns
    return {title: columns[title] for title in gathered.titles if title in columns} | columns


def _others(gathered: Gathered) -> list[str]:
    """The headers that became no field; one of which a part names a place became its quantity."""
    columns, titles = gathered.columns, gathered.titles
    places = [label for label, field in columns.items() if field == "quantity" and label and label not in titles]
    return [title for title in titles if title and title not in columns and not any(place in title for place in places)]


def _levels(grids: list[Grid]) -> dict[str, str]:
    """The header of the levels to keep, which are the quantity of such a list."""
    texts = (cell.text for grid in grids for row in grid.rows[:HEADER_WITHIN] for cell in row.cells)
    title = next((text for text in texts if (match := match_header(text)) and match.field == "minimum"), None)
    return {title: "quantity"} if title else {}


def _grids(raw: bytes, hints: ReadHints) -> tuple[list[Grid], str | None, str | None]:
    """(sheets, encoding, delimiter) of the bytes; readers of workbooks are loaded when one comes."""
    form = form_of(raw)
    if form is Form.TEXT:
        return _text(raw, hints)
    if form is Form.WORKBOOK:
        package = Package(raw)
        if form_of_package(package) is Form.WORKBOOK:
            from xstock_spreadsheet.workbook import read_workbook

            return read_workbook(package), None, None
        from xstock_spreadsheet.opendocument import read_opendocument

        return read_opendocument(package), None, None
    if form is Form.OLD_WORKBOOK:
        from xstock_spreadsheet.oldbook import read_old_workbook

        return read_old_workbook(raw), None, None
    if form is Form.WEB_PAGE:
        from xstock_spreadsheet.webpage import read_web_page

        return *read_web_page(raw, hints.encodings), None
    if form is Form.SHEET_XML:
        from xstock_spreadsheet.sheetxml import read_sheet_xml

        return read_sheet_xml(raw), None, None
    from xstock_spreadsheet.opendocument import read_flat_opendocument

    return read_flat_opendocument(raw), None, None


def _text(raw: bytes, hints: ReadHints) -> tuple[list[Grid], str, str | None]:
    decoded = decode(raw, hints.encodings)
    if not decoded.text.strip('\ufeff \t\r\n,;|"'):
        raise FileRefused("empty_file", "a header and lines of stock", "an empty file", "save the list again")
    grid, delimiter = read_grid(decoded)
    return [grid], decoded.encoding, delimiter


def name_says_levels(name: str) -> bool:
    """True when the file's name says that it lists levels to keep and not stock."""
    from xstock_node.domain.folding import fold
    from xstock_spreadsheet import words

    with contextlib.suppress(ValueError):
        return not words.phrases("levels").isdisjoint(fold(name).split())
    return False
