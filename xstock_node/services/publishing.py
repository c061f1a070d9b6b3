"""Publishing: from own stock by the share rules to signed offers; withdrawing, renewing, exporting."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from secrets import token_bytes

import msgspec

from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.reasons import sentence
from xstock_node.protocol import heads, merkle, proof
from xstock_node.protocol.keys import to_base64
from xstock_node.protocol.names import record_id
from xstock_node.protocol.records import Known, Offer, Still, encode
from xstock_node.services import disclosing
from xstock_node.services.errors import Refusal
from xstock_node.services.offer_views import (
    CountResult,
    ExportResult,
    NotOfferedView,
    OfferId,
    OfferIds,
    OfferView,
    PreviewResult,
    PublishRequest,
    PublishResult,
    offer_in,
    proposed_view,
    stored_view,
)
from xstock_node.services.offering import DAY, Entropy, Share, changes, ending, proposal_of
from xstock_node.services.office import Actor, Office
from xstock_node.services.ownlog import OwnLog
from xstock_node.services.typed import plain
from xstock_node.storage.interfaces import Transaction


async def preview(office: Office, actor: Actor, request: None = None) -> PreviewResult:
    """What would be offered of the own stock, and why each other line is not."""
    catalogue = await office.catalogue()
    lines, proposal = await office.node.engine.read(lambda tx: proposal_of(office, tx, catalogue))
    names = {shared.ref: shared.line.item_name or shared.line.item_code or "" for shared in lines}
    return PreviewResult(
        lines=len(lines),
        offers=[proposed_view(offer) for offer in proposal.offers],
        not_offered=[
            NotOfferedView(
                ref=n.ref,
                name=names[n.ref],
                code=n.code or "",
                rule=n.rule,
                reason=n.reason.code,
                why=sentence(n.reason),
                partly=n.partly,
                params=n.reason.params,
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
        aged=result.aged + banded.aged,
    )


async def _publish_into(
    office: Office,
    actor: Actor,
    catalogue: Catalogue,
    request: PublishRequest,
    entropy: Entropy,
    log: OwnLog,
    share: Share,
) -> PublishResult:
    """Bring the live offers of one own log to what the rules say now."""
    result = PublishResult(published=[], withdrawn=[], unchanged=0, held=[])

    def make(tx: Transaction) -> Sequence[bytes]:
        nonlocal result
        lines, result = changes(office, tx, catalogue, request, entropy, log.log, share)
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
    return msgspec.structs.replace(result, published=_marked(office, result.published))


async def withdraw(office: Office, actor: Actor, request: OfferIds, entropy: Entropy = token_bytes) -> CountResult:
    """End own offers; what a person ends, a person releases before it is offered again."""
    plain(request.why, "why")

    def records(tx: Transaction, found: list[Offer], now: int) -> list[Known]:
        for code in {o.item for o in found}:
            tx.stock.release(code, Decimal(0))
        return [ending(o, now, entropy, request.why) for o in found]

    return await _for_each(office, actor, request, "offer.withdraw", records)


async def renew(office: Office, actor: Actor, request: OfferIds, entropy: Entropy = token_bytes) -> CountResult:
    """Say that the stock behind offers was checked now: they get this date and a new lease, and no other offer does."""

    def records(tx: Transaction, found: list[Offer], now: int) -> list[Known]:
        until = now + office.settings.lease_days * DAY
        # A `still` reaches every offer of its source that the index holds, expired ones too.
        expired = {o.src for s in tx.offers.of_log(office.node.log) if s.exp <= now and (o := offer_in(s.line))}
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
    return _marked(office, [stored_view(found) for found in stored if found.exp > now])


def _marked(office: Office, offers: list[OfferView]) -> list[OfferView]:
    """Offers of the home network as a person is told of them: those of an exercise say so."""
    exercise = office.node.log.is_exercise
    return [msgspec.structs.replace(one, exercise=exercise) for one in offers] if exercise else offers


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
        own = {o.id: o for s in tx.offers.of_log(office.node.log) if s.exp > now and (o := offer_in(s.line))}
        missing = [i for i in dict.fromkeys(request.ids) if i not in own]
        if missing:
            raise Refusal("no-offer", "ids of own live offers", ", ".join(missing), "see `xstock offer list`")
        chosen = list(own.values()) if request.all else [own[i] for i in dict.fromkeys(request.ids)]
        office.record(tx, actor, verb, ",".join(o.id for o in chosen), request.why)
        return [encode(r) for r in records(tx, chosen, now)]

    office.node.signed(await office.node.own.append(make))
    return CountResult(changed=len(chosen), ids=[o.id for o in chosen])
