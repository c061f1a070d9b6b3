"""The IFRC standard products catalogue as its csv export has it: some 11,800 codes with English descriptions.

Columns (cp1252): item code, item description, length cm, height cm, width cm, volume litre, weight kg, in EIC.
A volume or weight of 0 means unknown. Source: sahana/eden, IFRC/supply_item_ifrc_standard.csv (MIT).
"""

import csv
from decimal import Decimal, InvalidOperation
from io import StringIO
from typing import Final

from xstock_node.domain.items import CatalogueError, Category, Item, Storage

_CODE: Final = "item code"
_NAME: Final = "item description"
_LITRES: Final = "volume litre"
_KG: Final = "weight kg"

# The first letters of a code say the family; the longest prefix wins.
_FAMILIES: Final = {
    "D": Category.MEDICAL, "KMED": Category.MEDICAL, "KSUR": Category.MEDICAL, "M": Category.MEDICAL,
    "X": Category.MEDICAL,     "HSHE": Category.SHELTER, "HSHEBLAN": Category.BEDDING, "HSHESLE": Category.BEDDING,
    "HFURBED": Category.BEDDING, "HCON": Category.WATER, "KWAT": Category.WATER, "WAS": Category.WATER,
    "KWATPUM": Category.FLOOD, "HHEA": Category.HOUSEHOLD, "HCOO": Category.HOUSEHOLD, "HFUR": Category.HOUSEHOLD,
    "KRELCOO": Category.HOUSEHOLD, "KRELHY": Category.HYGIENE, "HHYG": Category.HYGIENE, "F": Category.FOOD,
    "AFOD": Category.FOOD, "KRELFO": Category.FOOD, "EGEN": Category.POWER, "KENGLIGH": Category.POWER,
    "EELE": Category.POWER, "APRO": Category.CLOTHING, "HCLO": Category.CLOTHING,
}  # fmt: skip
_EXPIRABLE: Final = ("D", "KMED", "F", "AFOD", "KRELFO", "WASDCHL")
_COLD_CHAIN: Final = ("DVAS", "DINJINS", "DINJOXYT", "DINJSUXA")
# Opioids, ketamine, benzodiazepines and barbiturates: under control in at least one country of the federation.
_CONTROLLED: Final = tuple(
    form + drug
    for form in ("DINJ", "DORA", "DEXT")
    for drug in ("MORP", "FENT", "PETH", "PENA", "KETA", "DIAZ", "MIDA", "PHEN", "TRAM", "CODE", "BUPR", "METD")
)
_PLACEHOLDER: Final = "Miscellaneous code for adding"
_LONGEST: Final = max(map(len, _FAMILIES))


def parse_ifrc_csv(data: bytes) -> list[Item]:
    """Items of the csv export, in its order; a code that comes twice keeps its first line.

    Raises CatalogueError when a column is missing or a figure cannot be read.
    """
    rows = csv.DictReader(StringIO(data.decode("cp1252", errors="replace"), newline=""))
    missing = {_CODE, _NAME, _LITRES, _KG} - set(rows.fieldnames or ())
    if missing:
        raise CatalogueError(
            f"columns {', '.join(sorted(missing))}", rows.fieldnames, "export the catalogue with its header line"
        )
    items: dict[str, Item] = {}
    for row in rows:
        code, name = (row[_CODE] or "").strip(), (row[_NAME] or "").strip()
        if code and name and code not in items and not name.startswith(_PLACEHOLDER):
            items[code] = _item(code, name, _figure(row[_LITRES], code), _figure(row[_KG], code))
    return list(items.values())


def _item(code: str, name: str, litres: Decimal | None, kg: Decimal | None) -> Item:
    category = _family(code)
    return Item(
        code=code,
        scheme="ifrc",
        names={"en": name},
        category=category,
        net_kg=kg,
        m3=None if litres is None else litres.scaleb(-3),
        expirable=code.startswith(_EXPIRABLE),
        medical=category is Category.MEDICAL,
        storage=Storage.COLD_CHAIN if code.startswith(_COLD_CHAIN) else Storage.AMBIENT,
        controlled=code.startswith(_CONTROLLED),
    )


def _family(code: str) -> Category:
    for length in range(_LONGEST, 0, -1):
        found = _FAMILIES.get(code[:length])
        if found is not None:
            return found
    return Category.OTHER


def _figure(text: str | None, code: str) -> Decimal | None:
    try:
        figure = Decimal((text or "0").strip() or "0")
    except InvalidOperation as wrong:
        raise CatalogueError("a figure with a decimal point", text, f"correct item {code}") from wrong
    return figure if figure.is_finite() and figure > 0 else None
