"""The loops that keep a node in touch with its peers in one network, and the choice of whom to keep in touch with.

Pins are always active; of the other members at most eight are, the rest is passive: one round in eight goes to one of
those, which heals partitions.
"""

import asyncio
from collections.abc import Callable, Mapping
from random import Random

from xstock_node.protocol import limits
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.peer import Peer
from xstock_node.protocol.quota import TokenBucket
from xstock_node.services.clock import Clock
from xstock_node.services.errors import Refusal
from xstock_node.services.gossiping import Gossip
from xstock_node.services.holding import Holding
from xstock_node.storage.errors import StorageError
from xstock_node.trace import Trace

PUSHED_AGAIN = 3
GIVE_UP_AFTER = 5  # failures after which an active peer that is no pin makes room for a passive one


class Rounds:
    """The loops of one network. `peers` are all that can be dialled; pins among them are always active."""

    def __init__(self, gossip: Gossip, holding: Holding, clock: Clock, random: Random, trace: Trace) -> None:
        self._gossip, self._holding, self._clock, self._random, self._trace = gossip, holding, clock, random, trace
        self._tasks: dict[str, list[asyncio.Task[None]]] = {}
        self._pins: frozenset[str] = frozenset()
        self._retry: dict[str, asyncio.Event] = {}
        self._failures: dict[str, int] = {}
        self._held: set[str] = set()
        gossip.heard = self._heard

    def begin(self, pins: Mapping[str, Peer]) -> None:
        """Begin rounds with the pins."""
        self._pins = frozenset(pins)
        for peer in pins.values():
            self._attend_to(peer)

    def reconcile(self, members: Mapping[str, Peer]) -> None:
        """Bring the active peers in line with who can be dialled now; who fails for long makes room."""
        self._gossip.peers = dict(members)
        for name in list(self._tasks):
            tired = name not in self._pins and self._failures.get(name, 0) >= GIVE_UP_AFTER
            if name not in members or (tired and len(members) > limits.ACTIVE_PEERS):
                self._let_go(name)
        passive = sorted(n for n in members if n not in self._tasks and self._failures.get(n, 0) < GIVE_UP_AFTER)
        free = max(0, limits.ACTIVE_PEERS - len(self._tasks))
        for name in self._random.sample(passive, min(free, len(passive))):
            self._attend_to(members[name])

    async def stop(self) -> None:
        """Stop every loop."""
        tasks = [task for found in self._tasks.values() for task in found]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()

    @property
    def active(self) -> list[str]:
        """Who is kept in touch with."""
        return sorted(self._tasks)

    def failing(self) -> dict[str, int]:
        """How often in a row rounds with a peer failed."""
        return {name: count for name, count in self._failures.items() if count}

    def _attend_to(self, peer: Peer) -> None:
        loops = [asyncio.ensure_future(self._attend(peer)), asyncio.ensure_future(self._push_to(peer))]
        self._tasks[peer.name] = loops

    def _let_go(self, name: str) -> None:
        for task in self._tasks.pop(name):
            task.cancel()
        self._give_up_place(name)

    def _takes_place(self, name: str) -> bool:
        """Whether requests to a peer wait there: at three peers at a time, those that answer (xs1 11.8)."""
        if name not in self._held and len(self._held) < limits.HELD_AT:
            self._held.add(name)
        return name in self._held

    def _give_up_place(self, name: str) -> None:
        """A request that waited got lost, or its peer is gone: another peer's takes its place at once."""
        if name not in self._held:
            return
        self._held.discard(name)
        others = sorted(n for n in self._tasks if n not in self._held and n != name and not self._failures.get(n))
        if others:
            self._retry.setdefault(self._random.choice(others), asyncio.Event()).set()

    async def _attend(self, peer: Peer) -> None:
        """Rounds with one peer for ever: held where possible, else every 30 s to 5 min with jitter."""
        hold, period, count = limits.HOLD_FIRST, limits.ROUND, 0
        retry = self._retry.setdefault(peer.name, asyncio.Event())
        at_once = TokenBucket(rate=1, burst=20)
        while True:
            began, count = self._clock.steady(), count + 1
            held = self._takes_place(peer.name)
            try:
                quiet = await self._gossip.round(peer, self._clock.now(), hold if held else 0.0)
                self._failures.pop(peer.name, None)
                self._trace.counts.add("gossip_rounds_total", "ok")
                hold = min(hold * 2, limits.HOLD_MAX) if quiet else limits.HOLD_FIRST
                period = min(period * 2, limits.ROUND_MAX) if quiet else limits.ROUND
                early = quiet and self._clock.steady() - began < limits.HOLD_FIRST / 2
                pause = self._jitter(period) if not held or early else at_once.take(1, self._clock.steady())
            except Exception as error:  # whatever a peer provokes, the loop goes on
                pause = self._failed(peer.name, error)
            if count % limits.PASSIVE_ROUND == 0:
                await self._visit_passive()
            await _wait_or(retry, max(pause, 0.05))

    def _failed(self, name: str, error: Exception) -> float:
        self._trace.counts.add("gossip_rounds_total", "failed")
        self._defect(error)
        self._give_up_place(name)
        failures = self._failures[name] = self._failures.get(name, 0) + 1
        pause = self._random.uniform(0.5, min(limits.BACK_OFF * 2 ** min(failures - 1, 16), limits.BACK_OFF_MAX))
        self._trace.info("round-failed", peer=name, why=str(error), next_in=round(pause, 1))
        return pause

    async def _visit_passive(self) -> None:
        passive = sorted(set(self._gossip.peers) - set(self._tasks))[: limits.PASSIVE_PEERS * 8]
        if not passive:
            return
        peer = self._gossip.peers[self._random.choice(passive)]
        try:
            await self._gossip.round(peer, self._clock.now())
            self._failures.pop(peer.name, None)
        except Exception as error:  # as above
            self._defect(error)
            self._failures[peer.name] = self._failures.get(peer.name, 0) + 1

    async def _push_to(self, peer: Peer) -> None:
        """Rounds at once when there is news for a peer; what comes meanwhile goes with the next."""
        event, lost = self._holding.pushes(peer.name), 0
        while True:
            await event.wait()
            event.clear()
            try:
                await self._gossip.round(peer, self._clock.now())
                lost = 0
            except Exception as error:  # as above
                self._defect(error)
                lost += 1
                self._trace.info("push-failed", peer=peer.name, why=str(error))
                if lost <= PUSHED_AGAIN:
                    event.set()  # what was not acknowledged is pushed once more (xs1 11.10)
            await asyncio.sleep(limits.MERGE + self._random.uniform(0, min(lost, 30)))

    def _defect(self, error: Exception) -> None:
        """An exception that is none of ours is a defect of the program: say so, where it can be found."""
        if not isinstance(error, ProtocolError | StorageError | Refusal):
            self._trace.error("defect", why=f"{type(error).__name__}: {error}")

    def _jitter(self, seconds: float) -> float:
        return seconds * self._random.uniform(0.5, 1.5)

    def _heard(self, name: str) -> None:
        """A peer that calls can probably be called: do not wait out the back-off."""
        event = self._retry.get(name)
        if event is not None and self._failures.get(name):
            event.set()


async def _wait_or(event: asyncio.Event, seconds: float) -> None:
    event.clear()
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


Dial = Callable[[str], Peer | None]
