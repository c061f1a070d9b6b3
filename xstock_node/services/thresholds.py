"""When a step needs more than its own right: the owner's release, a pharmacist, a second person above thresholds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from xstock_node.domain.steps import Line
from xstock_node.domain.sums import ZERO, Key, Sums, added, total
from xstock_node.domain.units import exact, from_sent_pair
from xstock_node.services.office import Thresholds
from xstock_node.services.promises import Stock
from xstock_node.storage.interfaces import Transaction

Needs = dict[str, list[str]]
Owed = Mapping[Key, Decimal]
Judge = Callable[[Transaction], Needs]
PROMISES: Final = frozenset({"offer", "standby", "amended"})
ASKS: Final = frozenset({"request", "amend"})


class Medicines(NamedTuple):
    """The codes of medical items among the lines of a step, and whether somebody may sign as a pharmacist there."""

    items: tuple[str, ...] = ()
    pharmacist: bool = False


_TENTH: Final = Decimal("0.1")
UNKNOWN: Final = (ZERO, "")
NOTHING: Final[Owed] = MappingProxyType({})


def needs_of(
    verb: str,
    lines: Sequence[Line],
    stock: Stock,
    limits: Thresholds,
    medicines: Medicines = Medicines(),
    owed: Owed = NOTHING,
) -> Needs:
    """The rights that a step needs beside its own, each with its reasons.

    An offer needs the owner's release, and a second person above thresholds; an offer or dispatch of medicines the
    pharmacist, where there is one. `stock` is what the organisation may promise of each item, and what one is worth: a
    value that a line says counts, else that of the stock. An unknown one is told, and is a reason where the settings
    say so. `owed` is what the same requester is promised already: ten tents ten times are a hundred. A request needs a
    second person above the thresholds of requests.
    """
    if verb in ASKS:
        return _of_asking(lines, stock, limits)
    named = ", ".join(medicines.items)
    checked = {"pharmacist": [f"medicines: {named}"]} if named and medicines.pharmacist else {}
    if verb not in PROMISES:
        return checked if verb == "dispatch" else {}
    needs: Needs = {"release": ["the stock owner releases every offer"]} | checked
    if named and not checked:
        needs["release"].append(f"medicines ({named}), and nobody here is a pharmacist: the stock owner alone")
    for right, why in (*_by_value(lines, stock, limits, owed), *_by_quantity(lines, stock, limits, owed)):
        needs.setdefault(right, []).append(why)
    return needs


def _by_value(lines: Sequence[Line], stock: Stock, limits: Thresholds, owed: Owed) -> Iterable[tuple[str, str]]:
    """A value above the threshold, one in another currency, one that is not known: the right, and why."""
    value = ZERO
    for line in lines:
        each, currency = _worth(line, stock.worth.get((line.item, line.unit), UNKNOWN))
        if currency == limits.currency:
            value += line.quantity * each
        elif currency:
            yield "approve", f"a value in {currency}, which no threshold is given for"
        else:
            yield "approve" if limits.unknown_value else "release", f"the value of {line.item} is not known"
    for key in total(lines):
        each, currency = stock.worth.get(key, UNKNOWN)
        value += owed.get(key, ZERO) * each if currency == limits.currency else ZERO
    if value > limits.value:
        yield "approve", f"a value of {value} {limits.currency}"


def _by_quantity(lines: Sequence[Line], stock: Stock, limits: Thresholds, owed: Owed) -> Iterable[tuple[str, str]]:
    """More than so many of an item, whatever its units, or than so much of what there is: the right, and why."""
    wanted = total(lines)
    held = {key: owed.get(key, ZERO) for key in wanted}
    for item, quantity in _by_item(added([wanted, held])).items():
        most = limits.pieces.get(item)
        if most is not None and quantity > most:
            yield "approve", f"more than {most} of {item}{_beside(_by_item(held)[item])}"
    for key, quantity in wanted.items():
        there, whole = stock.here.get(key, ZERO), quantity + held[key]
        if there and whole * 100 > there * limits.percent:
            percent = exact((whole * 100 / there).quantize(_TENTH, ROUND_CEILING))
            yield "approve", f"{percent} % of the {key[0]} that there are{_beside(held[key])}"


def _of_asking(lines: Sequence[Line], stock: Stock, limits: Thresholds) -> Needs:
    """A request above a threshold: its writer asks, and somebody else approves. Only the stock knows what is worth."""
    why: list[str] = []
    value, wanted = ZERO, total(lines)
    for item, quantity in _by_item(wanted).items():
        most = limits.ask_pieces.get(item)
        if most is not None and quantity > most:
            why.append(f"more than {most} of {item} asked for")
    for key, quantity in wanted.items():
        each, currency = stock.worth.get(key, UNKNOWN)
        if currency == limits.currency:
            value += quantity * each
        elif limits.ask_value and limits.unknown_value:
            why.append(f"the value of {key[0]} in {limits.currency} is not known")
    if limits.ask_value and value > limits.ask_value:
        why.append(f"a value of {value:f} {limits.currency} asked for")
    return {"ask": [], "approve": why} if why else {}


def _by_item(sums: Sums) -> dict[str, Decimal]:
    """Packs and pieces together: how many of each item, whatever its units."""
    found: dict[str, Decimal] = {}
    for (item, _), quantity in sums.items():
        found[item] = found.get(item, ZERO) + quantity
    return found


def _beside(held: Decimal) -> str:
    return f", with {held:f} that they are promised already" if held else ""


def _worth(line: Line, known: tuple[Decimal, str]) -> tuple[Decimal, str]:
    """What one of a line is worth: as it says, but never less than the stock says in the same currency."""
    said = max(from_sent_pair(line.value), ZERO), line.currency
    if not line.currency:
        return known
    return max(said, known) if known[1] == line.currency else said
