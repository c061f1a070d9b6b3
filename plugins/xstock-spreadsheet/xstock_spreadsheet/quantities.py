"""What a quantity cell or a pack's content cell says: figure, unit and pack, as far as they are explicit."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from xstock_node.domain.folding import fold
from xstock_node.domain.units import PACKS
from xstock_spreadsheet import words
from xstock_spreadsheet.figures import NotAFigure, Order, figure
from xstock_spreadsheet.limits import MAX_VALUE_TEXT

DASHES: Final = frozenset({"-", "–", "—", "−", "--", "---", "/", ".", "x", "х", "×"})
_CROSS: Final = r"\s*(?<![^\W\d_])[x×хX*Х]\s*"
_NUMBER: Final = r"[(\-−–]?\s*\d[\d.,\s\u00a0\u202f'’]*[)\-−]?"
_WITH_UNIT: Final = re.compile(rf"({_NUMBER})\s*([^\W\d_][^\d]*)")
_UNIT_FIRST: Final = re.compile(r"([^\W\d_][^\W\d]*\.?)\s+(\d[\d.,\s\u00a0\u202f]*)")
_PACKED: Final = re.compile(
    rf"(\d[\d.,\s]*?)\s*([^\W\d_]+\.?)?{_CROSS}(\d[\d.,\s]*?)\s*([^\W\d_]+\.?(?:\s*[^\W\d_]+\.?)?)?"
)
_HOLDING: Final = re.compile(
    r"(\d[\d.,\s]*?)\s*([^\W\d_]+\.?)\s*(?:[(\[,/]|à|a|по|po|of|je|zu|a\s|с\s|de|cu|per|mit)\s*(?:à|по|po|of|je|zu)?\s*(\d[\d.,\s]*?)\s*([^\W\d_]+\.?)?\s*[)\]]?"
)
_ROUGH_MARK: Final = re.compile(r"[~≈≃±<>≤≥?]|\d\s*\+\s*$|\d\s*[-–]\s*\d|^\d+\s*\+\s*\d")
_UNIT_PACK: Final = re.compile(
    rf"([^\W\d_][^\d(/]*?)\s*(?:[(/\[,]|à|по|po|of|de|da|cu|с|з|od|от|von|mit|je|zu|me|με|{_CROSS})?\s*(?:à|по|po|of|je|zu|{_CROSS})?\s*(\d[\d.,]*)\s*([^\W\d_]+\.?)?\s*(?:[)\]]|/.*)?"
)


_EACH: Final = re.compile(rf"(?:([^\W\d_]+)\.?\s+)?(\d{{1,4}}){_CROSS}\d[\d.,]*\s*([^\W\d_]+)\.?\s*([^\W\d_]+\.?)?")
_FIRST: Final = re.compile(r"(\d[\d.,]*)[\s-]*([^\W\d_]+)\.?[\s-]+([^\W\d_]+\.?)")
_HOLDERS: Final = PACKS | {"canister", "bottle", "kit", "set"}
_MEASURED: Final = {"l": "bottle", "kg": "pcs", "m": "pcs"}  # what the things are called that hold so much


class BadQuantity(ValueError):
    """The cell holds no count; `ambiguous` when a human could say which figure it is."""

    def __init__(self, text: str, ambiguous: bool = False) -> None:
        super().__init__(text)
        self.ambiguous = ambiguous


@dataclass(frozen=True, slots=True)
class Measure:
    """A closed unit word, how many of it one typed unit is, and the pack's content where the unit cell states it."""

    word: str | None = None
    multiple: Decimal = Decimal(1)
    factor: Decimal | None = None
    base: str | None = None
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class Amount:
    """A count, with the unit and pack that stand in its own cell; `text` is it as typed."""

    figure: Decimal
    unit: Measure | None = None
    factor: Decimal | None = None
    base: str | None = None
    confirm: bool = False
    bare_cross: bool = False
    text: str = ""


def measure(text: str) -> Measure | None:
    """The unit that `text` names, or None when no table knows it."""
    if len(text) > MAX_VALUE_TEXT:
        return None
    found = words.units().get(fold(text))
    if found:
        return Measure(found[0], found[1])
    packed = _UNIT_PACK.fullmatch(text.strip())
    if packed and (outer := words.units().get(fold(packed[1]))) and outer[0] in _HOLDERS:
        inner = words.units().get(fold(packed[3])) if packed[3] else ("pcs", Decimal(1))
        factor = _plain(packed[2])
        if inner and factor:
            return Measure(outer[0], outer[1], factor * inner[1], inner[0])
    if inner_first := _contents_first(text.strip()):
        return inner_first
    first = re.split(r"[/(,;]", text, maxsplit=1)[0]
    found = words.units().get(fold(first)) if first != text else None
    return Measure(found[0], found[1]) if found else None


