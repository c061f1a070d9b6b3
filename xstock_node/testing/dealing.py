"""What people do with cases in a simulated world: ask, offer, accept, confirm, dispatch, cancel, and err.

Each node lends from one store of blankets, so that what all its confirmations sum to can be compared with it.
"""

from random import Random
from typing import Any, NamedTuple

from xstock_node.domain.operations import STEPS
from xstock_node.protocol import records
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.names import record_id
from xstock_node.services.errors import Refusal
from xstock_node.storage.errors import StorageError
from xstock_node.testing import inside
from xstock_node.testing.letters import KEY, STORE
from xstock_node.testing.nodes import DAY, make_offer
from xstock_node.testing.process import Process
from xstock_node.testing.world import World

MOST_OPEN = 8
TURNS = 60
ENDED = frozenset({"closed", "declined", "rejected", "cancelled", "expired", "withdrawn", "lapsed"})
SUPPLIER: dict[str, tuple[str, ...]] = {
    "requested": ("offer", "offer", "offer", "indicate", "decline"),
    "indicated": ("offer", "offer", "expire"),
    "offered": ("confirm", "confirm", "confirm", "confirm", "withdraw", "rejected", "lapse"),
    "confirmed": ("cancelled", "cancel-own", "dispatch", "close"),
    "dispatched": ("close", "close", "departed"),
}
REQUESTER: dict[str, tuple[str, ...]] = {
    "requested": ("cancel",),
    "offered": ("accept", "accept", "accept", "accept", "reject"),
    "confirmed": ("cancel", "received", "close-proposed"),
    "dispatched": ("received", "close-proposed", "border", "damaged"),
}


class Open(NamedTuple):
    """A case that people work on."""

    id: str
    requester: str
    supplier: str


class Dealing:
    """The people of one world."""

    def __init__(self) -> None:
        self._open: dict[Open, int] = {}
        self.sent = self.refused = 0

    async def stock_up(self, world: World, process: Process) -> None:
        """The store that a node lends from, once."""
        now = process.clock.now()
        digest = record_id(process.name.encode()[:10])
        item, unit = KEY
        offer = make_offer(0, now, id=digest, item=item, unit=unit, qty=(STORE, 0), exp=now + 60 * DAY, src="store")
        await world.publish(process, [records.encode(offer)])

    async def act(self, world: World, random: Random) -> None:
        """Somebody takes one step in one case; what is not allowed has to be refused."""
        if len(self._open) < MOST_OPEN and random.random() < 0.3:
            await self._ask(world, random)
            return
        if not self._open:
            return
        case = random.choice(sorted(self._open))
        self._open[case] += 1
        name = case.requester if random.random() < 0.5 else case.supplier
        process = world.processes.get(name)
        if process is None:
            return
        state = await process.engine.read(lambda tx: inside.case_state(tx, case.id))
        if state in ENDED or self._open[case] > TURNS:
            self._open.pop(case)
            return
        verbs = (SUPPLIER if name == case.supplier else REQUESTER).get(state, ())
        verb = random.choice(STEPS).verb if not verbs or random.random() < 0.08 else random.choice(verbs)
        if verb in ("notify", "request", "amended"):
            return  # openings stand at the start; what an amendment changes is not told from what it leaves yet
        inside.release(process.node, world.partners(name))
        await self._send(process, case, verb, random)

    async def _ask(self, world: World, random: Random) -> None:
        requester = world.processes.get(random.choice(world.names))
        partners = world.partners(requester.name) if requester is not None else []
        if requester is None or not partners:
            return
        supplier = random.choice(partners)
        body = {"step": "request", "lines": _lines(random.randint(20, 70))}
        try:
            sent = await requester.run(inside.casework(requester.node).open(supplier, body))
        except (ProtocolError, StorageError, Refusal):
            self.refused += 1
            return
        self.sent += 1
        world.felt("case")
        self._open[Open(sent.case, requester.name, supplier)] = 0

    async def _send(self, process: Process, case: Open, verb: str, random: Random) -> None:
        body: dict[str, Any] = {"step": verb}
        if verb == "offer":
            body["lines"] = _lines(random.randint(20, 70))
        try:
            await process.run(inside.casework(process.node).send(case.id, body))
            self.sent += 1
        except (ProtocolError, StorageError, Refusal):
            self.refused += 1


def _lines(quantity: int) -> list[dict[str, Any]]:
    return [{"item": KEY[0], "qty": [quantity, 0], "unit": KEY[1]}]
