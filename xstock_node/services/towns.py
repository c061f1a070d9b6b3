"""Towns that apply by the public form: kept, sponsored, refused, and let go.

A town with a node of its own is sponsored by a vouch, as every member is; one without gets a key to a page that shows
what its tier opens. Nothing of a person is kept: a function answers, and its address goes when the town does.
"""

import hashlib
import hmac
from base64 import b32encode
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from xstock_node.domain import towns
from xstock_node.domain.rights import DAY
from xstock_node.domain.towns import Town, TownApplication, TownState, TownTier
from xstock_node.protocol import limits
from xstock_node.services import governing
from xstock_node.services.errors import Refusal
from xstock_node.services.fresh import fresh
from xstock_node.services.looked import Finding
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.services.times import iso
from xstock_node.services.typed import plain
from xstock_node.storage.interfaces import Transaction

TOWNS: Final[Shelf[Town]] = Shelf("town", Town)
LEFT: Final = "left at its own wish"
Id = Annotated[str, Meta(min_length=1, max_length=40)]


class TownRef(msgspec.Struct, frozen=True, kw_only=True):
    """An application by its id."""

    id: Id


class SponsorTown(TownRef, frozen=True, kw_only=True):
    """Sponsor a town for `days`. `digits` are those read out by telephone, for a town with a node of its own."""

    tier: TownTier = "town"
    days: Annotated[int, Meta(ge=1, le=400)] = 365
    digits: Annotated[str, Meta(max_length=60)] = ""


class RefuseTown(TownRef, frozen=True, kw_only=True):
    """Refuse an application; the reason is for this node's people."""

    reason: Annotated[str, Meta(min_length=1, max_length=limits.FREE_TEXT)]


class TownView(msgspec.Struct, frozen=True, kw_only=True):
    """An application and what became of it; `asked` is the tier it asked for, `tier` the one granted.

    `node` is the name of its own node, whose standing then is that of a member. `key` opens its page: it is shown once,
    to be handed over by telephone or on paper, and kept nowhere.
    """

    id: str
    state: TownState
    name: str
    kind: str
    country: str
    areas: list[str]
    languages: list[str]
    contact: str
    address: str
    node: str
    digits: str
    asked: str
    tier: str
    at: str
    changed: str
    until: str
    why: str
    key: str = ""


async def take_application(office: Office, actor: Actor, said: TownApplication) -> tuple[str, bool]:
    """Keep an application; its id, and whether it waits already. At most 100 wait."""
    now = office.node.clock.now()
    fresh_id, _ = fresh(office.node.random)
    plain(said.name, "the name")
    if not said.address:
        raise Refusal("no-address", "an address of the function that answers", "none", "write it", 2)

    def work(tx: Transaction) -> tuple[str, bool]:
        held = _without_old(tx, now)
        waiting = [one for one in held if one.state == "waiting"]
        known = next((one for one in waiting if towns.same(one.said, said)), None)
        if known is not None:
            return known.id, True
        if len(waiting) >= limits.TOWNS_WAITING or len(held) >= limits.TOWNS:
            raise Refusal("full", f"at most {limits.TOWNS_WAITING} applications that wait", "more", "telephone us")
        row = Town(id=fresh_id, at=now, said=said)
        TOWNS.put(tx, row.id, row, now)
        office.record(tx, actor, "network.town.apply", row.id, f"{said.kind} in {said.country}")
        return row.id, False

    return await office.node.engine.write(work, durable=True)


async def show_town(office: Office, actor: Actor, request: TownRef) -> TownView:
    """One application."""
    return _view(await office.node.engine.read(lambda tx: _found(tx, request.id)))


async def sponsor_town(office: Office, actor: Actor, request: SponsorTown) -> TownView:
    """Sponsor a town: by a vouch for its node, or with a key to its page where it has none. Again: a new key."""
    held = await office.node.engine.read(lambda tx: _open(tx, request.id))
    key = ""
    if held.said.node:
        await _vouch(office, actor, held.said, request)
    else:
        key = b32encode(office.node.random.randbytes(20)).decode().lower()
    now = office.node.clock.now()

    def work(tx: Transaction) -> TownView:
        row = msgspec.structs.replace(
            _open(tx, request.id),
            state="sponsored",
            changed=now,
            tier=request.tier,
            until=now + request.days * DAY,
            key=hash_of(key) if key else "",
        )
        TOWNS.put(tx, row.id, row, now)
        office.record(tx, actor, "network.town.sponsor", row.id, f"{request.tier} for {request.days} days")
        return msgspec.structs.replace(_view(row), key=key)

    return await office.node.engine.write(work, durable=True)


