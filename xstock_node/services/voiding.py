"""Taking back what a stolen key signed after the epoch that its owner's newest identity fixes (xs1 7.9)."""

from xstock_node.protocol.heads import Head
from xstock_node.protocol.identity import Identity
from xstock_node.services.directory import Directory
from xstock_node.services.held import Held
from xstock_node.services.receiving import void_later
from xstock_node.storage.interfaces import Engine


class Voiding:
    """The voided epochs of one network's logs: cut at once, or when the disk allows it again."""

    def __init__(self, engine: Engine, directory: Directory, held: Held, network: str) -> None:
        self._engine, self._directory, self._held, self._network = engine, directory, held, network
        self._due: dict[str, int] = {}

    async def void(self, name: str, epoch: int) -> None:
        """Take back what logs of a node hold of epochs later than the one that its identity fixes (xs1 7.9)."""
        if name == self._directory.own.name:
            return  # an own log is cut by its owner alone: an epoch must never be opened twice
        self._due[name] = epoch
        for state in await self._engine.read(lambda tx: tx.logs.states()):
            log, raw = state.log, state.target or state.head
            here = log.network == self._network
            if not here or log.node != name or not raw or not self._directory.is_void(raw):
                continue
            if await self._engine.write(lambda tx, s=state, r=raw: void_later(tx, s.log, epoch, r), durable=True):  # type: ignore[misc]
                self._held.drop(log)
        self._due.pop(name, None)

    def note(self, found: Identity) -> None:
        """A newer identity: what it voids counts no more at once, and is taken back at the next look round.

        Another network of this node may have heard of it, or the disk may be full.
        """
        if not found.statement.epoch or found.name == self._directory.own.name:
            return
        self._due[found.name] = found.statement.epoch
        for log, raw in list(self._held.raw.items()):
            if log.node == found.name and self._directory.is_void(raw):
                self._held.drop(log)

    async def again(self) -> None:
        """Take back what could not be taken back at once: before a crash, or while the disk was full."""
        for name, epoch in list(self._due.items()):
            await self.void(name, epoch)

    async def voided(self, head: Head, raw: bytes) -> bool:
        """Whether a newer identity voided this head while it was being stored: then it is taken back."""
        if not self._directory.is_void(raw):
            return False
        known = self._directory.get(head.log.node)
        await self.void(head.log.node, known.statement.epoch if known else 0)
        return True
