"""Recovery of this node's own records: what peers still hold of an older epoch is appended again."""

import asyncio
from collections.abc import Callable

from xstock_node.protocol import frames, limits
from xstock_node.protocol.errors import Mismatch, NotFound, ProtocolError
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import LogName
from xstock_node.protocol.peer import Peer
from xstock_node.services.catching_up import pull_lines
from xstock_node.services.errors import Refusal
from xstock_node.services.ownlog import OwnLog
from xstock_node.services.receiving import check_erasures, frontier_at, not_superseded
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Engine, StoredNote, Transaction
from xstock_node.trace import Trace


class Recovery:
    """Watches for heads of the own log among what peers say. Before the log is opened it is a replica like others."""

    def __init__(self, engine: Engine, own: OwnLog, appended: Callable[[Head], None], trace: Trace) -> None:
        self._engine, self._own, self._appended, self._trace = engine, own, appended, trace
        self._running: asyncio.Task[None] | None = None
        self._told = ""
        self._offered: dict[tuple[str, bytes], tuple[Peer, Head]] = {}
        self._fetched: set[bytes] = set()
        self._failed: dict[tuple[str, bytes], tuple[Peer, Head]] = {}

    def is_own(self, head: Head) -> bool:
        """Whether a head is of this node's log and the log is open."""
        return self._own.head is not None and head.log.name == self._own.log

    def is_about_own(self, note: str) -> bool:
        """Whether a note is a head of the own log: it is looked at, but a round that brings nothing else was quiet.

        A halted node is told of the newer epoch in every answer, for as long as nobody stops it.
        """
        return note.startswith(f"{self._own.log.node}/xs1/{self._own.log.log}/")

    def own_note(self) -> str | None:
        """The newest own head note, once the log is open."""
        return self._own.note.decode() if self._own.head is not None else None

    def is_waiting(self, log: LogName | None) -> bool:
        """Whether this is the own log and it is not open yet."""
        return self._own.head is None and log == self._own.log

    def see(self, caller: str, head: Head, raw: bytes, peer: Peer | None) -> None:
        """Look at a head of the own log; start fetching where a peer may hold records that are missing here."""
        older = self._own.see(head)
        if self._own.halted and self._told != self._own.halted:
            self._told = self._own.halted
            self._trace.error("own-log-halted", peer=caller, why=self._own.halted)
        busy = self._running is not None and not self._running.done()
        if older and peer is not None and head.root not in self._fetched:
            self._offered[peer.name, head.root] = (peer, head)
            if not busy:
                self._running = asyncio.ensure_future(self._fetch_all())

    async def close(self) -> None:
        """Stop fetching."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def asides_for(self, caller: str) -> list[StoredNote]:
        """Heads of the caller's own log whose records are kept aside here."""
        asides = await self._engine.read(lambda tx: tx.logs.asides())
        return [StoredNote(0, f"aside {a.log}/{a.epoch}", a.head) for a in asides if a.log.node == caller]

    async def append_own_asides(self) -> None:
        """Append again what the own log itself had to cut off."""
        for aside in await self._engine.read(lambda tx: tx.logs.asides(self._own.log)):
            lines = await self._engine.read(
                lambda tx, a=aside: tx.logs.aside_lines(a.log, a.epoch, a.start, a.size - a.start)  # type: ignore[misc]
            )
            await self._append(lines, "own data folder")
            await self._engine.write(lambda tx, a=aside: tx.logs.drop_aside(a.log, a.epoch), durable=True)  # type: ignore[misc]

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
        mine = self._own.head
        base = min(head.size, mine.base.size) if mine is not None and mine.base is not None else 0
        try:
            try:
                lines = await self._pull(peer, head, base)
            except Mismatch:
                # The trees part before the base: the folder was lost more than once.
                lines = await self._pull(peer, head, 0)
            await self._append(lines, peer.name)
            return True
        except NotFound:
            return False
        except (ProtocolError, Refusal, StorageError) as error:
            self._trace.warning("recovery-failed", peer=peer.name, why=str(error))
            return False

    async def _pull(self, peer: Peer, head: Head, start: int) -> list[bytes]:
        lines = await pull_lines(peer, head.log, start, head.size)
        frontier = await self._engine.read(lambda tx: frontier_at(tx, self._own.log, start))
        if frontier.extended([frames.leaf_of(line) for line in lines]).root() != head.root:
            raise Mismatch(f"records that give the root of {head.log}", "others")
        check_erasures(lines, start, head, from_origin=False)
        return lines

    async def _append(self, lines: list[bytes], whence: str) -> None:
        count = 0

        def missing(tx: Transaction) -> list[bytes]:
            nonlocal count
            state = tx.logs.state(self._own.log)
            held = tx.logs.lines(self._own.log, 0, state.frontier.size if state else 0)
            again = not_superseded(lines, held)
            count = len(again)
            return again

        head = await self._own.append(missing)
        if count:
            self._trace.info("recovered", records=count, whence=whence)
        self._appended(head)


def _holds(tx: Transaction, head: Head) -> bool:
    """Whether the own log begins with the tree of `head`."""
    state = tx.logs.state(head.log.name)
    if state is None or state.frontier.size < head.size:
        return False
    return frontier_at(tx, head.log.name, head.size).root() == head.root
