"""Agreements: what two or more organisations settled in quiet times, so that no one has to settle it at night.

One file an agreement, TOML or JSON; the signed paper is known by its hash. An agreement that lapsed forbids new
operations and leaves open ones alone.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

import msgspec

from xstock_node.domain.fields import need, read_file
from xstock_node.domain.reasons import Reason
from xstock_node.domain.steps import Accept, Body, Promise
from xstock_node.domain.terms import Terms

HOUR = 3600


class DeliveryTerm(StrEnum):
    """Incoterms 2020: FCA, the requester's carrier takes over at the store; DAP, the supplier delivers to the place."""

    FCA = "FCA"
    DAP = "DAP"


class Tier(StrEnum):
    """What the other side learns: a band and a coarse place, the exact quantity, or lots and places as well."""

    BAND = "band"
    QUANTITY = "quantity"
    EXACT = "exact"


class Disclosure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is disclosed before an acceptance and after it."""

    before: Tier = Tier.BAND
    after: Tier = Tier.EXACT


class ClassOrder(StrEnum):
    """Severity classes one after the other, or a minimum share for every class first."""

    STRICT = "strict"
    FLOOR_FIRST = "floor_first"


class Fairness(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a shortage is shared: an equal share of need covered within a class; `floor` is a share from 0 to 1."""

    class_order: ClassOrder = ClassOrder.STRICT
    floor: Decimal = Decimal(0)
    tie: str = "node"

    def __post_init__(self) -> None:
        fits = self.floor.is_finite() and 0 <= self.floor <= 1
        need(fits, "a floor from 0 to 1", self.floor, "write a share, not a percentage")


class Agreement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One agreement.

    `parties` are names of nodes; `accessions` last days of those whose part ends earlier. `liability_sha256` is the
    hash of the signed liability text. `hold_hours` and `answer_hours` bound an offer's hold and an answer;
    `claim_days` run from receipt. `items` are the only item codes that it covers, None covers all.
    `reference_needed`: a request under it names the mechanism's own number. `risk_passes`, `cost_rule`, `insurer`,
    `pays_duty`, `law` and `forum` are words of the agreement itself. None is not settled.
    """

    id: str
    name: str
    parties: tuple[str, ...]
    valid_from: date
    valid_until: date
    terms: tuple[Terms, ...]
    cost_rule: str
    accessions: dict[str, date] = {}
    loan_days: int | None = None
    liability_sha256: str | None = None
    disclosure: Disclosure = Disclosure()
    fairness: Fairness = Fairness()
    hold_hours: int | None = None
    answer_hours: int | None = None
    delivery_term: DeliveryTerm | None = None
    risk_passes: str | None = None
    insurer: str | None = None
    pays_duty: str | None = None
    claim_days: int | None = None
    law: str | None = None
    forum: str | None = None
    items: tuple[str, ...] | None = None
    reference_needed: bool = False

    def __post_init__(self) -> None:
        where = f"correct agreement {self.id}"
        parties = len(set(self.parties))
        need(parties >= 2 and parties == len(self.parties), "two parties or more, each once", self.parties, where)
        need(self.valid_from <= self.valid_until, f"an end from {self.valid_from} on", self.valid_until, where)
        need(bool(self.terms), "one of " + ", ".join(Terms), "no terms", where)
        need(not set(self.accessions) - set(self.parties), "accessions of parties", sorted(self.accessions), where)
        for name in ("loan_days", "hold_hours", "answer_hours", "claim_days"):
            figure = getattr(self, name)
            need(figure is None or 0 < figure <= 3660, f"{name} from 1 to 3660", figure, where)
        digest = self.liability_sha256
        hexadecimal = digest is None or (len(digest) == 64 and set(digest) <= set("0123456789abcdef"))
        need(hexadecimal, "a SHA-256 of 64 small hexadecimal digits", digest, where)


def read_agreement(data: bytes) -> Agreement:
    """An agreement from its file; raises FieldError that names the field."""
    return read_file(data, Agreement)


def beyond(agreement: Agreement, body: Body, today: date, now: int, accepted: bool) -> list[Reason]:
    """Where a step goes beyond the agreement: held too long, lent too long, or telling lots before an acceptance.

    `now` unix seconds, `accepted`: the operation binds already. What the agreement does not settle bounds nothing.
    """
    named, found = {"agreement": agreement.name}, []
    if isinstance(body, Promise):
        if agreement.hold_hours and body.hold_until > now + agreement.hold_hours * HOUR:
            found.append(Reason("hold_beyond", named | {"hours": str(agreement.hold_hours)}))
        if not accepted and agreement.disclosure.before is not Tier.EXACT and any(line.lot for line in body.lines):
            found.append(Reason("lots_not_yet", named | {"tier": str(agreement.disclosure.before)}))
    if isinstance(body, Accept) and body.terms == "loan" and agreement.loan_days and body.due:
        last = (today + timedelta(days=agreement.loan_days)).isoformat()
        if body.due > last:
            found.append(Reason("loan_beyond", named | {"days": str(agreement.loan_days), "last": last}))
    return found


def objections(
    agreement: Agreement,
    terms: Terms,
    today: date,
    *,
    between: Iterable[str] = (),
    items: Iterable[str] = (),
    reference: str | None = None,
) -> list[Reason]:
    """Why a new operation under `agreement` is not allowed; empty where it is.

    `between` are the nodes of the two sides, `items` the codes asked for, `reference` the mechanism's number.
    """
    found = []
    named = {"agreement": agreement.name}
    if today < agreement.valid_from:
        found.append(Reason("agreement_not_yet", named | {"day": agreement.valid_from.isoformat()}))
    if today > agreement.valid_until:
        found.append(Reason("agreement_over", named | {"day": agreement.valid_until.isoformat()}))
    for node in between:
        if node not in agreement.parties:
            found.append(Reason("no_party", named | {"node": node}))
        elif today > agreement.accessions.get(node, date.max):
            found.append(
                Reason("accession_over", named | {"node": node, "day": agreement.accessions[node].isoformat()})
            )
    if terms not in agreement.terms:
        found.append(Reason("terms_not_agreed", named | {"terms": terms, "agreed": ", ".join(agreement.terms)}))
    if agreement.items is not None:
        beyond = sorted(set(items) - set(agreement.items))
        found += [Reason("item_not_agreed", named | {"item": item}) for item in beyond]
    if agreement.reference_needed and not reference:
        found.append(Reason("reference_needed", named))
    return found
