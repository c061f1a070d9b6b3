"""The log that this node signs: epochs, appending, heads, heartbeat.

- every start opens a new epoch that continues the tree from the last own head known;
- a head is durable before anybody sees it (xs1 6.6);
- size and time of its heads never go back, whatever the clock does;
- a node that sees a newer epoch of its own log stops signing and asks a person (xs1 7.5).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from xstock_node.protocol import heads, keys, limits, merkle
from xstock_node.protocol.errors import Fork
from xstock_node.protocol.frames import leaves_of
from xstock_node.protocol.heads import Base, Head
from xstock_node.protocol.names import LogName
from xstock_node.services.errors import Refusal
from xstock_node.services.indexing import index_lines
from xstock_node.storage.interfaces import Engine, Transaction
from xstock_node.storage.values import LogState


class _Signed(NamedTuple):
    """What a write signed: the head, its note, the audience record that rules the log, or empty, and how far the wall
    clock was ahead of the steady one when the epoch of the head was opened.
    """

    head: Head
    note: bytes
    audience: str
    offset: float


class Halt:
    """Why this node signs nothing more, in any of its logs; empty while it does."""

    def __init__(self) -> None:
        self.why = ""


class OwnLog:
    """One log of this node. `now` gives unix seconds, `steady` seconds of a clock that nobody sets."""

    def __init__(
        self,
        engine: Engine,
        log: LogName,
        signer: keys.Signer,
        now: Callable[[], int],
        steady: Callable[[], float],
        halt: Halt | None = None,
        start: Callable[[], int] = lambda: 0,
    ) -> None:
        self.log = log
        self.halt = halt or Halt()
        self.head: Head | None = None
        self._newest: Head | None = None
        self.note = b""
        self.audience = ""
        self._engine = engine
        self._start = start
        self._signer = signer
        self._now = now
        self._steady = steady
        self._offset = 0.0

    @property
    def halted(self) -> str:
        """Why nothing is signed any more, or empty."""
        return self.halt.why

    async def open(self, epoch: int = 0) -> Head:
        """Open a new epoch, the one of this node's start where it is given, and sign its first head (xs1 7.1)."""
        return self._signed(await self._engine.write(lambda tx: self._open(tx, epoch or self._start()), durable=True))

    async def append(self, make: Callable[[Transaction], Sequence[bytes]]) -> Head:
        """Append the lines that `make` returns, in the same transaction as whatever else it writes."""
        if self.halted:
            raise Refusal("own-log-halted", "this node alone signs its log", self.halted, "ask its operators")
        if self.head is None and self.log.is_for_all:
            await self.open()
        return self._signed(await self._engine.write(lambda tx: self._append(tx, make), durable=True))

    async def heartbeat(self) -> Head:
        """Sign the same state with a newer time, so that silence can be told from nothing new."""
        return await self.append(lambda tx: ())

    def see(self, head: Head) -> bool:
        """Look at a head of this log that a peer holds; True for an older epoch, which may show records lost here."""
        if self.head is None:
            return False
        # A head is shown to peers once it is stored, which may be a moment before the append that signed it returns.
        mine = self._newest or self.head
        if head.log.epoch > mine.log.epoch:
            self.halt.why = f"epoch {head.log.epoch} of this log was opened elsewhere, here it is {mine.log.epoch}"
        elif head.log.epoch == mine.log.epoch and (
            head.size > mine.size or (head.size == mine.size and head.root != mine.root)
        ):
            self.halt.why = f"another history of epoch {head.log.epoch} is signed with this node's key"
        elif head.log.epoch < mine.log.epoch:
            if head.time > mine.log.epoch + limits.EPOCH_OVERLAP:  # xs1 7.6
                self.halt.why = f"epoch {head.log.epoch} was signed again after epoch {mine.log.epoch} began"
            return head.size > 0
        return False

    def _signed(self, signed: _Signed) -> Head:
        self.head, self.note, self.audience, self._offset = signed
        return self.head

    def _open(self, tx: Transaction, at_least: int = 0) -> _Signed:
        now = self._now()
        state = tx.logs.state(self.log) or LogState(self.log)
        base = None
        if state.target:
            # Fetching own records was interrupted: what is stored of them is a verified part of that head's tree.
            base = Base(state.epoch, state.frontier.size, state.frontier.root())
        elif state.head:
            held = heads.parse(state.head)[0]
            if held.size != state.frontier.size or held.root != state.frontier.root():
                raise Fork(f"the records of the last head, {held.size}", state.frontier.size, "run `xstock log verify`")
            base = Base(held.log.epoch, held.size, held.root)  # xs1 7.2
        # A clock that was set back must not give an epoch older than the heads before it: they would look like those of
        # a second node that signs with this key.
        epoch = max(now, state.epoch + 1, state.head_time, at_least)
        return self._sign(tx, state._replace(epoch=epoch, target=b"", frozen=""), base, now, now - self._steady())

    def _append(self, tx: Transaction, make: Callable[[Transaction], Sequence[bytes]]) -> _Signed:
        offset = self._offset
        if self.head is None:
            # An audience log is never shown empty: it begins with its audience.
            offset = self._open(tx, self._start()).offset
        elif abs(self._now() - self._steady() - offset) > limits.CLOCK_JUMP:  # xs1 7.7
            offset = self._open(tx).offset
        lines = make(tx)
        state = tx.logs.state(self.log)
        if state is None:
            raise Fork("a log that was opened", "none")
        if lines:
            state = self._store(tx, state, lines)
        return self._sign(tx, state, heads.parse(state.head)[0].base, self._now(), offset)

    def _store(self, tx: Transaction, state: LogState, lines: Sequence[bytes]) -> LogState:
        start, width, now = state.frontier.size, limits.SEGMENT, self._now()
        leaves = leaves_of(lines)
        frontier, segments = merkle.grow(
            state.frontier, leaves, lambda: tx.logs.leaves(self.log, start - start % width, start), width
        )
        tx.logs.append(self.log, start, lines, segments)
        found = index_lines(tx, self.log, start, lines, max(now, state.head_time), now)
        if found.late:  # the clock was put back since they were written: readers would leave them out
            came = f"{found.late} of {len(lines)} from the future"
            raise Refusal("late-record", "own records as of now", came, "look at the clock, then do it again")
        return state._replace(frontier=frontier, audience=found.audience or state.audience)

    def _sign(self, tx: Transaction, state: LogState, base: Base | None, now: int, offset: float) -> _Signed:
        frontier, time = state.frontier, max(now, state.head_time)
        head = Head(self.log.epoch(state.epoch), frontier.size, frontier.root(), time, state.minimum, base)
        raw = heads.sign(head, self._signer)
        if not state.head:
            state = state._replace(first_size=head.size, first_time=time)
        tx.logs.put(state._replace(head=raw, head_size=head.size, head_time=time, heard=time))
        tx.journal.put(f"head {self.log}", raw)
        self._newest = head
        return _Signed(head, raw, state.audience, offset)
