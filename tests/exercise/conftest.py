"""The six invented stores: their settings, and their files read as plainly as they were written."""

import csv
import re
import tomllib
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import msgspec
import pytest

import xstock_node.domain.catalogue as room
from xstock_node.domain.catalogue import Catalogue, parse_catalogue
from xstock_node.domain.mapping import Mapping, MappingState, MappingTable, keys_of
from xstock_node.domain.sharing import Proposal, SharedLine, ShareRules, propose
from xstock_node.domain.stock import StockLine, Unit

EXERCISE = Path(__file__).parents[2] / "deploy" / "exercise"
ENCODINGS = {"at": "cp1252", "bg": "cp1251", "me": "cp1250", "rs": "utf-8"}
HEADERS = {
    "item_code": ("Artikelnr.", "Код", "Шифра"),
    "item_name": ("Bezeichnung", "Наименование", "Naziv robe", "Naziv", "Назив"),
    "quantity": ("Menge", "Количество", "Količina", "Количина"),
    "unit": ("Einheit", "Мярка", "J.mj.", "Jed. mjere", "Единица мерка", "Јединица мере"),
    "location": ("Lager", "Склад", "Skladište", "Складиште"),
    "expiry": ("Ablaufdatum", "Срок на годност", "Rok valjanosti", "Rok trajanja", "Рок на траење", "Рок употребе"),
    "status": ("Status", "Stanje", "Состојба"),
    "owner": ("Eigentümer", "Власник"),
}  # fmt: skip
UNITS = {
    "pcs": ("Stk", "бр.", "kom", "парче", "ком"),
    "bale": ("Ballen", "бала", "bala"),
    "pallet": ("Pal.", "pal."),
    "carton": ("Karton",),
    "box": ("kut.",),
    "pack": ("стек",),
    "set": ("Set", "set", "сет"),
    "pair": ("чифт", "par", "пар"),
    "kg": ("кг", "kg"),
    "l": ("l", "л"),
}  # fmt: skip


class Confirm(msgspec.Struct, forbid_unknown_fields=True):
    local: str
    unit: Unit
    code: str
    factor: Decimal


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    stock: str
    node: dict[str, Any]
    share: ShareRules
    confirm: list[Confirm]


@pytest.fixture(params=["at", "bg", "hr", "me", "mk", "rs"])
def country(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(country: str) -> Settings:
    return msgspec.convert(tomllib.loads((EXERCISE / country / "node.toml").read_text("utf-8")), Settings)


@pytest.fixture
def stock_file(country: str, settings: Settings) -> Path:
    return EXERCISE / country / settings.stock


@pytest.fixture
def plain(country: str, stock_file: Path) -> list[StockLine]:
    """The lines of the file; what is no stock line (titles, totals, words for a figure) is left out."""
    lines: list[StockLine] = []
    for sheet, rows in _sheets(country, stock_file):
        columns: dict[str, int] = {}
        for row in rows:
            found = {field: row.index(word) for field, known in HEADERS.items() for word in known if word in row}
            if len(found) > 2:
                columns = found
            elif columns and len(row) >= len(columns):
                line = _line({field: row[place] for field, place in columns.items()}, sheet)
                lines += [line] if line else []
    return lines


def _sheets(country: str, path: Path) -> list[tuple[str | None, list[list[str]]]]:
    if path.suffix == ".csv":
        text = path.read_bytes().decode(ENCODINGS[country])
        return [(None, list(csv.reader(text.splitlines(), delimiter=";")))]
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(path)
    return [(sheet.title, [[_text(cell) for cell in row] for row in sheet.values]) for sheet in book]


def _text(cell: object) -> str:
    return f"{cell:%d.%m.%Y}" if isinstance(cell, datetime) else "" if cell is None else str(cell)


def _line(row: dict[str, str], sheet: str | None) -> StockLine | None:
    unit = next((word for word, known in UNITS.items() if row["unit"] in known), None)
    try:
        quantity = Decimal(re.sub(r"\.(?=\d{3})| ", "", row["quantity"]).replace(",", "."))
    except InvalidOperation:
        return None
    if unit is None:
        return None
    expiry = ""
    if row.get("expiry"):
        expiry = datetime.strptime(row["expiry"].rstrip("."), "%d.%m.%Y").date().isoformat()
    return StockLine(
        item_code=row.get("item_code") or None, item_name=row["item_name"], quantity=quantity, unit=unit, lot=None,
        location=row.get("location") or sheet, expiry=expiry or None, status=row.get("status") or None,
        owner=row.get("owner") or None,
    )  # fmt: skip


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return parse_catalogue((Path(room.__file__).parent / "data" / "catalogue.toml").read_bytes())


@pytest.fixture
def share(country: str, settings: Settings, catalogue: Catalogue) -> Callable[[Sequence[StockLine], date], Proposal]:
    """What would be offered of lines under the settings of the country; refs are places in the list."""

    def shared(lines: Sequence[StockLine], today: date) -> Proposal:
        table = MappingTable(
            Mapping(
                key=key, code=entry.code, base_unit=item.unit, factor=entry.factor, by="exercise", at=0,
                state=MappingState.CONFIRMED,
            )
            for entry in settings.confirm
            if (item := catalogue.get(entry.code)) is not None
            for key in keys_of(country, lines, entry.local, entry.unit)
        )  # fmt: skip
        known = [
            SharedLine(line, str(place), table.find(country, line), table.void(country, line))
            for place, line in enumerate(lines)
        ]
        return propose(known, settings.share, catalogue, {}, {}, {}, today)

    return shared
