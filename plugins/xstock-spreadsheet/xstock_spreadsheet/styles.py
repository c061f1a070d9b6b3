"""Number formats, indents and struck fonts of a workbook's cells, and which formats show days."""

import re
from functools import cache
from typing import Final

from xstock_spreadsheet.package import Package

_BUILT_IN: Final = {
    1: "0",
    2: "0.00",
    9: "0%",
    10: "0.00%",
    14: "dd/mm/yyyy",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    22: "dd/mm/yyyy hh:mm",
}
_DAY_IDS: Final = frozenset({*range(27, 37), *range(50, 59)})
_NOT_MARKS: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')


class Styles:
    """What styles.xml says: for each cell style its number format and indent."""

    def __init__(self) -> None:
        self.styles: list[tuple[str, int]] = []
        self.struck: set[int] = set()  # cell styles whose font is struck through
        self._formats: dict[int, str] = {}
        self._fonts: list[bool] = []
        self._in_cells = self._in_fonts = False

    def read(self, package: Package, name: str) -> "Styles":
        """Read the part; a workbook without styles has none."""
        package.parse(name, self._start, self._end, lambda text: None)
        return self

    def strikes(self, index: str) -> bool:
        """True where a cell's style strikes its text through."""
        return bool(self.struck) and index.isdecimal() and int(index) in self.struck

    def of(self, index: str | None) -> tuple[str, int]:
        """(number format, indent) of a cell's style."""
        at = int(index) if index and index.isdecimal() else 0
        return self.styles[at] if at < len(self.styles) else ("", 0)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "numFmt":
            self._formats[_number(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif tag == "fonts":
            self._in_fonts = True
        elif tag == "font" and self._in_fonts:
            self._fonts.append(False)
        elif tag == "strike" and self._in_fonts and self._fonts:
            self._fonts[-1] = attributes.get("val", "1") not in ("0", "false")
        elif tag == "cellXfs":
            self._in_cells = True
        elif tag == "xf" and self._in_cells:
            number, font = _number(attributes.get("numFmtId")), _number(attributes.get("fontId"))
            if font < len(self._fonts) and self._fonts[font]:
                self.struck.add(len(self.styles))
            default = "dd/mm/yyyy" if number in _DAY_IDS else _BUILT_IN.get(number, "")
            self.styles.append((self._formats.get(number, default), 0))
        elif tag == "alignment" and self._in_cells and self.styles:
            self.styles[-1] = (self.styles[-1][0], _number(attributes.get("indent")))

    def _end(self, tag: str) -> None:
        if tag == "cellXfs":
            self._in_cells = False
        elif tag == "fonts":
            self._in_fonts = False


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else 0


@cache
def shows_day(form: str) -> bool:
    """True when a number format shows a day or a month, not a bare number or time."""
    marks = _NOT_MARKS.sub("", form.split(";")[0]).lower()
    if "y" in marks or "d" in marks or "г" in marks or "j" in marks:
        return not re.search(r"[0#]", marks)
    return "mmm" in marks
