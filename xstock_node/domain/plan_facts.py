"""What a plan is worked out from before it is inputs: requests with their answers, stock offers, and what is known.

Times are unix seconds here, and hours after 00:00 UTC of the day of the plan in its inputs.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final, NamedTuple

import msgspec

from xstock_node.domain.allocation_types import Inputs
from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.corridors import Facts
from xstock_node.domain.fairness import FairRule
from xstock_node.domain.loading import VehicleType
from xstock_node.domain.operation import Operation
from xstock_node.domain.reasons import Reason
from xstock_node.domain.reception import ReceptionProfile
from xstock_node.domain.steps import Ask
from xstock_node.domain.units import exact
from xstock_node.protocol.records import Offer

CENTURY: Final = 36_500 * 86_400
_HUNDREDTH: Final = Decimal("0.01")


class Answered(NamedTuple):
    """The operation of a request with one supplier."""

    case: str
    supplier: str
    operation: Operation


class Asking(NamedTuple):
    """An own request and what became of it."""

    id: str
    body: Ask
    answers: tuple[Answered, ...]


class Hint(NamedTuple):
    """A live stock offer of another node; `as_of`: when its stock was counted."""

    node: str
    offer: Offer
    as_of: int


class Known(NamedTuple):
    """What is known beside requests and offers; `assumed` are the hours that an unknown road is reckoned with.

    `accept_by`: when acceptances reach the suppliers. `profiles` by country; `rule_from` says whence the rule comes.
    """

    own: str
    network: str
    exercise: bool
    now: int
    accept_by: int
    catalogue: Catalogue
    profiles: Mapping[str, ReceptionProfile]
    facts: Facts
    vehicles: tuple[VehicleType, ...]
    assumed: Decimal
    rule: FairRule
    rule_from: Reason

    @property
    def day(self) -> date:
        """The day from whose beginning hours count."""
        return datetime.fromtimestamp(self.now, UTC).date()

    def hours(self, unix: int, up: bool = False) -> Decimal:
        """Hours after the beginning of the day, to a hundredth: down, so that a hold is never longer, or up.

        A time of another node that lies beyond a century is a century away: no calendar ends there, and no plan.
        """
        spent = Decimal(min(unix, self.now + CENTURY) - midnight(self.day.isoformat())) / 3600
        return exact(spent.quantize(_HUNDREDTH, ROUND_CEILING if up else ROUND_FLOOR))


class LineFact(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a request as it stands in the plan: `promised` is covered already. `dated`: a time was named for it."""

    line: str
    request: str
    item: str
    unit: str
    asked: Decimal
    promised: Decimal
    dated: bool


class OfferFact(msgspec.Struct, frozen=True, kw_only=True):
    """Where an offer of the plan comes from: a stock offer `id`, or what is held in `case` until `hold_until`.

    `as_of`: when it was counted, or the answer given. `at_least`: the quantity is the lower end of a band.
    """

    offer: str
    unit: str
    as_of: int
    id: str = ""
    case: str = ""
    hold_until: int = 0
    at_least: bool = False


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a request stands with a supplier that was asked."""

    request: str
    supplier: str
    case: str
    state: str


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """All that a plan is shown from: its inputs and whence they come; `said` are the assumptions that were made."""

    at: int
    network: str
    exercise: bool
    requests: tuple[str, ...]
    inputs: Inputs
    lines: tuple[LineFact, ...]
    offers: tuple[OfferFact, ...]
    standings: tuple[Standing, ...]
    rule_from: Reason
    said: tuple[Reason, ...]


def midnight(day: str) -> int:
    """Unix seconds of 00:00 UTC of an ISO date."""
    return int(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp())


def first_day(expiry: str) -> str | None:
    """The first day (ISO) of a day or month; None where the text is neither."""
    text = f"{expiry}-01" if len(expiry) == 7 else expiry
    try:
        return text if date.fromisoformat(text).isoformat() == text else None
    except ValueError:
        return None
