"""Which lines of a system a movement takes: what the share rules let out, what expires first, whole packs."""

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal

import msgspec

from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.mapping import MappingState, MappingTable
from xstock_node.domain.movements import Need
from xstock_node.domain.stock import StockLine
from xstock_node.domain.sums import ZERO
from xstock_node.plugins.inventory import MovementLine
from xstock_node.services.offering import proposal_of
from xstock_node.services.office import Office
from xstock_node.services.written import MOVEMENTS, Taken, spoken_for
from xstock_node.storage.interfaces import Transaction

FINE = Decimal("0.000001")


def choose(
    office: Office, tx: Transaction, catalogue: Catalogue, source: str, needs: Iterable[Need]
) -> tuple[tuple[Taken, ...], str]:
    """The lines of a source that a movement takes: the named lot, else what expires first; or why there are none."""
    _, proposal = proposal_of(office, tx, catalogue, {})
    let_out = {ref for offer in proposal.offers for ref in offer.refs}
    table = MappingTable(tx.stock.mappings())
    held = [
        (line, table.find(source, line))
        for name, ref, line in tx.stock.lines()
        if name == source and line.key and ref in let_out
    ]
    taken = spoken_for(tx, source)
    found: list[Taken] = []
    for need in needs:
        left = need.quantity
        fitting = [
            (line, mapping.factor)
            for line, mapping in held
            if mapping is not None
            and mapping.state is MappingState.CONFIRMED
            and (mapping.code, mapping.base_unit.value) == (need.item, need.unit)
            and need.lot in ("", line.lot)
        ]
        for line, factor in sorted(fitting, key=lambda pair: (pair[0].expiry or "9999", pair[0].key or "")):
            assert line.key is not None
            part = min(_free(line) - taken.get(line.key, ZERO), whole(left, factor))
            if part > ZERO and left > ZERO:
                taken[line.key] = taken.get(line.key, ZERO) + part
                found.append(Taken(line=_line(line, part), code=need.item, unit=need.unit, factor=factor))
                left -= part * factor
        if left > ZERO:
            lot = f" of lot {need.lot}" if need.lot else ""
            return (), f"expected {need.quantity} {need.unit} of {need.item}{lot} in {source}; {left} are missing"
    return tuple(found), ""


def came_back(tx: Transaction, case: str, needs: Iterable[Need]) -> tuple[str, tuple[Taken, ...], str]:
    """The source and the lines from which goods of a case were issued, for what came back; or why there are none."""
    moved = [one for one in MOVEMENTS.list(tx) if one.case == case and one.state == "done"]
    issued = sorted((one for one in moved if one.kind == "issue"), key=lambda one: one.order)
    back: dict[str, Decimal] = {}
    for taken in (taken for one in moved if one.kind == "receive" for taken in one.lines):
        back[taken.line.key] = back.get(taken.line.key, ZERO) + taken.line.quantity
    found: list[Taken] = []
    for need in needs:
        left = need.quantity
        for taken in (taken for one in issued for taken in one.lines if (taken.code, taken.unit) == need[:2]):
            gone = min(back.get(taken.line.key, ZERO), taken.line.quantity)
            back[taken.line.key] = back.get(taken.line.key, ZERO) - gone
            part = min(taken.line.quantity - gone, whole(left, taken.factor))
            if part > ZERO and left > ZERO:
                found.append(msgspec.structs.replace(taken, line=msgspec.structs.replace(taken.line, quantity=part)))
                left -= part * taken.factor
        if left > ZERO:
            return "", (), f"expected {need.quantity} {need.unit} of {need.item} to have been issued; {left} were not"
    return (issued[0].source if issued else ""), tuple(found), ""


def whole(quantity: Decimal, factor: Decimal) -> Decimal:
    """How many units of a line are so many of the item's: exactly where that can be written, else whole packs."""
    exact = quantity / factor
    fine = exact * factor == quantity and exact == exact.quantize(FINE)
    return exact if fine else exact.to_integral_value(ROUND_CEILING)


def _free(line: StockLine) -> Decimal:
    return max(ZERO, line.quantity - (line.reserved or ZERO) - (line.damaged or ZERO))


def _line(line: StockLine, quantity: Decimal) -> MovementLine:
    return MovementLine(
        key=line.key or "",
        quantity=quantity,
        unit=line.unit,
        item_code=line.item_code,
        location=line.location,
        lot=line.lot,
    )
