"""Recovery of this node's own records: what peers still hold of an older epoch is appended again (xs1 7.8)."""

import asyncio
from collections.abc import Callable, Mapping

from xstock_node.protocol import frames, limits
from xstock_node.protocol.errors import Gap, Mismatch, NotFound, ProtocolError
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import AUDIT, LogName
from xstock_node.protocol.peer import Peer
from xstock_node.services.errors import Refusal
from xstock_node.services.ownlog import OwnLog
from xstock_node.services.pulling import pull_lines
from xstock_node.services.receiving import frontier_at, not_superseded
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Engine, Transaction
from xstock_node.storage.values import StoredNote
from xstock_node.trace import Trace

OWN_FOLDER = "own data folder"


class Recovery:
    """Watches for heads of own logs among what peers say. Before a log is opened it is a replica like others."""

    def __init__(
        self,
        engine: Engine,
        own: Mapping[LogName, OwnLog],
        peers: Callable[[str], Peer | None],
        appended: Callable[[OwnLog], None],
        trace: Trace,
        counts: Callable[[bytes], bool] = lambda head: True,
    ) -> None:
        self.lost: Callable[[str], None] = lambda why: None
        self._counts = counts
        self._looking: dict[asyncio.Task[None], None] = {}
        self._engine, self._own, self._peer, self._appended, self._trace = engine, own, peers, appended, trace
        self._running: asyncio.Task[None] | None = None
        self._told = ""
        self._offered: dict[tuple[str, bytes], tuple[Peer, Head]] = {}
        self._fetched: set[bytes] = set()
        self._failed: dict[tuple[str, bytes], tuple[Peer, Head]] = {}

    def is_own(self, head: Head) -> bool:
        """Whether a head is of a log of this node, and that log is open."""
        found = self._own.get(head.log.name)
        return found is not None and found.head is not None

    def is_about_own(self, note: str) -> bool:
        """Whether a note is a head of an own log: it is looked at, but a round that brings nothing else was quiet.

        A halted node is told of the newer epoch in every answer, for as long as nobody stops it.
        """
        return any(note.startswith(f"{log.node}/xs1/{log.log}/") for log in self._own)

    def own_notes(self) -> list[str]:
        """The newest head notes of own logs that are open and for all members."""
        return [log.note.decode() for log in self._own.values() if log.head is not None and log.log.is_for_all]

    def is_waiting(self, log: LogName | None) -> bool:
        """Whether this is an own log and it is not open yet."""
        found = self._own.get(log) if log else None
        return found is not None and found.head is None

    def see(self, caller: str, head: Head, raw: bytes) -> None:
        """Look at a head of an own log; start fetching where a peer may hold records that are missing here."""
        own, peer = self._own[head.log.name], self._peer(caller)
        older = own.see(head)
        if own.halted and self._told != own.halted:
            self._told = own.halted
            self._trace.error("own-log-halted", peer=caller, why=own.halted)
        busy = self._running is not None and not self._running.done()
        if older and head.log.name.label == AUDIT and head.root not in self._fetched:
            self._fetched.add(head.root)
            self._looking[task := asyncio.ensure_future(self._look_at_audit(head))] = None
            task.add_done_callback(lambda done: self._looking.pop(done, None))
        elif older and peer is not None and head.root not in self._fetched:
            self._offered[peer.name, head.root] = (peer, head)
            if not busy:
                self._running = asyncio.ensure_future(self._fetch_all())

    async def close(self) -> None:
        """Stop fetching."""
        tasks = [*self._looking, *([self._running] if self._running else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def asides_for(self, tx: Transaction, caller: str) -> list[StoredNote]:
        """Heads of the caller's own log whose records are kept aside here."""
        return [
            StoredNote(0, f"aside {a.log}/{a.epoch}", a.head)
            for a in tx.logs.asides(node=caller)
            if self._counts(a.head)
        ]

    async def append_own_asides(self) -> None:
        """Append again what own logs themselves had to cut off."""
        for aside in await self._engine.read(lambda tx: tx.logs.asides()):
            if aside.log not in self._own:
                continue
            lines = await self._engine.read(
                lambda tx, a=aside: tx.logs.aside_lines(a.log, a.epoch, a.start, a.size - a.start)  # type: ignore[misc]
            )
            await self._append(self._own[aside.log], lines, OWN_FOLDER)
            await self._engine.write(lambda tx, a=aside: tx.logs.drop_aside(a.log, a.epoch), durable=True)  # type: ignore[misc]

    async def _look_at_audit(self, head: Head) -> None:
        """An own audit log that once was longer: messages and acts were lost, and nobody else has them all."""
        if not await self._engine.read(lambda tx: _holds(tx, head)):
            self.lost(f"a peer holds head {head.size} of epoch {head.log.epoch} of the own audit log")

    async def _fetch_all(self) -> None:
        while self._offered:
            key = next(iter(self._offered))
            peer, head = self._offered.pop(key)
            if head.root not in self._fetched:
                if await self._fetch(peer, head):
                    self._fetched.add(head.root)
                else:
                    self._failed[key] = (peer, head)
            if not self._offered and self._failed:
                # Peers tell of it once; it is asked for until somebody hands it out.
                await asyncio.sleep(limits.ROUND_MAX)
                self._offered, self._failed = self._failed | self._offered, {}

    async def _fetch(self, peer: Peer, head: Head) -> bool:
        """Append again what `head` covers and the own log lacks; True when nothing of it is missing any more."""
        if await self._engine.read(lambda tx: _holds(tx, head)):
            return True
        own = self._own[head.log.name]
        mine = own.head
        base = min(head.size, mine.base.size) if mine is not None and mine.base is not None else 0
        try:
            try:
                lines = await self._pull(peer, head, base)
            except Mismatch:
                # The trees part before the base: the folder was lost more than once.
                lines = await self._pull(peer, head, 0)
            await self._append(own, lines, peer.name)
            return True
        except NotFound:
            return False
        except (ProtocolError, Refusal, StorageError) as error:
            self._trace.warning("recovery-failed", peer=peer.name, why=str(error))
            return False

    async def _pull(self, peer: Peer, head: Head, start: int) -> list[bytes]:
        lines = await pull_lines(peer, head.log, start, head.size)
        frontier = await self._engine.read(lambda tx: frontier_at(tx, head.log.name, start))
        if frontier.extended(frames.leaves_of(lines)).root() != head.root:
            raise Mismatch(f"records that give the root of {head.log}", "others")
        bare = {n: line for n, line in enumerate(lines, start) if n >= head.minimum and frames.is_hash_line(line)}
        owed = await self._engine.read(lambda tx: _owed(tx, head.log.name, bare)) if bare else None
        if owed is not None:
            raise Gap(f"record {owed} of {head.log}", "only its hash", "ask another peer")
        return lines

    async def _append(self, own: OwnLog, lines: list[bytes], whence: str) -> None:
        count = 0

        def missing(tx: Transaction) -> list[bytes]:
            nonlocal count
            state = tx.logs.state(own.log)
            held = tx.logs.lines(own.log, 0, state.frontier.size if state else 0)
            again = not_superseded(lines, held)
            count = len(again)
            return again

        await own.append(missing)
        if count:
            self._trace.info("recovered", records=count, whence=whence)
            if whence != OWN_FOLDER:
                self.lost(f"{count} own records came back from {whence}")
        self._appended(own)


def _owed(tx: Transaction, log: LogName, bare: Mapping[int, bytes]) -> int | None:
    """The first index of these `#` lines whose record was not erased in the own log, there or where it was appended
    again.
    """
    erased, state = tx.logs.erased(log), tx.logs.state(log)
    held = set(tx.logs.lines(log, 0, state.frontier.size if state else 0))
    return next((index for index, line in bare.items() if index not in erased and line not in held), None)


def _holds(tx: Transaction, head: Head) -> bool:
    """Whether the own log begins with the tree of `head`."""
    state = tx.logs.state(head.log.name)
    if state is None or state.frontier.size < head.size:
        return False
    return frontier_at(tx, head.log.name, head.size).root() == head.root
