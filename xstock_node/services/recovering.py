"""Recovery of this node's own records: what peers still hold of an older epoch is appended again."""

import asyncio
from collections.abc import Callable

from xstock_node.protocol import frames
from xstock_node.protocol.errors import Mismatch, NotFound, ProtocolError
from xstock_node.protocol.heads import Head
from xstock_node.protocol.peer import Peer
from xstock_node.protocol.records import Offer, Withdraw, interpret
from xstock_node.services.catching_up import pull_lines
from xstock_node.services.ownlog import OwnLog
from xstock_node.services.receiving import frontier_at
from xstock_node.storage.interfaces import Engine, StoredNote, Transaction
from xstock_node.trace import Trace


class Recovery:
    """Watches for heads of the own log among what peers say. Before the log is opened it is a replica like others."""

    def __init__(self, engine: Engine, own: OwnLog, appended: Callable[[Head], None], trace: Trace) -> None:
        self._engine, self._own, self._appended, self._trace = engine, own, appended, trace
        self._running: asyncio.Task[None] | None = None
        self._told = ""

    def is_own(self, head: Head) -> bool:
        """Whether a head is of this node's log and the log is open."""
        return self._own.head is not None and head.log.name == self._own.log

    def see(self, caller: str, head: Head, raw: bytes, peer: Peer | None) -> None:
        """Look at a head of the own log; start fetching where a peer holds records that are missing here."""
        missing = self._own.see(head)
        if self._own.halted and self._told != self._own.halted:
            self._told = self._own.halted
            self._trace.error("own-log-halted", peer=caller, why=self._own.halted)
        busy = self._running is not None and not self._running.done()
        if missing and peer is not None and not busy:
            self._running = asyncio.ensure_future(self._fetch(peer, head))

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

    async def _fetch(self, peer: Peer, head: Head) -> None:
        mine = self._own.head
        base = mine.base.size if mine is not None and mine.base is not None else 0
        try:
            lines = await pull_lines(peer, head.log, base, head.size)
            frontier = await self._engine.read(lambda tx: frontier_at(tx, self._own.log, base))
            if frontier.extended([frames.leaf_of(line) for line in lines]).root() != head.root:
                raise Mismatch(f"records that give the root of {head.log}", "others")
            await self._append(lines, peer.name)
        except NotFound:
            return
        except ProtocolError as error:
            self._trace.warning("recovery-failed", peer=peer.name, why=error.sentence())

    async def _append(self, lines: list[bytes], whence: str) -> None:
        count = 0

        def missing(tx: Transaction) -> list[bytes]:
            nonlocal count
            state = tx.logs.state(self._own.log)
            held = tx.logs.lines(self._own.log, 0, state.frontier.size if state else 0)
            again = _not_superseded(lines, held)
            count = len(again)
            return again

        head = await self._own.append(missing)
        if count:
            self._trace.info("recovered", records=count, whence=whence)
        self._appended(head)


def _not_superseded(lines: list[bytes], held: list[bytes]) -> list[bytes]:
    """The lines that the log lacks and of whose offers it says nothing newer."""
    present = set(held)
    newest: dict[str, int] = {}
    for line in held:
        found = interpret(line)
        if isinstance(found, Offer | Withdraw):
            newest[found.id] = max(found.ts, newest.get(found.id, 0))
    again = []
    for line in lines:
        if line[:1] != b"{" or line in present:
            continue
        found = interpret(line)
        if not isinstance(found, Offer | Withdraw) or found.ts >= newest.get(found.id, 0):
            again.append(line)
    return again
