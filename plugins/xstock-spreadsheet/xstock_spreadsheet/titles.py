"""The lines above and below a table: the date of the list, and the one warehouse that it is about."""

import re
from collections.abc import Iterable
from typing import Final

from xstock_node.domain.folding import fold
from xstock_spreadsheet import words
from xstock_spreadsheet.dates import DateOrder, NotADate, expiry
from xstock_spreadsheet.grid import Row
from xstock_spreadsheet.header import match_header

_DATE: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}|\d{1,2}\s?[./]\s?\d{1,2}\s?[./]\s?\d{4}|\d{1,2}-\d{1,2}-\d{4}|\d{4}\.\d{1,2}\.\d{1,2}|\d{4}/\d{1,2}/\d{1,2}"
    r"|\d{1,2}(?:\.|st|nd|rd|th|er)?\s+[^\W\d_]{3,}\.?,?\s+\d{4}|[^\W\d_]{3,}\s+\d{1,2},?\s+\d{4}"
)
_STORES: Final = frozenset(
    {
        "sklad",
        "skladiste",
        "magacin",
        "skladisce",
        "depozit",
        "warehouse",
        "depot",
        "lager",
        "entrepot",
        "koima",
        "apothiki",
    }
)


def as_of(rows: Iterable[Row], told: str | None) -> tuple[str | None, str | None]:
    """(ISO date of the list, a question about it) from title or foot rows."""
    alone: set[str] = set()
    doubt = None
    for row in rows:
        for whole, day in _texts(row):
            text = whole[:400]
            if day:
                return day, None
            for found in _DATE.finditer(text):
                before, after = text[: found.start()], text[found.end() :]
                if _ends_with(before, "not_as_of"):
                    continue
                try:
                    stated = expiry(found[0], DateOrder(told))
                except NotADate as wrong:
                    doubt = (
                        f"the date of the list: {found[0]} can be read two ways (line {row.line})"
                        if wrong.ambiguous
                        else doubt
                    )
                    continue
                if stated is None or stated.day is None:
                    continue
                iso = stated.day.isoformat()
                if _ends_with(before, "as_of") or words.begins(after, "as_of"):
                    return iso, None
                if not re.search(r"№|\bNo\b|\bbr\.|\bNr\b", before):
                    alone.add(iso)
    return (alone.pop(), None) if len(alone) == 1 else (None, doubt)


def _texts(row: Row) -> list[tuple[str, str | None]]:
    """The texts of a row, each label joined with the cell after it; a date cell after a date word is the answer."""
    found: list[tuple[str, str | None]] = []
    before = ""
    for cell in row.cells:
        if cell.blank:
            continue
        if cell.day is not None:
            labelled = bool(before) and _ends_with(before, "as_of")
            found.append((f"{before} {cell.day.isoformat()}", cell.day.isoformat() if labelled else None))
        else:
            found.append((f"{before} {cell.text}" if before and len(before) < 60 else cell.text, None))
        before = cell.text
    return found


def _ends_with(text: str, kind: str) -> bool:
    parts = fold(text[-80:]).split()[-words.longest(kind) :]
    known = words.phrases(kind)
    return any(" ".join(parts[n:]) in known for n in range(len(parts))) or (
        kind == "not_as_of" and any(part in known for part in parts[-4:])
    )


def warehouse(rows: Iterable[Row]) -> str | None:
    """The place that a title names after a label: «Склад: Варна», or a label and the cell beside it."""
    for row in rows:
        texts = [cell.text for cell in row.cells if cell.text]
        for at, text in enumerate(texts):
            label, mark, rest = text.partition(":")
            if not words.is_phrase(label, "warehouses"):
                continue
            if mark and rest.strip():
                return _without_person(rest)
            if at + 1 < len(texts) and (mark or len(texts) == 2):
                return _without_person(texts[at + 1])
    return None


def _without_person(text: str) -> str | None:
    """A place without what stands behind it of a person: «София, МОЛ: Иванов» is «София»."""
    for found in re.finditer(r"[,;|(/]|\s{2,}|\s[-–—]\s|^", text):
        rest = text[found.end() :].lstrip()
        match = match_header(rest.split(":")[0][:80])
        if words.begins(rest, "signatures") or (match and match.exact and match.field == "personal"):
            return text[: found.start()].strip() or None
    return text.strip()


def heading_place(text: str) -> str | None:
    """The place that a heading inside the list names, None for a category."""
    label, mark, rest = text.partition(":")
    if mark and rest.strip() and words.is_phrase(label, "warehouses"):
        return _without_person(rest)
    parts = fold(text).split()
    named = words.begins(text, "warehouses") or (len(parts) < 5 and parts[-1:] and parts[-1] in _STORES)
    return _without_person(text) if named and len(parts) > 1 else None


def is_period(name: str | None) -> bool:
    """True when a sheet or column is named after a month or a day: «Октомври 2026», 2026-10, 31.10.2026."""
    parts = re.findall(r"[^\W\d_]+|\d+", name or "")
    named = [part for part in parts if not part.isdigit()]
    figures = [part for part in parts if part.isdigit()]
    if len(named) == 1:
        return len(named[0]) >= 3 and words.month(named[0]) is not None and len(named[0]) <= 10
    return not named and len(figures) >= 2 and any(len(part) == 4 for part in figures)
