"""Stock cards: a line for each movement with the balance after it. The newest balance of an item is its stock.

Balances are never added. Which one is the newest is told by the days of the lines and by reckoning: a balance is the
one before it, with what came in and without what went out.
"""

from collections.abc import Sequence
from itertools import pairwise

from xstock_spreadsheet import words
from xstock_spreadsheet.columns import Head
from xstock_spreadsheet.drafts import Draft, Gathered, where
from xstock_spreadsheet.grid import Row, same
from xstock_spreadsheet.merging import key_of

UNSURE = "unsure_balance"


def without_documents(head: Head, by_field: dict[str, list[int]], rows: Sequence[Row]) -> None:
    """Under Date, Ref, Item a reference is a delivery's or a waybill's where one name stands with several."""
    names = [at for name in ("item_name", "item_any") for at in by_field.get(name, [])]
    if not by_field.get("day") or not names:
        return
    for at in list(by_field.get("item_code", [])):
        pairs = {(same(row.cell(names[0]).text), same(row.cell(at).text)) for row in rows if row.cell(at).text}
        if words.is_phrase(head.titles[at], "references") and len(pairs) > len({name for name, _ in pairs}):
            by_field["item_code"].remove(at)
            by_field.setdefault("ignore", []).append(at)


def settle(drafts: list[Draft], gathered: Gathered) -> list[Draft]:
    """The drafts of one table of balances, the older ones of each item left out and told of."""
    items: dict[tuple[object, ...], list[Draft]] = {}
    for draft in drafts:
        items.setdefault(_item(draft), []).append(draft)
    kept: set[int] = set()
    older: list[int] = []
    for lines in items.values():
        for group in [lines] if _newest(lines) else _alike(lines):
            if len(group) == 1 or _is_one_count(group):
                kept.update(map(id, group))
            elif (last := _newest(group)) and len(_alike(group)) == 1:
                kept.add(id(last))
                older += [draft.line for draft in group if draft is not last]
            else:
                _refuse(group, gathered)
    if older:
        gathered.skipped += sorted(older)
        gathered.ask(
            "this is a stock card: of each item the newest balance is read, and none is added; "
            f"confirm ({where(drafts[0].sheet, sorted(older))} left out as older)"
        )
    return [draft for draft in drafts if id(draft) in kept]


def _refuse(group: list[Draft], gathered: Gathered) -> None:
    lines = [draft.line for draft in group]
    name = group[0].item_name or group[0].item_code
    gathered.ask(
        f"this is a stock card, and which balance of {name} is the newest is not certain: "
        f"none is read ({where(group[0].sheet, lines)})"
    )
    for draft in group:
        gathered.reject(draft.line, UNSURE, draft.sheet, f"{name}: {draft.quantity:f}"[:160])


def _item(draft: Draft) -> tuple[object, ...]:
    texts = (draft.item_code, draft.item_name, draft.location, draft.category, draft.owner, draft.donor)
    return (draft.damaged_code, *map(same, texts))


def _alike(lines: list[Draft]) -> list[list[Draft]]:
    """The lines of one item by lot, expiry and all else that keeps stock apart."""
    groups: dict[tuple[object, ...], list[Draft]] = {}
    for draft in lines:
        groups.setdefault(key_of(draft), []).append(draft)
    return list(groups.values())


def _is_one_count(lines: list[Draft]) -> bool:
    """Lines of one day without movements are a list of what was counted then, and no card."""
    return len({draft.day for draft in lines}) == 1 and not any(draft.moved is not None for draft in lines)


def _newest(lines: list[Draft]) -> Draft | None:
    """The line that says what is left; None where the days and the reckoning leave a doubt, or nothing to tell by."""
    lasts = [ordered[-1] for ordered in (_in_time(lines), _in_time(lines[::-1])) if _follow(ordered)]
    return lasts[0] if lasts and len({last.quantity for last in lasts}) == 1 else None


def _in_time(lines: list[Draft]) -> list[Draft]:
    return sorted(lines, key=lambda draft: draft.day or "") if all(draft.day for draft in lines) else lines


def _follow(lines: list[Draft]) -> bool:
    """True when each balance follows from the one before it, or, where no movements are told, the last day is one."""
    if all(draft.moved is not None for draft in lines):
        return all(two.quantity == one.quantity + (two.moved or 0) for one, two in pairwise(lines))
    if any(draft.moved is not None for draft in lines) or not all(draft.day for draft in lines):
        return False
    return len(lines) > 1 and lines[-2].day != lines[-1].day
