"""Publishing: from own stock by the share rules to signed offers; withdrawing, renewing, exporting."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from secrets import token_bytes
from typing import NamedTuple

import msgspec

from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.mapping import MappingTable
from xstock_node.domain.reasons import sentence
from xstock_node.domain.sharing import Proposal, ProposedOffer, SharedLine, propose
from xstock_node.domain.units import decimal_pair, exact
from xstock_node.protocol import heads, merkle, proof
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.keys import to_base64
from xstock_node.protocol.names import LogName, record_id
from xstock_node.protocol.records import Known, Offer, Still, Withdraw, encode, interpret
from xstock_node.services import disclosing
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.ownlog import OwnLog
from xstock_node.services.provenance import counted_at, source_word
from xstock_node.services.times import iso
from xstock_node.services.typed import plain
from xstock_node.storage.interfaces import Source, StoredOffer, Transaction

DAY = 86_400
Entropy = Callable[[int], bytes]
_Spot = tuple[str, str]


class ProposedView(msgspec.Struct, frozen=True, kw_only=True):
    """What would be offered of one item at one place; quantities are decimal strings."""

    code: str
    name: str
    place: str
    quantity: str
    unit: str
    expiry: str | None
    needs_release: bool
    why: str


class NotOfferedView(msgspec.Struct, frozen=True, kw_only=True):
    """A line, or the rest of one, that is not offered: which of the ten rules, and why."""

    ref: str
    name: str
    code: str
    rule: int
    reason: str
    why: str
    partly: bool


class PreviewResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the share rules make of the own stock."""

    lines: int
    offers: list[ProposedView]
    not_offered: list[NotOfferedView]


class OfferView(msgspec.Struct, frozen=True, kw_only=True):
    """One own live offer."""

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


class PublishRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Catalogue codes to publish (none: all); `release` is a person's release of what needs one."""

    codes: list[str] = []
    release: bool = False


class PublishResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was published anew, withdrawn because it is no longer there, left as it was, and held for a release.

    `impossible` are offers that no record can say; `why` names their lines and what is wrong with them.
    """

    published: list[OfferView]
    withdrawn: list[str]
    unchanged: int
    held: list[ProposedView]
    impossible: list[ProposedView] = []


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


async def preview(office: Office, actor: Actor, request: None = None) -> PreviewResult:
    """What would be offered of the own stock, and why each other line is not."""
    catalogue = await office.catalogue()
    lines, proposal = await office.node.engine.read(lambda tx: _propose(office, tx, catalogue))
    names = {shared.ref: shared.line.item_name or shared.line.item_code or "" for shared in lines}
    return PreviewResult(
        lines=len(lines),
        offers=[_proposed_view(offer) for offer in proposal.offers],
        not_offered=[
            NotOfferedView(
                ref=n.ref,
                name=names[n.ref],
                code=n.code or "",
                rule=n.rule,
                reason=n.reason.code,
                why=sentence(n.reason),
                partly=n.partly,
            )
            for n in proposal.not_offered
        ],
    )


async def publish(
    office: Office, actor: Actor, request: PublishRequest, entropy: Entropy = token_bytes
) -> PublishResult:
    """Sign offers for what the rules allow and a person released; withdraw what is no longer there."""
    catalogue = await office.catalogue()
    unknown = [code for code in request.codes if code not in catalogue]
    if unknown:
        raise Refusal("no-item", "codes of the catalogue", ", ".join(unknown), "see `xstock catalogue list`")
    result = await _publish_into(office, actor, catalogue, request, entropy, office.node.own, Share())
    if not office.settings.exact_to:
        return result
    log = await disclosing.audience_log(office, office.settings.exact_to)
    banded = await _publish_into(office, actor, catalogue, request, entropy, log, Share(exact=True))
    await disclosing.publish_bands(office, log.log, entropy)
    return PublishResult(
        published=result.published + banded.published,
        withdrawn=result.withdrawn + banded.withdrawn,
        unchanged=result.unchanged + banded.unchanged,
        held=result.held + banded.held,
        impossible=result.impossible + banded.impossible,
    )


async def _publish_into(
    office: Office,
    actor: Actor,
    catalogue: Catalogue,
    request: PublishRequest,
    entropy: Entropy,
    log: OwnLog,
    share: "Share",
) -> PublishResult:
    """Bring the live offers of one own log to what the rules say now."""
    result = PublishResult(published=[], withdrawn=[], unchanged=0, held=[])

    def make(tx: Transaction) -> Sequence[bytes]:
        nonlocal result
        lines, result = _changes(office, tx, catalogue, request, entropy, log.log, share)
        if lines:
            office.record(
                tx,
                actor,
                "offer.publish",
                ",".join(request.codes) or "all",
                f"{len(result.published)} published, {len(result.withdrawn)} withdrawn, release {request.release}",
            )
        return lines

    await log.append(make)
    office.node.home.signed(log)
    return result


async def withdraw(office: Office, actor: Actor, request: OfferIds, entropy: Entropy = token_bytes) -> CountResult:
    """End own offers; what a person ends, a person releases before it is offered again."""
    plain(request.why, "why")

    def records(tx: Transaction, found: list[Offer], now: int) -> list[Known]:
        for code in {o.item for o in found}:
            tx.stock.release(code, Decimal(0))
        return [_end(o, now, entropy, request.why) for o in found]

    return await _for_each(office, actor, request, "offer.withdraw", records)


async def renew(office: Office, actor: Actor, request: OfferIds, entropy: Entropy = token_bytes) -> CountResult:
    """Say that the stock behind offers was checked now: they get this date and a new lease, and no other offer does."""

    def records(tx: Transaction, found: list[Offer], now: int) -> list[Known]:
        until = now + office.settings.lease_days * DAY
        # A `still` reaches every offer of its source that the index holds, expired ones too.
        expired = {o.src for s in tx.offers.of_log(office.node.log) if s.exp <= now and (o := _offer(s.line))}
        whole = {o.src for o in found} - expired if request.all else set()
        said: list[Known] = [
            Still(id=record_id(entropy(10)), ts=now, exp=until, n=to_base64(entropy(12)), src=source)
            for source in sorted(whole)
        ]
        for offer in found:
            if offer.src not in whole:
                fresh = to_base64(entropy(12))
                said.append(msgspec.structs.replace(offer, ts=now, exp=until, asof=now, n=fresh))
        return said

    return await _for_each(office, actor, request, "offer.renew", records)


async def list_offers(office: Office, actor: Actor, request: None = None) -> list[OfferView]:
    """Own live offers."""
    now = office.node.clock.now()
    stored = await office.node.engine.read(lambda tx: tx.offers.of_log(office.node.log))
    return [_view(found) for found in stored if found.exp > now]


async def export(office: Office, actor: Actor, request: OfferId) -> ExportResult:
    """A portable offer: the record, its inclusion proof and the signed head."""
    log = office.node.log._replace(node=request.node or office.node.log.node)

    def build(tx: Transaction) -> bytes:
        found, state = tx.offers.get(log, request.id), tx.logs.state(log)
        if found is None or state is None:
            raise Refusal("no-offer", "the id of a live offer", request.id, "see `xstock offer list` or search")
        size = heads.parse(state.head)[0].size
        path = merkle.inclusion_path(found.index, size, lambda a, b: tx.logs.range_root(log, a, b))
        return proof.build(found.line, found.index, path, state.head)

    content = await office.node.engine.read(build)
    return ExportResult(file=f"{log.node}-{request.id}.xsoffer", content=content)


async def _for_each(
    office: Office,
    actor: Actor,
    request: OfferIds,
    verb: str,
    records: Callable[[Transaction, list[Offer], int], list[Known]],
) -> CountResult:
    if not request.ids and not request.all:
        raise Refusal("no-offer", "ids of offers, or --all", "neither", "see `xstock offer list`", 2)
    chosen: list[Offer] = []

    def make(tx: Transaction) -> Sequence[bytes]:
        nonlocal chosen
        now = office.node.clock.now()
        own = {o.id: o for s in tx.offers.of_log(office.node.log) if s.exp > now and (o := _offer(s.line))}
        missing = [i for i in dict.fromkeys(request.ids) if i not in own]
        if missing:
            raise Refusal("no-offer", "ids of own live offers", ", ".join(missing), "see `xstock offer list`")
        chosen = list(own.values()) if request.all else [own[i] for i in dict.fromkeys(request.ids)]
        office.record(tx, actor, verb, ",".join(o.id for o in chosen), request.why)
        return [encode(r) for r in records(tx, chosen, now)]

    office.node.signed(await office.node.own.append(make))
    return CountResult(changed=len(chosen), ids=[o.id for o in chosen])


def _propose(office: Office, tx: Transaction, catalogue: Catalogue) -> tuple[list[SharedLine], Proposal]:
    table = MappingTable(tx.stock.mappings())
    lines = [
        SharedLine(line, ref, table.find(source, line), table.void(source, line))
        for source, ref, line in tx.stock.lines()
    ]
    today = datetime.fromtimestamp(office.node.clock.now(), UTC).date()
    rules, released = office.settings.rules, tx.stock.released()
    return lines, propose(lines, rules, catalogue, tx.stock.minimums(), {}, released, today)


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


def _changes(
    office: Office,
    tx: Transaction,
    catalogue: Catalogue,
    request: PublishRequest,
    entropy: Entropy,
    log: LogName,
    share: Share,
) -> tuple[list[bytes], PublishResult]:
    """The lines that bring the own live offers to what the rules say now, and what a person is told."""
    _, proposal = _propose(office, tx, catalogue)
    making = _Making(office, catalogue, _sources(tx), office.node.clock.now(), entropy, share)
    live = _live(tx, making.now, log)
    chosen = [o for o in proposal.offers if not request.codes or o.code in request.codes]
    chosen = [o for o in chosen if disclosing.is_banded(office, catalogue, o.code) == share.exact]
    held = [o for o in chosen if o.needs_release and not request.release]
    made = {_spot(office, o): (o, _record(making, o, live.get(_spot(office, o)))) for o in chosen if o not in held}
    new = {at: one for at, one in made.items() if at not in live or not _says_the_same(one[1], live[at])}
    lines, impossible = _encoded(new)
    for proposed, _ in (new[at] for at in lines if new[at][0].needs_release):
        tx.stock.release(proposed.code, _total(proposal, proposed.code))
    wanted = {_spot(office, o) for o in chosen} - impossible.keys()
    ended = [o.offer for at, o in live.items() if at not in wanted and (not request.codes or at[0] in request.codes)]
    ends = [encode(_end(offer, making.now, entropy)) for offer in ended]
    return [*lines.values(), *ends], PublishResult(
        published=[_offer_view(offer, offer.asof, offer.exp, -1) for _, offer in (new[at] for at in lines)],
        withdrawn=[o.id for o in ended],
        unchanged=len(made) - len(new),
        held=[_proposed_view(o) for o in held],
        impossible=list(impossible.values()),
    )


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
    found = [(s, _offer(s.line)) for s in tx.offers.of_log(log) if s.exp > now]
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
    return Offer(
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


def _end(offer: Offer, now: int, entropy: Entropy, why: str = "") -> Withdraw:
    return Withdraw(id=offer.id, ts=now, exp=max(offer.exp, now), n=to_base64(entropy(12)), why=why)


def _impossible(proposed: ProposedOffer, error: Exception) -> ProposedView:
    said = error.came if isinstance(error, ProtocolError) and error.came else str(error)
    why = f"no record can say this: {said}; correct {', '.join(proposed.refs)}"
    return msgspec.structs.replace(_proposed_view(proposed), why=why)


def _place(office: Office, proposed: ProposedOffer) -> str:
    return (proposed.place or office.settings.place)[:120]


def _spot(office: Office, proposed: ProposedOffer) -> _Spot:
    return proposed.code, _place(office, proposed)


def _total(proposal: Proposal, code: str) -> Decimal:
    return sum((o.quantity for o in proposal.offers if o.code == code), Decimal(0))


def _offer(line: bytes) -> Offer | None:
    found = interpret(line)
    return found if isinstance(found, Offer) else None


def _view(found: StoredOffer) -> OfferView:
    offer = _offer(found.line)
    assert offer is not None
    return _offer_view(offer, found.asof, found.exp, found.index)


def _offer_view(offer: Offer, asof: int, exp: int, index: int) -> OfferView:
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
    )


def _proposed_view(offer: ProposedOffer) -> ProposedView:
    return ProposedView(
        code=offer.code,
        name=offer.name,
        place=offer.place or "",
        quantity=str(offer.quantity),
        unit=offer.unit.value,
        expiry=offer.earliest_expiry,
        needs_release=offer.needs_release,
        why=sentence(offer.release_reason) if offer.release_reason else "",
    )


def figure(pair: tuple[int, int]) -> Decimal:
    """The quantity of a record; a peer may write 100 as (100, 0) or (1, 2)."""
    return exact(Decimal(pair[0]).scaleb(pair[1]))
