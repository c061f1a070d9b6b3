"""Needing: a need in words becomes a proposed list of goods with its working; the officer edits it and asks."""

from decimal import Decimal
from functools import cache
from pathlib import Path

import msgspec

from xstock_node.domain.needs import Climate, Need, NeedError, Ratios, parse_need, parse_ratios, propose_goods
from xstock_node.domain.reasons import sentence
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.typed import decimal_text, figure_of

FILE = Path(__file__).parent.parent / "domain" / "data" / "ratios.toml"


class NeedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A need such as `shelter for 500 people for 30 days`; how cold it is, how many live in a household."""

    need: str
    climate: Climate = Climate.MILD
    household: str = "5"


class ProposedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A proposed line: the item, empty where the catalogue has none; how the figure came about and whence the ratio."""

    item: str
    ratio: str
    quantity: str
    unit: str
    working: list[str]
    notes: list[str]
    source: str


class NeedView(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal; `lines` are as `request new --line` takes them, once an officer has looked.

    `climate`, `household` (persons) and `need` go with them, so that the request keeps how they came about.
    """

    need: str
    climate: Climate
    household: str
    households: int
    people: int
    days: int
    ratios: str
    lines: list[ProposedLine]

    @property
    def conditions(self) -> str:
        """`,need=WORDS` and the climate and household where they are not the usual ones."""
        words = " ".join(self.need.replace(",", "").split())
        climate = "" if self.climate is Climate.MILD else f",climate={self.climate}"
        household = "" if self.household == "5" else f",household={self.household}"
        return f",need={words}{climate}{household}"


@cache
def ratios() -> Ratios:
    """The ratios that ship with the node."""
    return parse_ratios(FILE.read_bytes())


def need_of(words: str, climate: Climate, household: str) -> Need:
    """A need in words, as it is reckoned with; raises Refusal `bad-need`, and `bad-quantity` for the household."""
    size: Decimal = figure_of(household, "the size of a household", above_zero=True)
    try:
        return parse_need(words, climate, size)
    except NeedError as error:
        raise Refusal("bad-need", error.expected, error.came, error.do, 2) from None


async def propose(office: Office, actor: Actor, request: NeedRequest) -> NeedView:
    """The goods that a need comes to, by the ratios; nothing is asked of anybody yet."""
    need = need_of(request.need, request.climate, request.household)
    proposal = propose_goods(need, ratios(), await office.catalogue())
    lines = [
        ProposedLine(
            item=line.item or "",
            ratio=line.ratio,
            quantity=decimal_text(line.quantity),
            unit=str(line.unit),
            working=[sentence(working.how) for working in line.workings],
            notes=[sentence(note) for note in line.notes],
            source=line.source,
        )
        for line in proposal.lines
    ]
    return NeedView(
        need=request.need,
        climate=need.climate,
        household=decimal_text(need.household_size),
        households=need.households,
        people=need.people,
        days=need.days,
        ratios=ratios().version,
        lines=lines,
    )
