"""Offering: what has to be signed and withdrawn so that the live offers of a log say what the rules say now."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.commitments import Counts
from xstock_node.domain.mapping import MappingTable
from xstock_node.domain.sharing import Proposal, ProposedOffer, SharedLine, propose
from xstock_node.domain.sums import Key
from xstock_node.domain.units import decimal_pair, from_sent_pair
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.keys import to_base64
from xstock_node.protocol.names import LogName, record_id
from xstock_node.protocol.records import Offer, Reserve, Withdraw, encode
from xstock_node.services import disclosing, undoing
from xstock_node.services.errors import Refusal
from xstock_node.services.offer_views import (
    ProposedView,
    PublishRequest,
    PublishResult,
    offer_in,
    offer_view,
    proposed_view,
)
from xstock_node.services.office import Office
from xstock_node.services.promises import Stock, claims
from xstock_node.services.provenance import counted_at, counts_of, source_word
from xstock_node.services.sources import old_refs
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Source

DAY = 86_400
Entropy = Callable[[int], bytes]
_Spot = tuple[str, str]


def proposal_of(
    office: Office, tx: Transaction, catalogue: Catalogue, commitments: Mapping[str, Decimal] | None = None
) -> tuple[list[SharedLine], Proposal]:
    """The lines of own stock and what would be offered of them, less `commitments` by code (else what is promised)."""
    table = MappingTable(tx.stock.mappings())
    lines = [
        SharedLine(line, ref, table.find(source, line), table.void(source, line))
        for source, ref, line in tx.stock.lines()
    ]
    today = datetime.fromtimestamp(office.node.clock.now(), UTC).date()
    rules, released = office.settings.rules, tx.stock.released()
    taken = committed(office, tx, counted(tx, lines, catalogue)) if commitments is None else commitments
    return lines, propose(lines, rules, catalogue, tx.stock.minimums(), taken, released, today)


def counted(tx: Transaction, lines: Iterable[SharedLine], catalogue: Catalogue) -> Counts:
    """When each item was counted: at the earliest as its oldest line, of those that have any of it."""
    when = counts_of(tx.stock.sources(), tx.stock.lines())
    earliest, latest = dict[Key, int](), dict[Key, int]()
    for one in lines:
        item = catalogue.get(one.mapping.code) if one.mapping is not None else None
        if item is None:
            continue
        key, (first, last) = (item.code, item.unit.value), when[one.ref]
        latest[key] = max(last, latest.get(key, last))
        if one.line.quantity > 0:
            earliest[key] = min(first, earliest.get(key, first))
    return Counts(earliest, latest)


def committed(office: Office, tx: Transaction, counted: Counts) -> dict[str, Decimal]:
    """What the real operations of all networks claim of the stock, by catalogue code."""
    real = [network.name for network in office.node.networks.values() if not network.shared.is_exercise]
    taken = claims(tx, real, office.node.identity.name, Stock({}, counted), office.node.clock.now())
    found: dict[str, Decimal] = {}
    for (code, _), quantity in taken.whole.items():
        found[code] = found.get(code, Decimal(0)) + quantity
    return found


_OLD = "its source was not read for too long: nothing new is offered from it (see `xstock stock sources`)"


class _Live(NamedTuple):
    """An own live offer as published, and its date as later records refreshed it."""

    offer: Offer
    asof: int


class Share(NamedTuple):
    """Which offers are published: those for all, or the exact twins of banded ones, for an audience."""

    exact: bool = False


class _Making(NamedTuple):
    """What every offer of one publication is made with; `sources` gives the source of each line's ref."""

    office: Office
    catalogue: Catalogue
    sources: dict[str, Source]
    now: int
    entropy: Entropy
    share: Share


def changes(
    office: Office,
    tx: Transaction,
    catalogue: Catalogue,
    request: PublishRequest,
    entropy: Entropy,
    log: LogName,
    share: Share,
) -> tuple[list[bytes], PublishResult]:
    """The lines that bring the own live offers to what the rules say now, and what a person is told."""
    _, proposal = proposal_of(office, tx, catalogue)
    making = _Making(office, catalogue, _sources(tx), office.node.clock.now(), entropy, share)
    live = _live(tx, making.now, log)
    chosen = [o for o in proposal.offers if not request.codes or o.code in request.codes]
    chosen = [o for o in chosen if disclosing.is_banded(office, catalogue, o.code) == share.exact]
    aged = _aged(tx, making, chosen, live)
    wanted = {_spot(office, o) for o in chosen}
    chosen = [o for o in chosen if o not in aged]
    held = [o for o in chosen if o.needs_release and not request.release]
    made = {_spot(office, o): (o, _record(making, o, live.get(_spot(office, o)))) for o in chosen if o not in held}
    new = {at: one for at, one in made.items() if at not in live or not _says_the_same(one[1], live[at])}
    lines, impossible = _encoded(new)
    for proposed, _ in (new[at] for at in lines if new[at][0].needs_release):
        tx.stock.release(proposed.code, _total(proposal, proposed.code))
    wanted -= impossible.keys()
    ended = [o.offer for at, o in live.items() if at not in wanted and (not request.codes or at[0] in request.codes)]
    _check_room(office, len(live.keys() | lines.keys()) - len(ended))
    ends = [encode(ending(offer, making.now, entropy)) for offer in ended]
    undoing.published(tx, [*(code for code, _ in lines), *(offer.item for offer in ended)])
    return [*lines.values(), *ends], PublishResult(
        published=[offer_view(offer, offer.asof, offer.exp, -1) for _, offer in (new[at] for at in lines)],
        withdrawn=[o.id for o in ended],
        unchanged=len(made) - len(new),
        held=[proposed_view(o) for o in held],
        impossible=list(impossible.values()),
        aged=[msgspec.structs.replace(proposed_view(o), why=_OLD) for o in aged],
    )


