"""The table `codes.toml`: classes and units of EMSI, and which items and units of ours they are."""

import tomllib
from importlib.resources import files
from typing import Final

import msgspec


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    classes: frozenset[str]
    units: dict[str, tuple[str, ...]]
    items: dict[str, tuple[str, ...]]
    wider: dict[str, tuple[str, ...]]


_TABLE: Final = msgspec.convert(
    tomllib.loads(files("xstock_dispatch").joinpath("codes.toml").read_text("utf-8")), type=_Table
)
ITEMS: Final = _TABLE.items
UNITS: Final = _TABLE.units
CLASSES: Final = _TABLE.classes | ITEMS.keys() | _TABLE.wider.keys()
CLASS_OF: Final = {item: code for table in (_TABLE.wider, ITEMS) for code, items in table.items() for item in items}
UM_OF: Final = {unit: code for code, units in UNITS.items() for unit in units}
ANY_CLASS: Final = "MAT"
"""What a line of goods is of which we know no more."""
RCLASS, CAPABILITY, CHARACTERISTIC, UM, MISSION, NATIONALITY, FREETEXT = (
    f"EMSI/{name}"
    for name in ("RCLASS", "CAPABILITY", "CHARACTERISTICS", "UM", "MISSION.TYPE", "NATIONALITY", "FREETEXT")
)
"""Names of the lists under which codes of others are kept as they came."""


def known_class(code: str) -> str:
    """The class itself, else the nearest above it that we know; empty where there is none."""
    while code and code not in CLASSES:
        code = code.rpartition("/")[0]
    return code


def is_ours_to_say(scheme: str, code: str) -> bool:
    """Whether a code may be written: of the lists of EMSI only a class that we know."""
    return not scheme.startswith("EMSI/") or (scheme == RCLASS and code in CLASSES)
