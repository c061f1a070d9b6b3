"""Events at the desks: forecast, holds, owners and second persons, amendments, late papers, help that came twice."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from xstock_node.domain.rights import Grant, Role
from xstock_node.services import bundling, duty_desk, mobilising, operating
from xstock_node.services.bundling import ExportRequest, ImportRequest
from xstock_node.services.errors import Refusal
from xstock_node.services.mobilising import EventId
from xstock_node.services.office import Actor
from xstock_node.services.operating import PendingId, StepRequest
from xstock_node.services.requesting import NewRequest, RequestId, show_request, stand_down
from xstock_node.testing.exercise.stage import OFFICER
from xstock_node.testing.exercise.story import Deal, line_of
from xstock_node.testing.exercise.timeline import AFTER, NotPlayed

if TYPE_CHECKING:
    from xstock_node.testing.exercise.play import Play

Event = dict[str, Any]
CLERK = Actor("clerk", "exercise", (Grant(role=Role.LOGISTICS),))
DEPUTY = Actor("deputy", "exercise")


async def forecast(play: "Play", event: Event) -> str:
    """A pre-notification without lines to everybody, by a country that holds itself ready."""
    stage, standby = play.stage, play.events("standby")
    asker = next(code for code in ("RS", *stage.names) if code in stage.names)
    to = [name for code, name in stage.names.items() if code != asker]
    made = await stage.ask(asker, NewRequest(to=to, notify=True, event=event["data"]["glide"]))
    for row in made.operations:
        code = next(c for c, name in stage.names.items() if name == row.supplier)
        if not await stage.holds(code, row.case, "notify"):
            raise NotPlayed(f"{code} was not reached")
        if standby and code == standby[0]["node"]:
            play.parts["standby"] = Deal(asker, code, (), row.case, ())
    return f"{asker} told {len(to)} nodes without lines; nothing is reserved"


async def standby(play: "Play", event: Event) -> str:
    """A hold that promises nothing after its time."""
    deal = play.parts.get("standby")
    if deal is None:
        raise NotPlayed("nobody was told of the flood before")
    found, item = play.file.catalogue.get(event["data"]["item"]), event["data"]["item"]
    assert found is not None
    lines = [line_of(item, Decimal(event["data"]["quantity"]), str(found.unit))]
    await play.stage.step(deal.supplier, deal.case, "standby", lines=lines, hold_until=play.stage.unix("AT", 48))
    if not await play.stage.holds(deal.requester, deal.case, "standby"):
        raise NotPlayed("the hold did not arrive")
    view = await play.stage.view(deal.requester, deal.case)
    return f"shown to {deal.requester} as {view.state if view else '?'} until {view.hold_until if view else '?'}"


async def request(play: "Play", event: Event) -> str:
    """What a country asked has reached everybody."""
    own = [deal for deal in play.deals if deal.requester == event["node"]]
    there = [await play.stage.holds(deal.supplier, deal.case, "request", 1.0) for deal in own]
    if not there or not all(there):
        raise NotPlayed(f"{len(there) - sum(there)} of {len(there)} cases did not arrive")
    return (
        f"{len(event['data']['lines'])} lines in {len(there)} cases, one with each node and kind of terms; all arrived"
    )


async def out_of_office(play: "Play", event: Event) -> str:
    """Possible, the owner decides later: it reserves nothing and counts as nothing."""
    stage, code, owner = play.stage, event["node"], event["data"]["owner"]
    item = next((raw["item"] for raw in play.file.raw["stock"] if raw["owner"] == owner and (code, raw["item"]) in
                 play.offers), "")  # fmt: skip
    deal = next((d for d in play.deals if d.supplier == code and not stage.is_cut(code, d.requester)), None)
    found = play.file.catalogue.get(item)
    if deal is None or found is None:
        raise NotPlayed(f"nothing of {owner} may be offered to anybody")
    held = sum(Decimal(raw["base_quantity"]) for raw in play.file.raw["stock"] if (raw["owner"], raw["item"]) ==
               (owner, item))  # fmt: skip
    await stage.step(code, deal.case, "indicate", lines=[line_of(item, Decimal(held), str(found.unit))], owner=owner,
                     answer_by=stage.unix(code, 5.5))  # fmt: skip
    if not await stage.holds(deal.requester, deal.case, "indicate"):
        raise NotPlayed(f"{deal.requester} did not hear of it")
    if await stage.owed(code, deal.case):
        raise NotPlayed("what is only possible counts as promised")
    return f"{held} {item} of {owner} are possible for {deal.requester}, not before its office opens; 0 are promised"


async def offers(play: "Play", event: Event) -> str:
    """First offers are due: who is silent is shown by name to those who asked."""
    silent, no = set(), 0
    for code, desk in play.stage.desks.items():
        for thing in await duty_desk.list_queue(desk.office, OFFICER):
            if thing.kind == "no-answer":
                silent.add(f"{thing.other} to {code}")
        no += sum(d.requester == code for d in play.deals)
    shown = ", ".join(sorted(silent)) or "nobody"
    return f"{len(play.bound_at)} of {no} cases are binding; silent past the time for an answer, as shown: {shown}"


async def flooded_depot(play: "Play", event: Event) -> str:
    """What was for own people is under water: the request rises by a signed amendment, which the supplier answers."""
    code, site = event["node"], event["data"]["site"]
    lost = [raw for raw in play.file.raw["stock"] if raw["site"] == site and raw["item"].startswith("tent_family")]
    more = sum((Decimal(raw["base_quantity"]) - Decimal(raw["reserved"]) - Decimal(raw["damaged"]) for raw in lost),
               Decimal(0))  # fmt: skip
    if "receipt" not in play.parts:
        raise NotPlayed(f"nothing that {code} gets could be raised")
    deal = play.bound(play.parts["receipt"])
    if not more:
        raise NotPlayed(f"no tents for own people lay at {site}")
    return await amend_by(play, deal, {lost[0]["item"]: more})


async def amend(play: "Play", event: Event) -> str:
    """An assessment changes what is needed: less is agreed, more is asked anew."""
    done, code, changed = [], event["node"], 0
    for item, change in event["data"].items():
        deals = [d for d in play.deals if d.requester == code and d.case in play.bound_at]
        deal = next((d for d in deals if item in {f.item for f in d.flows}), None)
        if deal is None:
            done.append(f"{item}: nothing is binding that could change")
            continue
        done.append(await amend_by(play, deal, {item: Decimal(change)}))
        changed += 1
    if not changed:
        raise NotPlayed("; ".join(done))
    return "; ".join(done)


async def amend_by(play: "Play", deal: Deal, changes: dict[str, Decimal]) -> str:
    """The requester proposes other quantities; the supplier agrees where it has them, and else says no."""
    stage, taker, giver = play.stage, deal.requester, deal.supplier
    there = {c.item: (Decimal(c.figures.get("accepted", "0")), c.unit) for c in await play.counters(giver, deal.case)}
    wanted = [(item, q + changes.get(item, Decimal(0)), unit) for item, (q, unit) in there.items()]
    lines = [line_of(item, quantity, unit) for item, quantity, unit in wanted if quantity > 0]
    said = await stage.step(taker, deal.case, "amend", lines=lines)
    await stage.holds(giver, deal.case, "amend", hash_=said.hash)
    try:
        answer = await stage.step(giver, deal.case, "amended", lines=lines)
    except Refusal:
        answer = await stage.step(giver, deal.case, "not-agreed", of=said.hash, reason="nothing-left")
    await stage.holds(taker, deal.case, answer.step, hash_=answer.hash)
    asked = ", ".join(f"{item} {there[item][0]} {change:+}" for item, change in changes.items() if item in there)
    return f"{taker} amends {asked} by its signature, {giver} answers {answer.step}"


async def wet_stock(play: "Play", event: Event) -> str:
    """Wet bales: the offer shrinks; what is promised above it is at risk and shown, never cancelled."""
    code, item = event["node"], event["data"]["item"]
    before = play.file.standing(code).of(item)
    if before is None or (code, item) not in play.offers:
        raise NotPlayed(f"{code} offers no {item}")
    damaged = Decimal(event["data"]["damaged"]) * Decimal("0.9")
    damaged = damaged.quantize(Decimal(1))
    await play.stage.publish(code, item, before.offerable - damaged, play.offers[code, item])
    over = await play.stage.watch()
    if (code, item) in over:
        play.at_risk.append(f"{code} {item}")
    shown = [
        t.detail for t in await duty_desk.list_queue(play.stage.desks[code].office, OFFICER) if t.kind == "at-risk"
    ]
    return (
        f"offer {before.offerable} -> {before.offerable - damaged:f}; at risk in the duty queue of {code}: {len(shown)}"
    )


async def late_acceptance(play: "Play", event: Event) -> str:
    """A country without a line accepts on paper; the bundle arrives after the hold."""
    stage, deal, data = play.stage, play.parts["late_acceptance"], event["data"]
    giver, taker = stage.desks[deal.supplier].office, stage.desks[deal.requester].office
    play.unoffered.discard(deal.case)
    until = stage.unix(deal.supplier, data["hold_until_h"] - stage.now())
    await stage.step(deal.supplier, deal.case, "offer", lines=play.lines(deal), hold_until=until, terms=[deal.terms[0]])
    out = await bundling.export(giver, OFFICER, ExportRequest(to=stage.names[deal.requester]))
    await bundling.import_(taker, OFFICER, ImportRequest(content=out.content))
    if not await stage.holds(deal.requester, deal.case, "offer", 1.0):
        raise NotPlayed("the offer did not arrive by bundle")
    await stage.step(deal.requester, deal.case, "accept", terms=deal.terms[0], place=f"D-{deal.requester}")
    back = await bundling.export(taker, OFFICER, ExportRequest(to=stage.names[deal.supplier]))

    async def arrive() -> None:
        await bundling.import_(giver, OFFICER, ImportRequest(content=back.content))
        found = await stage.view(deal.supplier, deal.case)
        if found is not None and found.state == "offered" and found.proposals:
            await stage.step(deal.supplier, deal.case, "confirm", terms=deal.terms[0])
        if await stage.holds(deal.requester, deal.case, "confirm", 3.0):
            play.bound_at[deal.case] = stage.now()
        sides = [await stage.view(code, deal.case) for code in (deal.supplier, deal.requester)]
        play.tell(f"the paper of {deal.requester} arrives late: {', '.join(s.state if s else '?' for s in sides)}")

    play.agenda.add(data["arrives_h"], AFTER, arrive)
    return f"offered and accepted by bundles while cut off; arrives at +{data['arrives_h']} h, the hold ends before"


async def no_second_person(play: "Play", event: Event) -> str:
    """An offer waits for its second signature; the deputy is asked after a while and signs."""
    stage, deal = play.stage, play.parts["no_second_person"]
    office = stage.desks[deal.supplier].office
    fields = {"lines": play.lines(deal), "hold_until": stage.unix(deal.supplier, 6), "terms": list(deal.terms)}
    written = await operating.take_step(office, OFFICER, StepRequest(case=deal.case, step="offer", fields=fields))
    if written.sent:
        raise NotPlayed("no second person was needed")
    await stage.wait(event["data"]["deputy_after_min"] / 60)
    waits = [thing for thing in await duty_desk.list_queue(office, OFFICER) if thing.case == deal.case]
    before = await stage.view(deal.supplier, deal.case)
    if not waits or before is None or before.state == "offered":
        raise NotPlayed("the offer did not wait, or nobody was shown that it does")
    await stage.approve(deal.supplier, deal.case, DEPUTY, written.waiting)
    play.unoffered.discard(deal.case)
    await play.offer(deal)
    return f"the duty queue showed an offer to {deal.requester} that waited for {written.missing[0]}; a deputy signed"


async def owner_refuses(play: "Play", event: Event) -> str:
    """The owner does not release a part: the offer shrinks before it is sent."""
    stage, deal = play.stage, play.parts["owner_refuses"]
    office, refused = stage.desks[deal.supplier].office, next(f.item for f in deal.flows if _is_sand(f.item))
    fields = {"lines": play.lines(deal), "hold_until": stage.unix(deal.supplier, 6), "terms": list(deal.terms)}
    written = await operating.take_step(office, CLERK, StepRequest(case=deal.case, step="offer", fields=fields))
    if written.sent or "release" not in written.missing:
        raise NotPlayed("the offer did not wait for its owner")
    await operating.refuse(office, OFFICER, PendingId(id=written.waiting, reason="owner-declined"))
    play.left_out[deal.case].add(refused)
    left = ", ".join(line["item"] for line in play.lines(deal)) or "nothing"
    return f"{event['data']['owner']} does not release {refused}: {left} is what {deal.requester} will be offered"


async def agreement(play: "Play", event: Event) -> str:
    """A lapsed accession is renewed: what was prepared may be sent."""
    before, agreements = len(play.barred), play.file.agreements
    renewed = agreements[event["data"]["agreement"]]
    left = {code: day for code, day in renewed.accessions.items() if code != event["node"]}
    await play.stage.settle(msgspec.structs.replace(renewed, accessions=left))
    play.renewed.add((event["data"]["agreement"], event["node"]))
    play.tell(f"{event['node']} renews its accession to {event['data']['agreement']}")
    return f"{len(play.gated)} of {before} offers were tried before, and refused by their nodes; now they may be sent"


async def hold_expires(play: "Play", event: Event) -> str:
    """The node signs the end of a standby by itself: the goods are free."""
    deal = play.parts.get("standby")
    if deal is None:
        raise NotPlayed("nothing is on standby")
    if not await play.stage.holds(deal.requester, deal.case, "expire", 2.0):
        raise NotPlayed("the hold stands after its time")
    held = await play.stage.owed(deal.supplier, deal.case)
    if held:
        raise NotPlayed("what was held is still promised")
    return (
        f"{deal.supplier} signed the end of its standby by itself, {deal.requester} holds it; nothing is held any more"
    )


async def over_supply(play: "Play", event: Event) -> str:
    """An accepted operation of which nothing has left is cancelled; all who only might help are told."""
    stage, deal = play.stage, play.bound(play.parts["over_supply"])
    said = await stage.step(deal.requester, deal.case, "cancel", reason="covered-otherwise")
    await stage.holds(deal.supplier, deal.case, "cancel", hash_=said.hash)
    await stage.step(deal.supplier, deal.case, "cancelled")
    await stage.holds(deal.requester, deal.case, "cancelled")
    view = await stage.view(deal.requester, deal.case)
    asked = next((s.fields["request"] for s in view.timeline if s.verb == "request"), "") if view else ""
    office = stage.desks[deal.requester].office
    await stand_down(office, OFFICER, RequestId(id=asked))
    still = (await show_request(office, OFFICER, RequestId(id=asked))).operations
    if await stage.owed(deal.supplier, deal.case):
        raise NotPlayed("the stock is not free at the supplier")
    goods = ", ".join(flow.item for flow in deal.flows)
    told = f"of {len(still)} asked, all who had promised nothing are told"
    return f"{goods} from {deal.supplier} is cancelled and free there; {told}"


async def end(play: "Play", event: Event) -> str:
    """Each node's table of the event: asked, promised, received, gap."""
    rows, gaps, glide = 0, 0, play.file.raw["event"]["glide"]
    for desk in play.stage.desks.values():
        table = await mobilising.show_event(desk.office, OFFICER, EventId(event=glide, exercise=True))
        if not table.totals:
            raise NotPlayed(f"{desk.code} has no table of the event")
        rows += len(table.rows)
        gaps += sum(Decimal(total.gap) > 0 for total in table.totals if total.side == "requester")
    return f"the tables of {len(play.stage.desks)} nodes have {rows} rows; {gaps} items are not covered, by name"


