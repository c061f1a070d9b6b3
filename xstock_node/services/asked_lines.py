"""The lines of a request as a person writes them, and how each quantity came about."""

from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.domain.items import Item
from xstock_node.domain.needs import Climate, by_ratio
from xstock_node.domain.plan_facts import first_day
from xstock_node.domain.steps import NOTHING, Line, Reckoning
from xstock_node.domain.units import decimal_pair, factor, from_sent_pair
from xstock_node.protocol.recordtypes import ShortText, Time
from xstock_node.services.crews import whole
from xstock_node.services.errors import Refusal
from xstock_node.services.needing import need_of, ratios
from xstock_node.services.office import Office
from xstock_node.services.times import iso
from xstock_node.services.typed import decimal_text, pair_of, plain


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A line as a person writes it: catalogue code, quantity in digits, unit (else the item's own).

    `by` (unix seconds) and `severity` are the line's own, else those of the request hold; `expiry` is the earliest day
    or month that is accepted. `need` is the need in words that the quantity was worked out from, with `climate` and
    `household`; `own` is what of it the own stock covers, `why` why more is asked than the ratios come to.
    """

    item: str
    quantity: str
    unit: str = ""
    subs: bool = False
    by: Time = 0
    severity: Annotated[int, Meta(ge=0, le=3)] = 0
    expiry: ShortText = ""
    need: ShortText = ""
    climate: Climate = Climate.MILD
    household: str = "5"
    own: str = ""
    why: ShortText = ""


class ReckonedView(msgspec.Struct, frozen=True, kw_only=True):
    """How a quantity came about: `gross` by the ratios of that version, null where none speaks of it; `own` use."""

    need: str
    people: int
    households: int
    climate: str
    days: int
    ratios: str
    gross: str | None
    own: str
    why: str


class LineConditions(msgspec.Struct, frozen=True, kw_only=True):
    """What a line says for itself: by when, how grave, earliest expiry, whether substitutes are welcome."""

    needed_by: str
    severity: int
    expiry: str
    subs: bool
    reckoned: ReckonedView | None


async def line_of(office: Office, asked: Asked) -> Line:
    """The signed form of a line; raises Refusal for an item, figure, day or need that cannot be."""
    item = (await office.catalogue()).get(asked.item)
    if item is None:
        raise Refusal("no-item", "a code of the catalogue", asked.item, "see `xstock catalogue list`", 2)
    quantity = pair_of(asked.quantity, "a quantity", above_zero=True)
    whole(item, from_sent_pair(quantity))
    if asked.expiry and first_day(asked.expiry) is None:
        raise Refusal("bad-expiry", "a day or month such as 2027-06-30 or 2027-06", asked.expiry, "write it so", 2)
    return Line(
        item=item.code,
        unit=asked.unit or item.unit,
        qty=quantity,
        need=plain(asked.need, "need"),
        expiry=asked.expiry,
        by=asked.by,
        severity=asked.severity,
        subs=asked.subs,
        reckoned=_reckoned(asked, item),
    )


def conditions_of(line: Line) -> LineConditions:
    """What a line says for itself, for people."""
    return LineConditions(
        needed_by=iso(line.by) if line.by else "",
        severity=line.severity,
        expiry=line.expiry,
        subs=line.subs,
        reckoned=None if line.reckoned is None else _view(line.need, line.reckoned),
    )


def _reckoned(asked: Asked, item: Item) -> Reckoning | None:
    """Worked out again from the need in words, so that the version of the ratios is the one that was used."""
    if not asked.need:
        if asked.own or asked.why:
            raise Refusal("bad-line", "own use and its reason beside a need in words", asked.item, "add need=...", 2)
        return None
    need = need_of(asked.need, asked.climate, asked.household)
    gross = by_ratio(item.code, [need], ratios())
    fits = gross is not None and factor(asked.unit or item.unit, item.unit) == 1
    return Reckoning(
        people=need.people,
        households=need.households,
        climate=need.climate,
        days=need.days,
        ratios=ratios().version,
        gross=decimal_pair(gross) if gross is not None and fits else NOTHING,
        own=pair_of(asked.own, "own use") if asked.own else NOTHING,
        why=plain(asked.why, "why"),
    )


def _view(need: str, found: Reckoning) -> ReckonedView:
    return ReckonedView(
        need=need,
        people=found.people,
        households=found.households,
        climate=found.climate,
        days=found.days,
        ratios=found.ratios,
        gross=None if found.gross == NOTHING else _text(found.gross),
        own=_text(found.own),
        why=found.why,
    )


def _text(pair: tuple[int, int]) -> str:
    figure: Decimal = from_sent_pair(pair)
    return decimal_text(figure)
