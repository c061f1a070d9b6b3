"""Countries: from the names in feeds, from codes of areas, from the registered identifiers of the WMO."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from xstock_node.plugins.interchange import Alert, Coded

DATA: Final = Path(__file__).parent / "data"
_EU: Final = {"UK": "GB", "EL": "GR"}
"""Where EMMA and NUTS do not begin with the code of ISO 3166-1."""
_AREA: Final = re.compile(r"([A-Z]{2})[A-Z0-9]{0,4}")
_ISO: Final = re.compile(r"([A-Z]{2})(?:-[A-Z0-9]{1,3})?")
_SCHEMES: Final = re.compile(r"EMMA_ID|NUTS[ _]?[0-3]?|(ISO[ _-]?3166(?:-[12])?)", re.IGNORECASE)
_OID: Final = re.compile(r"2\.49\.0\.\d+\.(\d{1,3})\.")


class _Table(NamedTuple):
    names: dict[str, str]
    alpha3: dict[str, str]
    numeric: dict[int, str]
    codes: frozenset[str]


@cache
def _table() -> _Table:
    rows = tomllib.loads((DATA / "countries.toml").read_text("utf-8"))
    return _Table(
        names={_plain(name): code for code, row in rows.items() for name in row[2:]},
        alpha3={row[0]: code for code, row in rows.items()},
        numeric={row[1]: code for code, row in rows.items() if row[1]},
        codes=frozenset(rows),
    )


class Named(NamedTuple):
    """What a list of names names: codes of ISO 3166-1 alpha-2, and the names that nobody knows."""

    codes: tuple[str, ...]
    unknown: tuple[str, ...]


def named(text: str) -> Named:
    """Countries in English between commas, such as `Bulgaria, Iran, Islamic Republic of`: the longest name wins."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    codes, unknown, at = [], [], 0
    while at < len(parts):
        for end in range(min(len(parts), at + 4), at, -1):
            code = _table().names.get(_plain(",".join(parts[at:end])))
            if code is not None:
                codes.append(code)
                at = end
                break
        else:
            unknown.append(parts[at])
            at += 1
    return Named(tuple(dict.fromkeys(codes)), tuple(unknown))


def is_country(code: str) -> bool:
    """Whether it is a code of ISO 3166-1 alpha-2, or XK."""
    return code in _table().codes


def of_alpha3(text: str) -> str:
    """The alpha-2 code of an alpha-3 code, empty for one that is none."""
    return _table().alpha3.get(text.upper(), "")


def of_codes(codes: Iterable[Coded]) -> tuple[str, ...]:
    """The countries in which the areas of these geocodes lie: EMMA_ID, NUTS and ISO 3166 begin with them."""
    return tuple(dict.fromkeys(code for one in codes if (code := _of_code(one))))


def _of_code(one: Coded) -> str:
    scheme = _SCHEMES.fullmatch(one.scheme)
    if scheme is None:
        return ""
    if scheme[1] and len(one.value) == 3:
        return of_alpha3(one.value)
    area = (_ISO if scheme[1] else _AREA).fullmatch(one.value)
    code = _EU.get(area[1], area[1]) if area else ""
    return code if is_country(code) else ""


def of_identifier(identifier: str) -> tuple[str, ...]:
    """The country in an identifier under the WMO's arc 2.49.0, which has its number of ISO 3166-1."""
    found = _OID.match(identifier)
    code = _table().numeric.get(int(found[1]), "") if found else ""
    return (code,) if code else ()


def told(alert: Alert) -> tuple[str, ...]:
    """The countries that an alert's own codes tell, or else its identifier."""
    codes = (code for block in alert.blocks for area in block.areas for code in area.codes)
    return of_codes(codes) or of_identifier(alert.identifier)


def _plain(name: str) -> str:
    """A name without accents, case, articles and punctuation."""
    text = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    letters = "".join(one if one.isalnum() else " " for one in text if not unicodedata.combining(one))
    return " ".join(word for word in letters.split() if word != "the")
