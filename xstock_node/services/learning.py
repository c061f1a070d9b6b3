"""Learning: what becomes of the notes that a peer sends, of every kind.

- charters and identities first, then governors' logs, then the rest, so that a stolen key's end comes before its heads;
- a note of a name that nobody stands for waits in memory until somebody may;
- a head of this node's own log is looked at, never taken.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from xstock_node.protocol import charter, forks, frames, heads
from xstock_node.protocol.errors import NotFound, ProtocolError, Rollback
from xstock_node.protocol.identity import FIRST_LINE as IDENTITY
from xstock_node.protocol.names import GOVERNANCE, LogName
from xstock_node.services.directory import Directory
from xstock_node.services.holding import Holding
from xstock_node.services.membership import Membership
from xstock_node.services.peering import Peering
from xstock_node.services.receiving import Plan
from xstock_node.services.recovering import Recovery
from xstock_node.services.replicas import Replicas, carried_frames
from xstock_node.services.waiting_room import WaitingRoom
from xstock_node.storage.interfaces import Engine
from xstock_node.trace import Trace

ORDER = (charter.FIRST_LINE, IDENTITY)
Fetch = Callable[[Plan, str], Awaitable[bool]]


class Learning:
    """Takes notes for one network. `fetch` gets the records of a plan, first from the named peer."""

    def __init__(
        self,
        engine: Engine,
        membership: Membership,
        directory: Directory,
        replicas: Replicas,
        peering: Peering,
        recovery: Recovery,
        holding: Holding,
        now: Callable[[], int],
        trace: Trace,
    ) -> None:
        self.fetch: Fetch
        self.room = WaitingRoom()
        self._engine, self._membership, self._directory = engine, membership, directory
        self._replicas, self._peering, self._recovery, self._holding = replicas, peering, recovery, holding
        self._now, self._trace = now, trace
        replicas.contradictions.twins = lambda log: trace.error("two-with-one-key", log=str(log))
        self._overtaken: dict[str, tuple[str, ...]] = {}
        self._opened: dict[str, int] = {}

    async def learn(self, caller: str, notes: Sequence[str], carried: str = "", reader: str = "") -> list[Plan]:
        """Take notes from a peer; the plans for records that are still missing.

        `reader` says that it sealed them, where the caller only carries them.
        """
        frames_by_log = self._carried(caller, carried)
        rest: list[str] = []
        for note in sorted(notes, key=_rank):
            kind = note.partition("\n")[0]
            if kind == charter.FIRST_LINE:
                await self._try(caller, "charter", self._learn_charter(caller, note))
            elif kind == IDENTITY:
                await self._try(caller, "identity", self._learn_identity(caller, note))
            elif kind == forks.FIRST_LINE:
                await self._try(caller, "fork statement", self._learn_fork(caller, note))  # xs1 19.4
            elif f".{GOVERNANCE}/" in kind:
                await self._learn_governance(caller, note)
            elif not self._was_told(caller, note):
                rest.append(note)
        if not rest:
            return []
        found = await asyncio.gather(*(self._learn_head(caller, note, frames_by_log, reader) for note in rest))
        return [plan for plan in found if plan is not None]

    def _was_told(self, caller: str, note: str) -> bool:
        """Whether the caller told of a head before that is still the newest: every round shows own heads."""
        raw = note.encode()
        try:
            log = heads.parse(raw)[0].log.name
        except ProtocolError:
            return False
        return self._replicas.raw.get(log) == raw and self._peering.holds(caller, f"head {log}", raw)

    async def learn_waiting(self) -> list[tuple[str, Plan]]:
        """Try again what waited for somebody to stand for its name; plans with who brought the note."""
        plans: list[tuple[str, Plan]] = []
        for caller, notes in self.room.take_all().items():
            plans += [(caller, plan) for plan in await self.learn(caller, notes)]
        return plans

    def overtaken(self, caller: str) -> tuple[str, ...]:
        """The head of a newer epoch than the caller showed of its own log, once (xs1 11.9)."""
        return self._overtaken.pop(caller, ())

    def _carried(self, caller: str, carried: str) -> Mapping[LogName, frames.Frame]:
        try:
            return carried_frames(carried.encode()) if carried else {}
        except ProtocolError as error:
            self._peering.refuse(caller, error, "frames beside heads")
            return {}

    async def _try(self, caller: str, what: str, work: Awaitable[None]) -> None:
        try:
            await work
        except ProtocolError as error:
            self._peering.refuse(caller, error, what)

    async def _learn_charter(self, caller: str, note: str) -> None:
        found = charter.parse(note.encode())
        if found.network == self._membership.network:
            new = await self._membership.learn_charter(note.encode())
            self._peering.gave(caller, f"charter {found.network} {found.version}", note.encode())
            if new:
                self._replicas.changed(LogName("", ""), True)

    async def _learn_identity(self, caller: str, note: str) -> None:
        raw, name = note.encode(), note.split("\n", 2)[1]
        if self._directory.renew(raw, self._now()):
            self._peering.gave(caller, f"identity {name}", raw)
            await self._engine.write(lambda tx: tx.journal.put(f"identity {name}", raw), durable=False)
            renewed = self._directory.get(name)
            if renewed is not None and renewed.statement.epoch:  # xs1 12.6
                await self._replicas.voiding.void(name, renewed.statement.epoch)
            self._replicas.changed(LogName(name, ""), True)
        elif self._directory.get(name) is None:
            self.room.put(caller, note)

    async def _learn_fork(self, caller: str, note: str) -> None:
        raw = note.encode()
        statement = forks.parse(raw)
        if statement.log.name.network != self._membership.network or not self._replicas.concerns(statement.longer):
            return
        new = await self._replicas.contradictions.learn(raw)
        self._peering.gave(caller, f"fork {statement.log}", raw)  # only once its signatures are known to hold
        if new:
            what = "two-with-one-key" if statement.shows_twins else "fork"
            self._trace.error(what, log=str(statement.log), peer=caller)
            log = statement.log.name
            self._replicas.changed(LogName(log.node, "") if log.is_for_all else log, True)

    async def _learn_governance(self, caller: str, note: str) -> None:
        """A governor's log is taken whole before anything that may depend on it."""
        plan = await self._learn_head(caller, note, {})
        if plan is None or await self.fetch(plan, caller):
            await self._membership.refresh()

    async def _learn_head(
        self, caller: str, note: str, carried: Mapping[LogName, frames.Frame], reader: str = ""
    ) -> Plan | None:
        raw = note.encode()
        try:
            head, signed = heads.parse(raw)
            log = head.log.name
            if not self._replicas.concerns(head):
                if log.network == self._membership.network and self._directory.get(log.node) is None:
                    self.room.put(caller, note)
                return None
            if self._membership.is_ruled(log) and not self._membership.sees(reader or caller, log):
                raise NotFound("a head that its sender may read", str(head.log))
            if self._recovery.is_own(head) or self._replicas.raw.get(log) != raw:
                # Checked first: of a forged head nothing is remembered, least of all that its teller holds it.
                self._directory.verify_head(head, signed)
        except ProtocolError as error:
            self._peering.refuse(caller, error, note[:120].partition("\n")[0])
            return None
        self._peering.gave(caller, f"head {log}", raw)
        if self._recovery.is_own(head):
            self._recovery.see(caller, head, raw)
            return None
        self._note_overtaken(caller, head, raw)
        if self._went_back(caller, head):
            await self._try(caller, str(log), self._replicas.contradictions.look_for_twins(head, raw))
            return None
        plan = await self._replicas.learn(caller, raw, carried, verified=True)
        self._peering.showed(caller, head)
        return plan

    def _note_overtaken(self, caller: str, head: heads.Head, raw: bytes) -> None:
        """A caller that shows an older epoch of its own log is told of the newer one: two nodes may have its key.

        One that shows a newer epoch of its own started again: it is told once more what is kept aside for it, although
        others may have told of that epoch before. Whoever waits here in its name is told of the epoch.
        """
        held = self._replicas.heads.get(head.log.name)
        if head.log.node != caller:
            return
        if head.log.epoch > self._opened.get(caller, 0):
            self._opened[caller] = head.log.epoch
            self._peering.forget_asides(caller)
        if held is None:
            return
        if held.log.epoch < head.log.epoch:
            self._holding.tell(caller, raw.decode())
        elif held.log.epoch > head.log.epoch:
            self._overtaken[caller] = (self._replicas.raw[head.log.name].decode(),)

    def _went_back(self, caller: str, head: heads.Head) -> bool:
        """A peer that shows an older head than it showed before replays; its own view cannot have shrunk."""
        shown = self._peering.shown_by(caller, head.log.name)
        if shown is None or head.log.name not in self._replicas.heads or not self._peering.went_back(caller, head):
            return False
        error = Rollback(f"epoch {shown[0]}, size {shown[1]} or more, as shown before", f"{head.log}, {head.size}")
        self._peering.refuse(caller, error, str(head.log))
        return True


def _rank(note: str) -> int:
    kind = note.partition("\n")[0]
    return ORDER.index(kind) if kind in ORDER else len(ORDER) + (f".{GOVERNANCE}/" not in kind)