def _is_sand(item: str) -> bool:
    return item.startswith("sandbag")


def keep_late(play: "Play", event: Event) -> None:
    """Who offers these goods to a country without a line leaves the offer to the event."""
    item, code = event["data"]["item"], event["node"]
    deal = next((d for d in play.deals if d.requester == code and item in {f.item for f in d.flows}), None)
    if deal is None:
        raise NotPlayed(f"nobody has {item} for {code}")
    play.parts["late_acceptance"] = deal
    play.unoffered.add(deal.case)


def keep_waiting(play: "Play", event: Event) -> None:
    """One offer of this desk, to who has a good line, is left to the event."""
    apart = {one["node"] for kind in ("partition", "restore") for one in play.events(kind)}
    own = [d for d in play.deals if d.supplier == event["node"] and d.flows and d.requester not in apart]
    if not own:
        raise NotPlayed(f"{event['node']} offers nothing then")
    play.parts["no_second_person"] = own[0]
    play.unoffered.add(own[0].case)


def keep_owned(play: "Play", event: Event) -> None:
    """The operation with the goods of an owner who will say no."""
    own = [d for d in play.deals if d.supplier == event["node"] and any(_is_sand(f.item) for f in d.flows)]
    if not own:
        raise NotPlayed(f"nothing of {event['data']['owner']} is offered")
    play.parts["owner_refuses"] = own[0]


