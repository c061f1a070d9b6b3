"""When a step needs more than its own right: the owner's release, a pharmacist, a second person above thresholds."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from xstock_node.domain.steps import Line
from xstock_node.domain.sums import ZERO, Key
from xstock_node.domain.units import exact, from_sent_pair
from xstock_node.services.office import Thresholds
from xstock_node.services.promises import Stock

Needs = dict[str, list[str]]
PROMISES: Final = frozenset({"offer", "standby", "amended"})
ASKS: Final = frozenset({"request", "amend"})


class Medicines(NamedTuple):
    """The codes of medical items among the lines of a step, and whether somebody may sign as a pharmacist there."""

    items: tuple[str, ...] = ()
    pharmacist: bool = False


_TENTH: Final = Decimal("0.1")
UNKNOWN: Final = (ZERO, "")
NOTHING: Final[Mapping[Key, Decimal]] = MappingProxyType({})


def needs_of(
    verb: str,
    lines: Sequence[Line],
    stock: Stock,
    limits: Thresholds,
    medicines: Medicines = Medicines(),
    owed: Mapping[Key, Decimal] = NOTHING,
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
    value, wanted = ZERO, dict[Key, Decimal]()
    for line in lines:
        key = line.item, line.unit
        wanted[key] = wanted.get(key, ZERO) + line.quantity
        each, currency = _worth(line, stock.worth.get(key, UNKNOWN))
        if currency == limits.currency:
            value += line.quantity * each
        elif currency:
            needs.setdefault("approve", []).append(f"a value in {currency}, which no threshold is given for")
        else:
            right = "approve" if limits.unknown_value else "release"
            needs.setdefault(right, []).append(f"the value of {line.item} is not known")
    for key, quantity in wanted.items():
        held = owed.get(key, ZERO)
        beside = f", with {held:f} that they are promised already" if held else ""
        each, currency = stock.worth.get(key, UNKNOWN)
        value += held * each if currency == limits.currency else ZERO
        there, most, whole = stock.here.get(key, ZERO), limits.pieces.get(key[0]), quantity + held
        if most is not None and whole > most:
            needs.setdefault("approve", []).append(f"more than {most} of {key[0]}{beside}")
        if there and whole * 100 > there * limits.percent:
            percent = exact((whole * 100 / there).quantize(_TENTH, ROUND_CEILING))
            needs.setdefault("approve", []).append(f"{percent} % of the {key[0]} that there are{beside}")
    if value > limits.value:
        needs.setdefault("approve", []).append(f"a value of {value} {limits.currency}")
    return needs


def _of_asking(lines: Sequence[Line], stock: Stock, limits: Thresholds) -> Needs:
    """A request above a threshold: its writer asks, and somebody else approves. Only the stock knows what is worth."""
    why: list[str] = []
    value, wanted = ZERO, dict[Key, Decimal]()
    for line in lines:
        key = line.item, line.unit
        wanted[key] = wanted.get(key, ZERO) + line.quantity
    for key, quantity in wanted.items():
        most = limits.ask_pieces.get(key[0])
        each, currency = stock.worth.get(key, UNKNOWN)
        if most is not None and quantity > most:
            why.append(f"more than {most} of {key[0]} asked for")
        if currency == limits.currency:
            value += quantity * each
        elif limits.ask_value and limits.unknown_value:
            why.append(f"the value of {key[0]} in {limits.currency} is not known")
    if limits.ask_value and value > limits.ask_value:
        why.append(f"a value of {value:f} {limits.currency} asked for")
    return {"ask": [], "approve": why} if why else {}


def _worth(line: Line, known: tuple[Decimal, str]) -> tuple[Decimal, str]:
    """What one of a line is worth: as it says, but never less than the stock says in the same currency."""
    said = max(from_sent_pair(line.value), ZERO), line.currency
    if not line.currency:
        return known
    return max(said, known) if known[1] == line.currency else said
