"""Disclosing: audience logs, exact twins of banded offers, and the erasing of records."""

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.domain import disclosure
from xstock_node.domain.catalogue import Catalogue
from xstock_node.protocol import limits, records
from xstock_node.protocol.keys import to_base64
from xstock_node.protocol.names import GOVERNANCE, LogName
from xstock_node.protocol.records import Audience, Erase, Offer, Withdraw, interpret
from xstock_node.services.errors import Refusal
from xstock_node.services.fresh import fresh
from xstock_node.services.office import Actor, Office
from xstock_node.services.ownlog import OwnLog
from xstock_node.storage.interfaces import Transaction

YEAR = 365 * 86_400
DAY = 86_400
Entropy = Callable[[int], bytes]


class EraseRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Records of an own log to erase everywhere: indexes, or all records of an offer's id."""

    label: str = ""
    indexes: Annotated[list[int], Meta(max_length=limits.SEGMENT)] = []
    offer: str = ""
    network: str = ""


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What was erased here, and is to be erased by every member within `days`."""

    log: str
    indexes: list[int]
    days: int


async def audience_log(office: Office, label: str) -> OwnLog:
    """An own audience log whose ruling record says what the settings say (xs1 15.1)."""
    network = office.node.home
    names, tiers = office.settings.audiences[label]
    name = network.shared._replace(log=f"{network.name}.{label}")
    state = await office.node.engine.read(lambda tx: tx.logs.state(name))
    ruling = interpret(state.audience.encode()) if state and state.audience else None
    if isinstance(ruling, Audience) and (ruling.names, ruling.tiers) == (names, tiers):
        return await network.own_log(label)
    now = office.node.clock.now()
    found_id, salt = fresh(office.node.random)
    record = Audience(id=found_id, ts=now, exp=now + YEAR, n=salt, names=names, tiers=tiers)  # type: ignore[arg-type]
    line = records.encode(record)
    log = network.add_log(label)
    await log.append(lambda tx: [line])
    network.signed(log)
    return log


def is_banded(office: Office, catalogue: Catalogue, code: str) -> bool:
    """Whether all members see only a band of an item."""
    item = catalogue.get(code)
    settings = office.settings
    return bool(settings.exact_to) and (
        code in settings.banded or (item is not None and item.category in settings.banded)
    )


async def publish_bands(office: Office, exact: LogName, entropy: Entropy) -> int:
    """Bring the coarse twins in the shared log to what the exact offers say; how many records that took."""
    now, own, count = office.node.clock.now(), office.node.own, 0
    until = now + office.settings.lease_days * DAY

    def make(tx: Transaction) -> list[bytes]:
        nonlocal count
        wanted = {o.of: o for o in _live(tx, exact, now) if o.of}
        held = {o.id: o for o in _live(tx, own.log, now) if o.band is not None}
        lines = []
        for twin, offer in wanted.items():
            new = disclosure.coarse(offer, twin, to_base64(entropy(12)), now, until)
            old = held.get(twin)
            if old is None or not disclosure.says_the_same(new, old):
                lines.append(records.encode(new))
        for twin, old in held.items():
            if twin not in wanted:
                salt = to_base64(entropy(12))
                lines.append(records.encode(Withdraw(id=twin, ts=now, exp=max(old.exp, now), n=salt)))
        count = len(lines)
        return lines

    await own.append(make)
    office.node.home.signed(own)
    return count


async def erase(office: Office, actor: Actor, request: EraseRequest) -> Erased:
    """Erase records of an own log: here at once, at every member within the charter's deadline (xs1 15.6)."""
    network = office.node.network(request.network)
    label = request.label or network.shared.label
    log = network.logs.get(network.shared._replace(log=f"{network.name}.{label}"))
    if log is None or label == GOVERNANCE:
        raise Refusal("no-log", "an own log that may be erased", label, "net logs are never erased")
    indexes: list[int] = []
    now = office.node.clock.now()
    found_id, salt = fresh(office.node.random)

    def make(tx: Transaction) -> list[bytes]:
        indexes[:] = request.indexes or _of_offer(tx, log.log, request.offer)
        state = tx.logs.state(log.log)
        size = state.frontier.size if state else 0
        if not indexes or any(not 0 <= index < size for index in indexes):
            raise Refusal("no-record", f"indexes of {log.log} below {size}", str(indexes[:5]), "see `xstock log show`")
        record = Erase(id=found_id, ts=now, exp=now + YEAR, n=salt, idx=tuple(sorted(indexes)[: limits.SEGMENT]))
        office.record(tx, actor, "log.erase", str(log.log), f"{len(indexes)} records")
        return [records.encode(record)]

    await log.append(make)
    network.signed(log)
    await office.node.engine.compact()
    charter = network.membership.charter
    return Erased(log=str(log.log), indexes=sorted(indexes), days=charter.terms.erase_days if charter else 30)


def _live(tx: Transaction, log: LogName, now: int) -> list[Offer]:
    found = (interpret(stored.line) for stored in tx.offers.of_log(log) if stored.exp > now)
    return [offer for offer in found if isinstance(offer, Offer)]


def _of_offer(tx: Transaction, log: LogName, offer_id: str) -> list[int]:
    """The indexes of every record of one offer."""
    state = tx.logs.state(log)
    found = []
    for index, line in enumerate(tx.logs.lines(log, 0, state.frontier.size if state else 0)):
        record = interpret(line)
        if isinstance(record, Offer | Withdraw) and record.id == offer_id:
            found.append(index)
    return found