def keep_pumps(play: "Play", event: Event) -> None:
    """The operation with pumps, or else with a pump module, whose lorry is left to the event."""
    wanted = (event["data"]["item"], "hcp_module")
    own = [(wanted.index(f.item), d) for d in play.deals if d.requester == event["node"] for f in d.flows
           if f.item in wanted]  # fmt: skip
    if not own:
        raise NotPlayed(f"{event['node']} gets no pumps")
    play.parts["over_supply"] = min(own)[1]
    play.unsent.add(play.parts["over_supply"].case)


EVENTS: Final[dict[str, Callable[["Play", Event], Awaitable[str]]]] = {
    "forecast": forecast,
    "standby": standby,
    "request": request,
    "out_of_office": out_of_office,
    "offers": offers,
    "flooded_depot": flooded_depot,
    "amend": amend,
    "wet_stock": wet_stock,
    "late_acceptance": late_acceptance,
    "no_second_person": no_second_person,
    "owner_refuses": owner_refuses,
    "agreement": agreement,
    "hold_expires": hold_expires,
    "over_supply": over_supply,
    "end": end,
}
PREPARE: Final[dict[str, Callable[["Play", Event], None]]] = {
    "late_acceptance": keep_late,
    "no_second_person": keep_waiting,
    "owner_refuses": keep_owned,
    "over_supply": keep_pumps,
}