def _contents_first(text: str) -> Measure | None:
    """«24x500ml», «25 kg bag»: a pack whose contents are stated before its name, or without one."""
    known = words.units()
    if found := _EACH.fullmatch(text):
        held = known.get(fold(found[3]))
        pack = known.get(fold(found[1] or found[4] or "pack"))
        if held and held[0] in _MEASURED and pack and pack[0] in _HOLDERS:
            return Measure(pack[0], Decimal(1), Decimal(found[2]), _MEASURED[held[0]], confirm=True)
    if found := _FIRST.fullmatch(text):
        held, pack = known.get(fold(found[2])), known.get(fold(found[3]))
        factor = _plain(found[1])
        if held and pack and factor and held[0] not in _HOLDERS and pack[0] in _HOLDERS:
            return Measure(pack[0], pack[1], factor * held[1], held[0])
    return None


def amount(text: str, order: Order) -> Amount:
    """The count in `text`; raises BadQuantity when it is rough, no figure, or can be read two ways."""
    if len(text) > MAX_VALUE_TEXT or _ROUGH_MARK.search(text) or words.begins(text, "rough"):
        raise BadQuantity(text)
    try:
        return Amount(figure(text, order))
    except NotAFigure as wrong:
        if wrong.ambiguous:
            raise BadQuantity(text, ambiguous=True) from None
    return _with_unit(text, order) or _packed(text, order) or _refuse(text)


def _refuse(text: str) -> Amount:
    raise BadQuantity(text)


def _with_unit(text: str, order: Order) -> Amount | None:
    for found, at_figure, at_unit in ((_WITH_UNIT.fullmatch(text), 1, 2), (_UNIT_FIRST.fullmatch(text), 2, 1)):
        if found and (unit := measure(found[at_unit].strip())):
            try:
                return Amount(figure(found[at_figure], order), unit)
            except NotAFigure as wrong:
                raise BadQuantity(text, wrong.ambiguous) from None
    return None


def _packed(text: str, order: Order) -> Amount | None:
    """«25 ctn x 20 pcs», «1 pallet (48 cartons)», «12x24»."""
    for pattern in (_PACKED, _HOLDING):
        found = pattern.fullmatch(text.strip())
        if not found:
            continue
        outer = measure(found[2]) if found[2] else None
        inner = measure(found[4]) if found[4] else None
        if (found[2] and not outer) or (found[4] and not inner):
            continue
        try:
            count, factor = figure(found[1], order), figure(found[3], order)
        except NotAFigure:
            return None
        if factor <= 0:
            return None
        base = inner.word if inner else "pcs"
        multiple = inner.multiple if inner else Decimal(1)
        return Amount(count, outer, factor * multiple, base, confirm=True, bare_cross=outer is None, text=text)
    return None


@dataclass(frozen=True, slots=True)
class Content:
    """What one pack holds. `confirm` when it was multiplied out of a text such as 10x100."""

    factor: Decimal
    base: str | None
    confirm: bool = False


def content(text: str, order: Order, unit: str | None = None) -> Content | None:
    """The content of one pack in `text`, or None where it is not explicit; `unit` is what the header says."""
    if len(text) > MAX_VALUE_TEXT:
        return None
    plain = re.sub(r"^(?:à|по|po|je|zu|по\s|of|a)\s+", "", text.strip(), flags=re.IGNORECASE)
    plain = re.sub(r"\s*/\s*[^\W\d_]+\.?$", "", plain)
    try:
        return Content(figure(plain, order), unit)
    except NotAFigure:
        pass
    if (found := re.fullmatch(r"([\d.,\s]+?)\s*([^\W\d_].*)", plain)) and (own := measure(found[2])):
        try:
            return Content(figure(found[1], order) * own.multiple, own.word)
        except NotAFigure:
            return None
    if (found := _EACH.fullmatch(plain)) and (own := measure(found[3])) and own.word in _MEASURED and not found[4]:
        return Content(Decimal(found[2]), unit or _MEASURED[own.word], confirm=True)
    if (found := re.fullmatch(rf"(\d+){_CROSS}(\d+)\s*([^\W\d_]+\.?)?", plain)) and (not found[3] or measure(found[3])):
        own = measure(found[3]) if found[3] else Measure(unit or "pcs")
        return Content(Decimal(found[1]) * Decimal(found[2]) * own.multiple, own.word, confirm=True) if own else None
    whole = measure(text)
    return Content(whole.factor, whole.base, whole.confirm) if whole and whole.factor else None


def _plain(text: str) -> Decimal | None:
    try:
        return figure(text, Order())
    except NotAFigure:
        return None
