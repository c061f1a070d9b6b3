"""One header cell: which field its words name, how surely, and the unit it states beside them."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from xstock_node.domain.folding import fold
from xstock_node.domain.units import PACKS
from xstock_spreadsheet import words

_BRACKETS: Final = re.compile(r"[(\[{]([^)\]}]*)[)\]}]")
_PARTS: Final = re.compile(r"\s*[,/:;|–—]\s*|\s+-\s+|\s+в\s+|\s+in\s+")
_SHORTEST_CONTAINED: Final = 4
_PER: Final = re.compile(r"\b(per|pro|je|po|на|за|în|pe|në|ανά|par|başına|u|v)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Match:
    """A header's field; `exact` when the whole header is a known word; `unit` a closed word that stands in it."""

    field: str
    exact: bool
    unit: str | None = None


@lru_cache(maxsize=4096)
def match_header(text: str) -> Match | None:
    """What the header `text` names, or None."""
    known = words.headers()
    if len(text) > 160:
        return None
    if text.strip() == "#":
        return Match("number", True)
    whole = fold(text)
    if whole in known:
        return Match(known[whole], True, _own_unit(whole))
    plain = fold(_BRACKETS.sub(" ", text))
    unit = next((found for inner in _BRACKETS.findall(text) if (found := _counted(inner))), None)
    if plain in known:
        return Match(known[plain], True, unit)
    parts = [part for part in _PARTS.split(_BRACKETS.sub(" ", text)) if fold(part)]
    if len(parts) > 1:
        unit = unit or next((found for part in parts[1:] if (found := _counted(part))), None)
        if (first := known.get(fold(parts[0]))) and (unit or fold(parts[1]) in known or len(parts) == 2):
            return Match(first, True, unit)
    return _contained(plain or whole, unit)


def _own_unit(key: str) -> str | None:
    """«Adet», «бр.», «kom» as headers of a quantity are its unit as well."""
    return unit_word(key) if words.headers().get(key) in ("quantity", "number_or_quantity") else None


def _contained(key: str, unit: str | None) -> Match | None:
    """The longest known phrase of whole words inside `key`."""
    known = words.headers()
    parts = key.split()
    if len(parts) > 12:
        return None
    best: tuple[int, int, str] | None = None
    for start in range(len(parts)):
        for end in range(start + 1, min(start + 6, len(parts)) + 1):
            phrase = " ".join(parts[start:end])
            if (
                (len(phrase) >= _SHORTEST_CONTAINED or phrase == "qty")
                and phrase in known
                and (best is None or (len(phrase), -start) > best[:2])
            ):
                best = (len(phrase), -start, known[phrase])
    return Match(best[2], False, unit) if best else None


def unit_word(text: str) -> str | None:
    """The closed word for a typed unit whose one is one of it; None for unknown words and multiples."""
    found = words.units().get(fold(text))
    return found[0] if found and found[1] == 1 else None


def _counted(text: str) -> str | None:
    """The unit word, pieces also where they are counted in dozens or thousands (`scale` says in how many)."""
    return unit_word(text) or ("pcs" if _of_pieces(text) else None)


def _of_pieces(text: str) -> Decimal | None:
    found = words.units().get(fold(text))
    return found[1] if found and found[0] == "pcs" and found[1] > 1 else None


@lru_cache(maxsize=4096)
def scale(title: str) -> Decimal:
    """What the figures under a header have to be multiplied by: 1000 under «Quantity (thousands)», «тыс. шт»."""
    pieces = [*_BRACKETS.findall(title), *_PARTS.split(_BRACKETS.sub(" ", title))]
    pieces += [word for piece in pieces for word in fold(piece).split()]
    return next(
        (found for piece in pieces if (found := _of_pieces(piece) or words.scales().get(fold(piece)))), Decimal(1)
    )


def content_unit(header: str) -> str | None:
    """The unit that a header of pack contents names: pcs for «Stk je Karton», kg for «kg/чувал»."""
    header = header[:160]
    inner = next((u for part in _BRACKETS.findall(header) if (u := unit_word(part))), None)
    per = _PER.split(header, maxsplit=1) if _PER.search(header) else header.split("/", maxsplit=1)
    found = next((unit for word in per[0].split() if (unit := unit_word(word))), None) or unit_word(per[0])
    return found if found and (len(per) > 1 or found not in PACKS) else inner
