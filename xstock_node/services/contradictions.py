"""What heads prove against their origin: two histories of one epoch, or two nodes that sign with one key."""

from collections.abc import Callable

from xstock_node.protocol import forks, heads
from xstock_node.protocol.errors import BadSignature, Fork, Mismatch, ProtocolError
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import LogId, LogName
from xstock_node.protocol.peer import Peer
from xstock_node.services import forking
from xstock_node.services.directory import Directory
from xstock_node.services.held import Held
from xstock_node.services.receiving import freeze
from xstock_node.storage.interfaces import Engine

Refuse = Callable[[str, ProtocolError, str], None]
VERIFIED = 4096


class Contradictions:
    """Finds, keeps and passes on proofs about the logs of one network. `twins` is called once a log that shows two
    nodes with one key.
    """

    def __init__(
        self, engine: Engine, directory: Directory, held: Held, now: Callable[[], int], refuse: Refuse
    ) -> None:
        self.twins: Callable[[LogId], None] = lambda log: None
        self._engine, self._directory, self._held = engine, directory, held
        self._now, self._refuse = now, refuse
        self._older: dict[tuple[LogName | LogId, int], bytes] = {}

    async def learn(self, raw: bytes) -> bool:
        """Take a fork statement whose proof and signatures hold; True when it is new (xs1 19.2)."""
        statement = forks.parse(raw)
        if not self._held.concerns(statement.longer):
            return False
        for head, note in zip((statement.shorter, statement.longer), statement.notes, strict=True):
            if not self._directory.verify_head(head, note):
                return False
        new = await forking.keep(self._engine, statement, self._now())
        held = self._held.heads.get(statement.log.name)
        if new and not statement.shows_twins and (held is None or held.log.epoch <= statement.log.epoch):
            self._held.freeze(statement.log.name)
        return new

    async def freeze_on_fork(self, log: LogName, raw: bytes, error: ProtocolError) -> None:
        """Where an error says that a head parts from what is held: the log is frozen, and the proof passed on."""
        if isinstance(error, Fork) and not isinstance(error, Mismatch):
            why, held = error.sentence(), self._held.raw.get(log, b"")
            await self._engine.write(lambda tx: freeze(tx, log, why), durable=True)
            self._held.freeze(log)
            statement = await self._engine.read(lambda tx: forking.statement_here(tx, held, raw))
            if statement is not None and await self.learn(statement):
                self._held.tell_of(log)

    async def look_back(self, caller: str, head: Head, raw: bytes) -> None:
        """What a head that is no news may prove."""
        try:
            await self.look_for_twins(head, raw)
            await self._look_at_older(head, raw)
        except ProtocolError as error:
            self._refuse(caller, error, str(head.log))

    async def look_for_twins(self, head: Head, raw: bytes) -> None:
        """An older epoch that goes on long after the one held began: raise the alarm, and pass the proof on."""
        statement = forking.twins_here(self._held.raw.get(head.log.name, b""), raw)
        if statement is None or (head.log, -1) in self._older:
            return
        self._directory.verify_head(*heads.parse(raw))
        new = await self.learn(statement)
        self._looked(head.log, -1, b"")
        if new:
            self.twins(head.log)
            self._held.tell_of(head.log.name)

    async def found_fork(self, peer: Peer, raw: bytes) -> bool:
        """Whether records that do not fit are those of another history that the origin signed too."""
        log = heads.parse(raw)[0].log.name
        try:
            statement = await forking.statement_from(peer, self._held.raw.get(log, b""), raw)
            if statement is None or not await self.learn(statement):
                return False
        except (ProtocolError, BadSignature):
            return False
        self._held.tell_of(log)
        return True

    async def _look_at_older(self, head: Head, raw: bytes) -> None:
        """A smaller head of the epoch held is old news, unless it is no beginning of what is held: a fork."""
        log = head.log.name
        held = self._held.heads.get(log)
        if held is None or self._older.get((log, head.size)) == head.root or log in self._held.frozen:
            return
        if await self._engine.read(lambda tx: forking.contradicts(tx, held, head)):
            error = Fork("one history an epoch", f"{head.log} size {head.size}", "both heads are kept")
            await self.freeze_on_fork(log, raw, error)
        elif head.log == held.log:
            self._looked(log, head.size, head.root)

    def _looked(self, log: LogName | LogId, size: int, root: bytes) -> None:
        if len(self._older) >= VERIFIED:
            self._older.clear()
        self._older[log, size] = root
