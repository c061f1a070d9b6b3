"""Events of lines, disks and nodes: who is cut off, restored, slow or full, and who is nobody's member."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from xstock_node.domain.rights import Role
from xstock_node.protocol.errors import ProtocolError
from xstock_node.services import people, searching
from xstock_node.services.people import PersonName, PersonRequest
from xstock_node.services.tokens import TokenRequest, make_token
from xstock_node.storage.errors import StorageError
from xstock_node.testing import inside, make_offer
from xstock_node.testing.exercise.stage import OFFICER
from xstock_node.testing.exercise.timeline import BEFORE, NotPlayed

if TYPE_CHECKING:
    from xstock_node.testing.exercise.play import Play

Event = dict[str, Any]
ROUNDS = 3


async def partition(play: "Play", event: Event) -> str:
    """A country is cut off until its hour; then all lines carry again."""
    stage, code = play.stage, event["node"]
    stage.net.cut(stage.names[code])
    play.tell(f"{code} has no line")

    async def heal() -> None:
        stage.net.heal()
        await stage.sync(code)
        play.tell(f"{code} has its line again")

    play.agenda.add(event["data"]["until_h"], BEFORE, heal)
    return f"cut off until +{event['data']['until_h']} h; what it asked before had arrived"


async def healed(play: "Play", event: Event) -> str:
    """All hold the same within three rounds."""
    for round_ in range(ROUNDS + 1):
        if play.stage.net.agree():
            return f"all nodes hold the same after {round_} more rounds"
        await play.stage.sync(event["node"])
    raise NotPlayed(f"the nodes do not hold the same after {ROUNDS} rounds")


async def restore(play: "Play", event: Event) -> str:
    """A node begins again with an old back-up; its requests come back from its partners."""
    stage, code = play.stage, event["node"]
    asked = [deal for deal in play.deals if deal.requester == code and not stage.is_cut(code, deal.supplier)]
    await stage.restore(code, play.backups[code])
    play.tell(f"{code} is restored from an old back-up")
    await stage.sync(code)
    back = [await stage.holds(code, deal.case, "request", 1.0) for deal in asked]
    return f"{sum(back)} of {len(back)} cases in which it had asked are there again, from its partners"


async def slow_line(play: "Play", event: Event) -> str:
    """A country is on a satellite line until its hour."""
    code = event["node"]
    play.stage.slow.add(code)

    async def fast() -> None:
        play.stage.slow.discard(code)

    play.agenda.add(event["data"]["until_h"], BEFORE, fast)
    return "every call waits 800 ms and one in ten is lost; that nothing is lost for good is K2"


async def imposter(play: "Play", event: Event) -> str:
    """A node that nobody vouched for offers tents to everybody."""
    stage, name = play.stage, event["data"]["name"]
    await stage.net.start(name, list(stage.names.values()))
    now = stage.net.clocks[name].now()
    try:
        await stage.net.publish(name, [make_offer(4990, now, name="Relief tents of an imposter")])
        node = stage.net.nodes[name]
        for peer in list(node.gossip.peers.values()):
            try:
                await node.gossip.round(peer, now)
            except ProtocolError:
                continue
    finally:
        await stage.net.stop(name)
    for desk in stage.desks.values():
        states = await desk.office.node.engine.read(lambda tx: tx.logs.states())
        found = await searching.search(desk.office, OFFICER, searching.SearchRequest(text="imposter"))
        if found.hits or any(state.log.node == name for state in states):
            raise NotPlayed(f"{desk.code} keeps what an unknown node said")
    return "no node keeps a row of it, and no search finds its tents"


async def key_stolen(play: "Play", event: Event) -> str:
    """An officer's token is stolen: the person is removed, and the token opens nothing."""
    desk = play.stage.desks[event["node"]]
    before = desk.office.node.identity.digits()
    await people.add_person(desk.office, OFFICER, PersonRequest(name="laptop", role=Role.LOGISTICS))
    token = (await make_token(desk.office, OFFICER, TokenRequest(name="laptop"))).token
    if await people.actor_of(desk.office, token, "api") is None:
        raise NotPlayed("the token did not open anything before it was stolen")
    await people.remove_person(desk.office, OFFICER, PersonName(name="laptop"))
    if await people.actor_of(desk.office, token, "api") or desk.office.node.identity.digits() != before:
        raise NotPlayed("the token still opens something")
    return "the token opened the node before and opens nothing now; the node's key is the same"


async def disk_full(play: "Play", event: Event) -> str:
    """The database may not grow: writing is refused, reading goes on, nothing that was signed is lost."""
    stage, code = play.stage, event["node"]
    seen, node = await stage.held(code), stage.desks[code].office.node
    inside.give_room(node, 2)
    try:
        refused = await _fill(play, code)
        if await stage.held(code) != seen:
            raise NotPlayed("what was held cannot be read while the disk is full")
    finally:
        inside.give_room(node, None)
    await stage.write(code, "there is room again")
    return f"writing is refused ({refused}), all {len(seen)} steps can be read; it writes again once there is room"


async def _fill(play: "Play", code: str) -> str:
    for _ in range(1000):
        try:
            await play.stage.write(code, "x" * 4000)
        except StorageError as error:
            return error.sentence() if hasattr(error, "sentence") else str(error)
    raise NotPlayed("the disk did not fill")


EVENTS: Final[dict[str, Callable[["Play", Event], Awaitable[str]]]] = {
    "partition": partition,
    "healed": healed,
    "restore": restore,
    "slow_line": slow_line,
    "imposter": imposter,
    "key_stolen": key_stolen,
    "disk_full": disk_full,
}
