"""Drafts to stock lines: repairs of codes, lines alike added, lines repeated whole not counted, flags."""

from decimal import Decimal

from xstock_node.domain.stock import StockLine
from xstock_spreadsheet.codes import could_be
from xstock_spreadsheet.drafts import AVAILABLE_DIFFERS, CODE_DAMAGED, NEGATIVE, OVER_RESERVED, Draft, Gathered, where
from xstock_spreadsheet.grid import same

_FLAGS = (NEGATIVE, OVER_RESERVED, CODE_DAMAGED)
_THOUSAND = Decimal(1000)
_LEAST = Decimal("0.000001")


def merge(drafts: list[Draft], gathered: Gathered) -> list[StockLine]:
    """The stock lines of a file, in the order of their first lines."""
    _repair_codes(drafts)
    kept: dict[tuple[object, ...], Draft] = {}
    seen: dict[tuple[object, ...], Draft] = {}
    for draft in drafts:
        key = key_of(draft)
        whole = (key, draft.typed)
        if whole in seen:
            gathered.ask(
                f"a line repeated whole is counted once ({_both(seen[whole], draft)}): "
                f"{draft.item_name or draft.item_code}"
            )
            continue
        seen[whole] = draft
        _compare_available(draft)
        if key in kept:
            _add(kept[key], draft)
        else:
            kept[key] = draft
    return [_finished(draft) for draft in kept.values()]


def _both(first: Draft, second: Draft) -> str:
    if first.sheet == second.sheet:
        return where(first.sheet, [first.line, second.line])
    return f"{where(first.sheet, first.line)}; {where(second.sheet, second.line)}"


def key_of(draft: Draft) -> tuple[object, ...]:
    """What makes lines alike; goods of another owner, donor, state, storage or category (group) stay apart."""
    texts = (
        draft.item_code or (draft.damaged_code and f"?{draft.damaged_code}"), draft.item_name, draft.unit,
        draft.location, draft.lot, draft.owner, draft.donor, draft.status, draft.storage, draft.base_unit,
        draft.category,
    )  # fmt: skip
    return (*map(same, texts), draft.doubted, draft.expiry, draft.pack_factor, tuple(draft.components))


def _add(first: Draft, other: Draft) -> None:
    first.merged = first.merged or [first.line]
    first.merged.append(other.line)
    first.quantity += other.quantity
    first.reserved = _sum(first.reserved, other.reserved)
    first.damaged = _sum(first.damaged, other.damaged)
    first.incoming = _sum(first.incoming, other.incoming)
    first.available = _sum(first.available, other.available)
    first.serials += tuple(serial for serial in other.serials if serial not in first.serials)
    first.flags |= other.flags


def _sum(one: Decimal | None, two: Decimal | None) -> Decimal | None:
    return one if two is None else two if one is None else one + two


def _repair_codes(drafts: list[Draft]) -> None:
    """A damaged code is proved by another line of the same name whose code it could have been."""
    codes: dict[str, set[str]] = {}
    for draft in drafts:
        if draft.item_code and draft.item_name:
            codes.setdefault(same(draft.item_name), set()).add(draft.item_code)
    for draft in drafts:
        if draft.damaged_code and draft.item_name:
            fitting = [code for code in codes.get(same(draft.item_name), ()) if could_be(draft.damaged_code, code)]
            if len(fitting) == 1:
                draft.item_code, draft.damaged_code = fitting[0], None
                draft.flags.discard(CODE_DAMAGED)


def _finished(draft: Draft) -> StockLine:
    flags = set(draft.flags)
    if draft.quantity < 0:
        flags.add(NEGATIVE)
    if draft.reserved is not None and draft.reserved > draft.quantity:
        flags.add(OVER_RESERVED)
    return StockLine(
        item_code=draft.item_code, item_name=draft.item_name, quantity=_written(draft.quantity), unit=draft.unit,
        location=draft.location, lot=draft.lot, expiry=draft.expiry, expiry_precision=draft.expiry_precision,
        sheet=draft.sheet, line=draft.line, reserved=_maybe(draft.reserved),
        damaged=_maybe(draft.damaged), incoming=_maybe(draft.incoming),
        available=_maybe(_available(draft)), pack_factor=_maybe(draft.pack_factor), base_quantity=_base(draft),
        base_unit=draft.base_unit, category=draft.category, owner=draft.owner, donor=draft.donor,
        status=draft.status, storage=draft.storage, serials=draft.serials,
        components=tuple(draft.components), merged_lines=tuple(draft.merged),
        flags=tuple(sorted(flags, key=lambda flag: (_FLAGS.index(flag) if flag in _FLAGS else 9, flag))),
    )  # fmt: skip


def _maybe(value: Decimal | None) -> Decimal | None:
    return None if value is None else _written(value)


def _written(value: Decimal) -> Decimal:
    """`value` as far as a decimal string without an exponent can say it: a millionth of a unit is the least."""
    return value.quantize(_LEAST) if "E-" in str(value) else value


def _compare_available(draft: Draft) -> None:
    """Flag a line whose own figure of what is available is not what its other columns leave."""
    if draft.available is None:
        draft.available = _left(draft) if draft.counts_free else None
        return
    draft.available = max(draft.available, Decimal(0))
    if draft.available > _left(draft) or (draft.counts_free and draft.available < _left(draft)):
        draft.flags.add(AVAILABLE_DIFFERS)


def _available(draft: Draft) -> Decimal | None:
    """The smaller of what the file calls available and what is left after reserved and damaged, never below zero."""
    return None if draft.available is None else min(draft.available, _left(draft))


def _left(draft: Draft) -> Decimal:
    """On hand without reserved and damaged; those below zero add nothing."""
    return max(draft.quantity - _taken(draft.reserved) - _taken(draft.damaged), Decimal(0))


def _taken(value: Decimal | None) -> Decimal:
    return Decimal(0) if value is None else max(value, Decimal(0))


def _base(draft: Draft) -> Decimal | None:
    if draft.unit == "t":
        return _plain(draft.quantity * _THOUSAND)
    return _plain(draft.quantity * draft.pack_factor) if draft.pack_factor is not None else None


def _plain(value: Decimal) -> Decimal:
    text = f"{value:f}"
    return _written(Decimal(text.rstrip("0").rstrip(".")) if "." in text else Decimal(text))