def _open(tx: Transaction, id_: str) -> Town:
    """An application that waits or is sponsored; Refusal `ended` for one that was refused or left meanwhile."""
    found = _found(tx, id_)
    if found.state not in ("waiting", "sponsored"):
        raise Refusal("ended", "an application that waits", found.state, "let the town apply again")
    return found


async def refuse_town(office: Office, actor: Actor, request: RefuseTown) -> TownView:
    """Refuse an application that waits."""
    plain(request.reason, "the reason")
    return await _end(office, actor, request.id, "refused", request.reason, ("waiting",))


async def let_go(office: Office, actor: Actor, request: TownRef) -> TownView:
    """A town leaves: its key opens nothing any more, and a revocation is written against its node where it has one."""
    held = await office.node.engine.read(lambda tx: _found(tx, request.id))
    network = office.node.network("")
    if held.said.node and held.state == "sponsored" and network.membership.standing(held.said.node) is not None:
        await governing.revoke(office, actor, governing.RevokeRequest(name=held.said.node, why=LEFT))
    return await _end(office, actor, request.id, "left", "", ("waiting", "sponsored"))


def town_of_key(tx: Transaction, key: str, now: int) -> Town | None:
    """The sponsored town whose page a key opens."""
    wanted = hash_of("".join(key.split()).lower())
    held = [one for one in TOWNS.list(tx) if one.opens(now) and hmac.compare_digest(one.key, wanted)]
    return held[0] if held else None


async def town_findings(office: Office) -> list[Finding]:
    """What `doctor` says of applications that wait for an answer."""
    held = await office.node.engine.read(TOWNS.list)
    waiting = sum(one.state == "waiting" for one in held)
    if not waiting:
        return []
    do = "see `xstock network applications`; answer with `sponsor` or `refuse`"
    return [Finding(check="applications", state="warning", found=f"{waiting} of towns wait for an answer", do=do)]


def hash_of(key: str) -> str:
    """The hash by which a key is kept."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


async def _vouch(office: Office, actor: Actor, said: TownApplication, request: SponsorTown) -> None:
    if not request.digits:
        do = "telephone the town, let it read the digits of its node out, and give them with --digits"
        raise Refusal("no-digits", f"the 24 digits of {said.node}", "none", do, 2)
    told = "".join(request.digits.split())
    if said.digits and said.digits != told:
        raise Refusal(
            "other-digits", "the digits of the application", request.digits, "do not sponsor: ask whose they are"
        )
    asked = governing.VouchRequest(name=said.node, tier=request.tier, days=request.days, digits=told)
    await governing.vouch(office, actor, asked)


async def _end(
    office: Office, actor: Actor, id_: str, state: TownState, why: str, before: tuple[TownState, ...]
) -> TownView:
    now = office.node.clock.now()

    def work(tx: Transaction) -> TownView:
        held = _found(tx, id_)
        if held.state not in before:
            raise Refusal("ended", f"an application that is {' or '.join(before)}", held.state, "nothing is to be done")
        row = towns.ended(held, state, now, why)
        TOWNS.put(tx, row.id, row, now)
        office.record(tx, actor, f"network.town.{state}", row.id, why)
        return _view(row)

    return await office.node.engine.write(work, durable=True)


def _without_old(tx: Transaction, now: int) -> list[Town]:
    held = TOWNS.list(tx)
    for one in held:
        if towns.is_old(one, now):
            TOWNS.drop(tx, one.id)
    return [one for one in held if not towns.is_old(one, now)]


def _found(tx: Transaction, id_: str) -> Town:
    held = TOWNS.get(tx, id_)
    if held is None:
        raise Refusal("no-application", "the id of an application", id_, "see `xstock network applications`", 2)
    return held


def _view(row: Town) -> TownView:
    said = row.said
    return TownView(
        id=row.id,
        state=row.state,
        name=said.name,
        kind=said.kind,
        country=said.country,
        areas=list(said.areas),
        languages=list(said.languages),
        contact=said.contact,
        address=said.address,
        node=said.node,
        digits=said.digits,
        asked=said.tier,
        tier=row.tier,
        at=iso(row.at),
        changed=iso(row.changed) if row.changed else "",
        until=iso(row.until) if row.until else "",
        why=row.why,
    )
