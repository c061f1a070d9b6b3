"""Crosswalks: which item of the catalogue another list of codes means, as an organisation or a standard says it.

A csv in UTF-8 with the columns `code`, `item` and, where one of theirs holds several of ours, `factor`. A crosswalk
proposes; a person confirms.
"""

import csv
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from io import StringIO
from typing import Final

import msgspec

from xstock_node.domain.items import CatalogueError

MOST: Final = 50_000
CODE: Final = 60
_SCHEME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")
_APART: Final = re.compile(r"[\s\-_.]+")


class Walk(msgspec.Struct, frozen=True):
    """One row: their `code`, our `item`, and how many of its units one of theirs holds."""

    code: str
    item: str
    factor: Decimal = Decimal(1)


class Crosswalk(msgspec.Struct, frozen=True, kw_only=True):
    """All rows of one list of codes, called `scheme` (such as unicef, unspsc, own-1999)."""

    scheme: str
    rows: tuple[Walk, ...]


class Crosswalks:
    """All crosswalks of a node. Codes are compared without blanks, hyphens, dots and letter case."""

    def __init__(self, found: Iterable[Crosswalk] = ()) -> None:
        self._by_code: dict[str, list[tuple[str, Walk]]] = {}
        for one in found:
            for row in one.rows:
                self._by_code.setdefault(plain_code(row.code), []).append((one.scheme, row))

    def find(self, code: str | None, scheme: str = "") -> list[tuple[str, Walk]]:
        """What a foreign code means, by scheme; of one scheme where it is named."""
        found = self._by_code.get(plain_code(code), []) if code else []
        return [pair for pair in found if scheme in ("", pair[0])]


def plain_code(code: str) -> str:
    """A code as it is compared."""
    return _APART.sub("", code).upper()


def parse_crosswalk(scheme: str, data: bytes) -> Crosswalk:
    """The crosswalk of a csv; raises CatalogueError with the line that is wrong."""
    if _SCHEME.fullmatch(scheme) is None:
        raise CatalogueError("a scheme of a-z, 0-9, '.' and '-'", scheme, "name it so, such as unicef")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CatalogueError("a csv in UTF-8", "other bytes", "save it as UTF-8") from None
    rows = csv.DictReader(StringIO(text, newline=""))
    names = {name.strip().lower(): name for name in rows.fieldnames or ()}
    missing = {"code", "item"} - names.keys()
    if missing:
        raise CatalogueError(f"columns {', '.join(sorted(missing))}", rows.fieldnames, "name them in the first line")
    found: dict[str, Walk] = {}
    for row in rows:
        code, item = ((row[names[name]] or "").strip() for name in ("code", "item"))
        if not code and not item:
            continue
        known = found.get(plain_code(code))
        if not code or not item or len(code) > CODE or len(item) > CODE or (known and known.item != item):
            expected = "a code of theirs, once, and the item of ours that it means"
            raise CatalogueError(expected, f"line {rows.line_num}: {code!r}, {item!r}", "mend the line")
        found[plain_code(code)] = Walk(code, item, _factor(row.get(names.get("factor", "")) or "1", rows.line_num))
        if len(found) > MOST:
            raise CatalogueError(f"at most {MOST} codes", "more", "split the list")
    return Crosswalk(scheme=scheme, rows=tuple(found.values()))


def _factor(text: str, line: int) -> Decimal:
    try:
        factor = Decimal(text.strip())
    except InvalidOperation:
        factor = Decimal(0)
    if not factor.is_finite() or not Decimal("0.000001") <= factor <= Decimal(1_000_000):
        raise CatalogueError("a factor above 0", f"line {line}: {text!r}", "write it as a decimal, such as 12")
    return factor
