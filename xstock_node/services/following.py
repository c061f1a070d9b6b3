"""Following: a process that stands by keeps what it holds in memory as new as the database that another one writes."""

from xstock_node.protocol.errors import ProtocolError
from xstock_node.services.node import Node
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import StoredNote

AT_ONCE = 10_000


class Following:
    """Looks at the journal, in which every note that a node learns or signs is entered."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._position = -1

    async def look(self) -> bool:
        """Take up what came since the last look; whether anything did."""

        def read(tx: Transaction) -> tuple[int, list[StoredNote]]:
            last = tx.journal.last()
            return last, tx.journal.since(self._position, AT_ONCE) if last > self._position >= 0 else []

        last, notes = await self._node.engine.read(read)
        if last == self._position:
            return False
        kinds = {note.subject.partition(" ")[0] for note in notes}
        if self._position < 0 or len(notes) == AT_ONCE or kinds & {"charter", "fork"}:
            await self._node.load()
        else:
            await self._take(notes, kinds)
        self._position = last
        return True

    async def _take(self, notes: list[StoredNote], kinds: set[str]) -> None:
        for note in notes:
            if note.subject.startswith("identity "):
                try:
                    self._node.directory.renew(note.raw)
                except ProtocolError as error:
                    self._node.trace.warning("identity-not-taken", about=note.subject, why=error.sentence())
        if "head" in kinds:
            for network in self._node.networks.values():
                await network.replicas.load()
                await network.membership.refresh()