def _aged(
    tx: Transaction, making: _Making, chosen: list[ProposedOffer], live: Mapping[_Spot, _Live]
) -> list[ProposedOffer]:
    """Offers from sources that are too old to say anything new; one that says the same as before is none of them."""
    old = old_refs(tx, making.now)
    found = []
    for one in (o for o in chosen if not old.isdisjoint(o.refs)):
        before = live.get(_spot(making.office, one))
        if before is None or one.quantity > from_sent_pair(before.offer.qty):
            found.append(one)  # less than before is said at any age
    return found


def _check_room(office: Office, standing: int) -> None:
    """Peers take no more live offers of a member than the charter allows: the rest would wait for ever (xs1 21.2)."""
    most = office.node.home.membership.live_records
    if standing > most:
        do = "publish fewer items (--code), or ask the governors for a charter with more"
        raise Refusal("too-many-offers", f"at most {most} live offers", str(standing), do)


def _encoded(new: dict[_Spot, tuple[ProposedOffer, Offer]]) -> tuple[dict[_Spot, bytes], dict[_Spot, ProposedView]]:
    """The lines of new offers, and those offers that no record can say, with the reason."""
    lines: dict[_Spot, bytes] = {}
    impossible: dict[_Spot, ProposedView] = {}
    for at, (proposed, offer) in new.items():
        try:
            lines[at] = encode(offer)
        except (ProtocolError, ValueError, OverflowError) as error:
            impossible[at] = _impossible(proposed, error)
    return lines, impossible


def _live(tx: Transaction, now: int, log: LogName) -> dict[_Spot, _Live]:
    found = [(s, offer_in(s.line)) for s in tx.offers.of_log(log) if s.exp > now]
    return {(o.item, o.place): _Live(o, stored.asof) for stored, o in found if o is not None and o.band is None}


def _sources(tx: Transaction) -> dict[str, Source]:
    """The source of every line; a line whose source is not known counts as of long ago."""
    known = {source.name: source for source in tx.stock.sources()}
    return {ref: known.get(name) or Source(name, "", "", 0, 0, 0) for name, ref, _ in tx.stock.lines()}


def _record(making: _Making, proposed: ProposedOffer, before: _Live | None) -> Offer:
    settings, now = making.office.settings, making.now
    item = making.catalogue.get(proposed.code)
    assert item is not None
    sources = [making.sources[ref] for ref in proposed.refs]
    offer = Offer(
        id=before.offer.id if before else record_id(making.entropy(10)),
        ts=now,
        exp=now + settings.lease_days * DAY,
        n=to_base64(making.entropy(12)),
        item=item.code,
        scheme=item.scheme,
        name=proposed.name[:200],
        lang=settings.languages[0],
        cat=item.category.value,
        kind=item.kind.value,
        qty=decimal_pair(proposed.quantity),
        unit=proposed.unit.value,
        mult=decimal_pair(proposed.multiple),
        terms=settings.terms,
        ready=settings.ready_hours,
        cc=settings.country,
        place=_place(making.office, proposed),
        at=settings.at,
        best=proposed.earliest_expiry,
        cond=proposed.condition,
        asof=_asof(sources, before, now),
        src=source_word({source.name for source in sources}),
        of=_twin(making, before),
    )
    pool = settings.pools.get(item.code)
    if pool is None:
        return offer
    said = {name: getattr(offer, name) for name in offer.__struct_fields__}
    return Reserve(**said, pool=pool.name, by=pool.decides)


def _twin(making: _Making, before: _Live | None) -> str | None:
    """The id of the coarse offer that an exact one stands behind; nothing but this links the two."""
    if not making.share.exact:
        return None
    return (before.offer.of if before else None) or record_id(making.entropy(10))


def _asof(sources: list[Source], before: _Live | None, now: int) -> int:
    """When the oldest of the sources was counted, or later where a person renewed the offer since they were read."""
    counted = min((counted_at(source, now) for source in sources), default=now)
    read = max((source.read_at for source in sources), default=now)
    return before.asof if before and before.asof > counted and before.asof > read else counted


def _says_the_same(offer: Offer, before: _Live) -> bool:
    """Whether nothing is new but an age that moved by no more than a day: that alone is not worth a record."""
    old = before.offer
    bare = msgspec.structs.replace(offer, ts=old.ts, exp=old.exp, n=old.n, asof=old.asof)
    return bare == old and abs(offer.asof - before.asof) <= DAY


def ending(offer: Offer, now: int, entropy: Entropy, why: str = "") -> Withdraw:
    return Withdraw(id=offer.id, ts=now, exp=max(offer.exp, now), n=to_base64(entropy(12)), why=why)


def _impossible(proposed: ProposedOffer, error: Exception) -> ProposedView:
    said = error.came if isinstance(error, ProtocolError) and error.came else str(error)
    why = f"no record can say this: {said}; correct {', '.join(proposed.refs)}"
    return msgspec.structs.replace(proposed_view(proposed), why=why)


def _place(office: Office, proposed: ProposedOffer) -> str:
    return (proposed.place or office.settings.place)[:120]


def _spot(office: Office, proposed: ProposedOffer) -> _Spot:
    return proposed.code, _place(office, proposed)


def _total(proposal: Proposal, code: str) -> Decimal:
    return sum((o.quantity for o in proposal.offers if o.code == code), Decimal(0))
