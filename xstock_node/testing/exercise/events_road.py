"""Events on the road and after it: closed crossings, holds at a border, diverted convoys, damage, loans that end."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from xstock_node.domain.units import decimal_pair
from xstock_node.testing.exercise.story import DUE, Deal, line_of
from xstock_node.testing.exercise.timeline import BEFORE, NotPlayed

if TYPE_CHECKING:
    from xstock_node.testing.exercise.play import Play

Event = dict[str, Any]
LENT, BACK, BROKEN, LONGER, LOST, KEPT = (Decimal(n) for n in (100, 50, 2, 40, 3, 5))
"""What the story says of the loan: so many lent; of them back and good, back and broken, kept longer, lost, given."""
UNTIL = "2027-08-25"


async def closure(play: "Play", event: Event) -> str:
    """A crossing is shut: lorries that leave meanwhile go another way."""
    shut, ways = event["data"]["crossing"], []
    for deal in play.deals:
        if deal.flows and shut in play.file.way(deal.supplier, deal.requester, event["at_h"] - 1):
            ways.append(f"{deal.supplier}-{deal.requester}")
    if not ways:
        raise NotPlayed(f"no way of this exercise leads over {shut}")
    return f"{', '.join(dict.fromkeys(ways))} go another way from now on; the signed stage of each lorry names it"


async def reopened(play: "Play", event: Event) -> str:
    """The crossing is open: a lorry that waited goes over it."""
    deal = play.bound(play.parts["reopened"])
    await play.send(deal)
    over = play.roads[-1].crossings
    if event["data"]["crossing"] not in over:
        raise NotPlayed(f"the lorry of {deal.supplier} goes over {', '.join(over)}")
    await play.receive(deal)
    return f"{deal.supplier} sends to {deal.requester} over {', '.join(over)}; lorries under way were left alone"


async def border_refusal(play: "Play", event: Event) -> str:
    """A convoy is held at a border; the other side hears it by a signed event."""
    deal = play.bound(play.parts["border_refusal"])
    return await _held(play, deal, "hold", "no ISPM 15 mark on three pallets", "no-mark", event["data"]["delay_h"])


async def clearance_missing(play: "Play", event: Event) -> str:
    """Food waits for its inspection, in a consignment of its own; the rest goes on."""
    deal, stage = play.bound(play.parts["clearance_missing"]), play.stage
    food = frozenset(flow.item for flow in deal.flows if flow.item.startswith("food"))
    rest = frozenset(flow.item for flow in deal.flows) - food
    play.moved.add(deal.case)
    await play.send_part(deal, "c1", food)
    await play.send_part(deal, "c2", rest)
    for part, what in (("c1", "hold"), ("c2", "release")):
        said = await stage.step(deal.supplier, deal.case, "border", consignment=part, event=what, reason="veterinary")
        await stage.holds(deal.requester, deal.case, "border", hash_=said.hash)

    async def go() -> None:
        await stage.step(deal.supplier, deal.case, "border", consignment="c1", event="release")
        await play.receive(deal)

    play.agenda.add(20.0, BEFORE, go)
    return f"{', '.join(sorted(food))} is held in a consignment of its own, {len(rest)} other items are released"


async def driver_hours(play: "Play", event: Event) -> str:
    """A driver rests: the delay is told by a signed event."""
    deal = play.bound(play.parts["driver_hours"])
    return await _held(
        play, deal, "delayed", "driving limit reached, no second driver", "rest", event["data"]["rest_h"]
    )


async def divert(play: "Play", event: Event) -> str:
    """The same consignee, another place: a signed instruction while the convoy is under way."""
    deal, stage = play.bound(play.parts["divert"]), play.stage
    place = event["text"].rpartition(" to ")[2]
    said = await stage.step(deal.requester, deal.case, "instruct", consignment="c1", place=place)
    await stage.holds(deal.supplier, deal.case, "instruct", hash_=said.hash)
    said = await stage.step(deal.supplier, deal.case, "border", consignment="c1", event="diverted", place=place)
    await stage.holds(deal.requester, deal.case, "border", hash_=said.hash)
    await play.receive(deal)
    return f"{deal.requester} instructs, {deal.supplier} tells that its convoy is diverted to {place}, and it arrives"


async def receipt(play: "Play", event: Event) -> str:
    """Two damaged, two short: counted, and disputed."""
    deal = play.bound(play.parts["receipt"])
    await play.receive_damaged(deal)
    tents = next(c for c in await play.counters(deal.requester, deal.case) if c.item.startswith("tent"))
    f = {name: Decimal(tents.figures.get(name, "0")) for name in ("dispatched", "received", "damaged", "short")}
    if [str(f[n]) for n in f] != [event["data"][n] for n in ("sent", "good", "damaged", "short")]:
        raise NotPlayed(f"counted otherwise: {', '.join(f'{n} {q}' for n, q in f.items())}")
    return ", ".join(f"{name} {quantity}" for name, quantity in f.items()) + "; disputed, without photographs"


async def resolution(play: "Play", event: Event) -> str:
    """Both sign how it ends, and the loan begins."""
    deal = play.bound(play.parts["receipt"])
    if deal.case not in play.disputed:
        raise NotPlayed("nothing is disputed")
    await play.resolve(deal)
    view = await play.stage.view(deal.supplier, deal.case)
    return f"both signed; {deal.supplier} shows the operation as {view.state if view else '?'}"


async def extension(play: "Play", event: Event) -> str:
    """A part of a loan runs longer: asked by one, signed by the other."""
    deal, stage, lines = _loan(play), play.stage, [_of(play, event["item"], LONGER)]
    said = await stage.step(deal.requester, deal.case, "extend", lines=lines, due=UNTIL)
    await stage.holds(deal.supplier, deal.case, "extend", hash_=said.hash)
    said = await stage.step(deal.supplier, deal.case, "extended", lines=lines, due=UNTIL)
    await stage.holds(deal.requester, deal.case, "extended", hash_=said.hash)
    return f"{LONGER} of {LENT} run until {UNTIL} instead of {DUE}, signed by both; the days do not pass in the play"


async def give_back(play: "Play", event: Event) -> str:
    """A part comes back, a part is lost, a part is given: together what was lent."""
    deal, stage, item = _loan(play), play.stage, event["item"]
    giver, taker, case = deal.supplier, deal.requester, deal.case
    said = await stage.step(taker, case, "returned", consignment="r1", lines=[_of(play, item, BACK + BROKEN)])
    await stage.holds(giver, case, "returned", hash_=said.hash)
    unit = _of(play, item, BACK)["unit"]
    count = {"item": item, "unit": unit, "good": list(decimal_pair(BACK)), "damaged": list(decimal_pair(BROKEN))}
    said = await stage.step(giver, case, "return-received", consignment="r1", counts=[count])
    await stage.holds(taker, case, "return-received", hash_=said.hash)
    said = await stage.step(taker, case, "lost", leg="loan", lines=[_of(play, item, LOST)])
    await stage.holds(giver, case, "lost", hash_=said.hash)
    said = await stage.step(taker, case, "convert", lines=[_of(play, item, KEPT)], regime="donation")
    await stage.holds(giver, case, "convert", hash_=said.hash)
    said = await stage.step(giver, case, "converted", lines=[_of(play, item, KEPT)], regime="donation")
    await stage.holds(taker, case, "converted", hash_=said.hash)
    return f"{BACK + BROKEN} back ({BROKEN} broken), {LONGER} kept longer, {LOST} lost, {KEPT} given: {LENT}"


async def _held(play: "Play", deal: Deal, what: str, note: str, reason: str, hours: float) -> str:
    """A lorry leaves, stands somewhere for hours, and arrives."""
    stage = play.stage
    await play.send(deal)
    for event, words in ((what, note), ("delayed", f"{hours} hours late")):
        said = await stage.step(deal.supplier, deal.case, "border", consignment="c1", event=event, note=words,
                                reason=reason)  # fmt: skip
        await stage.holds(deal.requester, deal.case, "border", hash_=said.hash)

    async def arrive() -> None:
        await stage.step(deal.supplier, deal.case, "border", consignment="c1", event="release")
        await play.receive(deal)

    play.agenda.add(stage.now() + hours, BEFORE, arrive)
    return f"{deal.requester} holds the signed events of {deal.supplier}: {what}, {hours} hours late ({note})"


def _loan(play: "Play") -> Deal:
    if "loan" not in play.parts:
        raise NotPlayed("nobody has lent any")
    return play.bound(play.parts["loan"])


def _of(play: "Play", item: str, quantity: Decimal) -> dict[str, Any]:
    found = play.file.catalogue.get(item)
    assert found is not None
    return line_of(item, quantity, str(found.unit))


def keep(kind: str, requester: str, supplier: str, item: str = "") -> Callable[["Play", Event], None]:
    """The lorry of an operation is left to an event."""

    def kept(play: "Play", event: Event) -> None:
        wanted = (item,) if item else ()
        own = [d for d in play.deals if (d.requester, d.supplier) == (requester, supplier) and d.flows]
        deal = next((d for d in own if {f.item for f in d.flows}.issuperset(wanted)), None)
        if deal is None:
            raise NotPlayed(f"{supplier} sends nothing to {requester}")
        play.parts[kind] = deal
        play.unsent.add(deal.case)

    return kept


def keep_convoy(play: "Play", event: Event) -> None:
    """A convoy to who diverts it leaves before."""
    apart = {deal.case for deal in play.parts.values()}
    own = [d for d in play.deals if d.requester == event["node"] and d.flows and d.case not in apart]
    if not own:
        raise NotPlayed(f"nobody sends anything to {event['node']}")
    deal = play.parts["divert"] = own[0]
    play.unsent.add(deal.case)

    async def leave() -> None:
        if deal.case in play.bound_at:
            await play.send(deal)

    play.agenda.add(event["at_h"] - 2, BEFORE, leave)


def keep_tents(play: "Play", event: Event) -> None:
    """Tents beyond the plan from who has most left: so many as arrive, less what is asked for later."""
    deal = _lent_by_richest(play, event["node"], "tent_family_16")
    later = Decimal(36) if play.events("flooded_depot") else Decimal(0)
    play.beyond[deal.case].append(("tent_family_16", Decimal(event["data"]["sent"]) - later))
    play.parts["receipt"] = deal
    play.unsent.add(deal.case)

    async def leave() -> None:
        if deal.case in play.bound_at:
            await play.send(deal)

    play.agenda.add(event["at_h"] - 6, BEFORE, leave)


def keep_loan(play: "Play", event: Event) -> None:
    """A loan beyond the plan, as large as the story says."""
    deal = _lent_by_richest(play, event["node"], event["item"])
    play.beyond[deal.case].append((event["item"], LENT))
    play.parts["loan"] = deal


def keep_waiting_lorry(play: "Play", event: Event) -> None:
    """A lorry whose quickest way leads over a crossing waits until that is open again."""
    apart = {deal.case for kind, deal in play.parts.items() if kind != "no_second_person"}
    crossing = event["data"]["crossing"]
    own = [d for d in play.deals if d.flows and d.case not in apart
           and crossing in play.file.way(d.supplier, d.requester, event["at_h"] + 1)]  # fmt: skip
    if not own:
        raise NotPlayed(f"no way leads over {crossing}")
    play.parts["reopened"] = own[0]
    play.unsent.add(own[0].case)


def _lent_by_richest(play: "Play", code: str, item: str) -> Deal:
    offered = {o.supplier: o.quantity for o in play.file.plan_inputs.offers if o.item == item}
    for flow in play.plan.flows:
        if flow.item == item:
            offered[flow.offer.split("-")[0]] -= flow.quantity
    own = [d for d in play.deals if d.requester == code and d.terms[0] == "loan" and d.flows and d.supplier in offered]
    if not own:
        raise NotPlayed(f"nobody has {item} left for {code}")
    return max(own, key=lambda deal: offered[deal.supplier])


EVENTS: Final[dict[str, Callable[["Play", Event], Awaitable[str]]]] = {
    "closure": closure,
    "reopened": reopened,
    "border_refusal": border_refusal,
    "clearance_missing": clearance_missing,
    "driver_hours": driver_hours,
    "divert": divert,
    "receipt": receipt,
    "resolution": resolution,
    "extension": extension,
    "return": give_back,
}
PREPARE: Final[dict[str, Callable[["Play", Event], None]]] = {
    "border_refusal": keep("border_refusal", "RS", "BG", "boots"),
    "clearance_missing": keep("clearance_missing", "RS", "HR", "food_parcel"),
    "driver_hours": keep("driver_hours", "MK", "AT"),
    "receipt": keep_tents,
    "loan_status": keep_loan,
    "divert": keep_convoy,
    "reopened": keep_waiting_lorry,
}
