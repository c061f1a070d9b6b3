"""What people are told of own offers, and what they ask about them: the structs of the API."""

from decimal import Decimal

import msgspec

from xstock_node.domain.reasons import sentence
from xstock_node.domain.sharing import ProposedOffer
from xstock_node.domain.units import exact
from xstock_node.protocol.records import Offer, Reserve, interpret
from xstock_node.services.times import iso
from xstock_node.storage.values import StoredOffer


class ProposedView(msgspec.Struct, frozen=True, kw_only=True):
    """What would be offered of one item at one place; quantities are decimal strings.

    `why` says why a person has to release it; `reason` and `params` say the same as a message of `reasons.MESSAGES`.
    """

    code: str
    name: str
    place: str
    quantity: str
    unit: str
    expiry: str | None
    needs_release: bool
    why: str
    reason: str = ""
    params: dict[str, str] = {}


class NotOfferedView(msgspec.Struct, frozen=True, kw_only=True):
    """A line, or the rest of one, that is not offered: which of the ten rules, and why.

    `reason` and `params` say the same as `why`, as a message of `reasons.MESSAGES`.
    """

    ref: str
    name: str
    code: str
    rule: int
    reason: str
    why: str
    partly: bool
    params: dict[str, str] = {}


class PreviewResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the share rules make of the own stock."""

    lines: int
    offers: list[ProposedView]
    not_offered: list[NotOfferedView]


class OfferView(msgspec.Struct, frozen=True, kw_only=True):
    """One own live offer; `exercise`: it stands in the log of an exercise, and nothing of it is real.

    `pool` is the arrangement under which it is held for all, `decides` who releases it; empty for what is the node's.
    """

    id: str
    item: str
    name: str
    quantity: str
    unit: str
    place: str
    terms: tuple[str, ...]
    as_of: str
    valid_until: str
    expiry: str | None
    index: int
    exercise: bool = False
    pool: str = ""
    decides: str = ""


class PublishRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Catalogue codes to publish (none: all); `release` is a person's release of what needs one."""

    codes: list[str] = []
    release: bool = False


class PublishResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was published anew, withdrawn because it is no longer there, left as it was, and held for a release.

    `impossible` are offers that no record can say; `why` names their lines and what is wrong with them. `aged` are not
    published anew, because their source was not read for too long; what stands of them stays.
    """

    published: list[OfferView]
    withdrawn: list[str]
    unchanged: int
    held: list[ProposedView]
    impossible: list[ProposedView] = []
    aged: list[ProposedView] = []


class OfferIds(msgspec.Struct, frozen=True, kw_only=True):
    """Offers by id, or all."""

    ids: list[str] = []
    all: bool = False
    why: str = ""


class OfferId(msgspec.Struct, frozen=True, kw_only=True):
    """One offer, of this node or (with `node`) of another."""

    id: str
    node: str = ""


class CountResult(msgspec.Struct, frozen=True, kw_only=True):
    """How many offers a verb changed."""

    changed: int
    ids: list[str]


class ExportResult(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes of an .xsoffer file and a name for it."""

    file: str
    content: bytes


def offer_in(line: bytes) -> Offer | None:
    found = interpret(line)
    return found if isinstance(found, Offer) else None


def stored_view(found: StoredOffer) -> OfferView:
    offer = offer_in(found.line)
    assert offer is not None
    return offer_view(offer, found.asof, found.exp, found.index)


def offer_view(offer: Offer, asof: int, exp: int, index: int) -> OfferView:
    return OfferView(
        id=offer.id,
        item=offer.item,
        name=offer.name,
        quantity=str(figure(offer.qty)),
        unit=offer.unit,
        place=offer.place,
        terms=offer.terms,
        as_of=iso(asof),
        valid_until=iso(exp),
        expiry=offer.best,
        index=index,
        pool=offer.pool if isinstance(offer, Reserve) else "",
        decides=offer.by if isinstance(offer, Reserve) else "",
    )


def proposed_view(offer: ProposedOffer) -> ProposedView:
    return ProposedView(
        code=offer.code,
        name=offer.name,
        place=offer.place or "",
        quantity=str(offer.quantity),
        unit=offer.unit.value,
        expiry=offer.earliest_expiry,
        needs_release=offer.needs_release,
        why=sentence(offer.release_reason) if offer.release_reason else "",
        reason=offer.release_reason.code if offer.release_reason else "",
        params=offer.release_reason.params if offer.release_reason else {},
    )


def figure(pair: tuple[int, int]) -> Decimal:
    """The quantity of a record; a peer may write 100 as (100, 0) or (1, 2)."""
    return exact(Decimal(pair[0]).scaleb(pair[1]))
