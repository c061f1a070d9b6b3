"""From bytes to ingest: lines and lies of a known origin, signed by it, through `Replicas` into an engine in memory.

The first eight bytes of an input say how the origin, or the peer that carries its log, lies; the rest are the lines
that the log grows by. Where nobody lies the lines must be held afterwards, whatever they are: no line of an origin
stops its log.
"""

import time
from asyncio import events
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from xstock_node.protocol import frames, heads, limits, merkle, records
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.frames import leaf_of
from xstock_node.protocol.gossip import PullRequest, Range
from xstock_node.protocol.heads import Base, Head
from xstock_node.protocol.names import LogId
from xstock_node.services.catching_up import SMALL_GAP
from xstock_node.services.directory import Directory
from xstock_node.services.membership import Membership
from xstock_node.services.replicas import Replicas, carried_frames
from xstock_node.services.serving import serve_pull
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.storage.sqlite.engine import Job
from xstock_node.testing import make_offer
from xstock_node.testing.clock import SimLoop
from xstock_node.testing.nodes import make_identity
from xstock_node.trace import Trace

T = TypeVar("T")
NOW = 1_790_000_000
ORIGIN, RELAY, OWN = "redcross.bg", "redcross.hr", "redcross.rs"
HELD = 258  # a whole segment and an edge


CLOCK = SimLoop()  # only asked what time it is


class MemoryEngine(SqliteEngine):
    """The engine over a database in memory, in one transaction that `reset` undoes. Each work has its savepoint."""

    def __init__(self) -> None:
        super().__init__(Path(":memory:"), threads=False)
        self._connection.execute("begin")

    async def write(self, work: Callable[[Transaction], T], durable: bool) -> T:
        """See `Engine.write`."""
        job = Job(work, durable)
        self._run_one(job, alone=False)
        job.settle()
        return job.result.result()  # type: ignore[no-any-return]

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """See `Engine.read`: a database in memory has one connection."""
        return await self.write(work, durable=False)

    async def checkpoint(self) -> None:
        """Nothing reaches a disk."""

    def keep(self) -> None:
        """What is there now is what `reset` goes back to."""
        self._connection.execute("commit")
        self._connection.execute("begin")

    def reset(self) -> None:
        """Undo everything since `keep`."""
        self._connection.execute("rollback")
        self._connection.execute("begin")
        self._transaction.forget()


class Lies(NamedTuple):
    """What the eight control bytes say; all zero is the honest origin over its own line."""

    epoch: int
    base: int
    time: int
    minimum: int
    size: int
    root: int
    frame: int
    carrier: int

    def honest(self) -> bool:
        """Whether origin and carrier tell nothing but the truth: growth in the held epoch or in a newer one."""
        told = (self.base, self.time, self.minimum, self.size, self.root, self.frame)
        return not any(told) and self.epoch in (0, 1) and self.carrier < 4


class Ingest:
    """The target; the replica of `HELD` records is built at the first input.

    `making` is the processor time, in seconds, that the last input's growth took to hash and sign: the origin's work.
    """

    def __init__(self) -> None:
        self._ready, self.making = False, 0.0

    def __call__(self, data: bytes) -> str:
        """Offer one growth of the log, check what is held then, and undo it."""
        if not self._ready:
            self._prepare()
        self.making = 0.0
        lies = Lies(*(data[:8] + bytes(8))[:8])
        lines = data[8:].split(b"\n")
        try:
            return self._drive(self._offer(lies, lines))
        finally:
            self._engine.reset()

    def _prepare(self) -> None:
        origin, self._signer = make_identity(ORIGIN)
        self._directory = Directory(make_identity(OWN)[0], [origin, make_identity(RELAY)[0]])
        self._engine = MemoryEngine()
        self._log = LogId(ORIGIN, "see.pub", NOW - 100)
        self._lines = [records.encode(make_offer(n, NOW)) for n in range(HELD)]
        self._leaves = [merkle.leaf_hash(line) for line in self._lines]
        self._held = Head(self._log, HELD, merkle.tree_root(self._leaves), NOW, 0)
        self._raw = heads.sign(self._held, self._signer)
        frame = frames.encode(self._log, 0, self._lines, HELD)
        refusals = self._learn(self._raw, frame)
        assert not refusals, refusals
        self._engine.keep()
        self._ready = True

    def _replicas(self, refused: list[str]) -> Replicas:
        directory = self._directory
        members = Membership(self._engine, "see", directory.own, list(directory), lambda: NOW, Trace("fuzz"))
        return Replicas(self._engine, directory, members, lambda: NOW, lambda *why: refused.append(str(why)))

    def _learn(self, raw: bytes, body: bytes) -> list[str]:
        refused: list[str] = []
        carried = {frame.log.name: frame for frame in frames.parse(body)}
        self._drive(self._replicas(refused).learn(ORIGIN, raw, carried))
        return refused

    def _drive(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end what waits for nothing; what does wait (a large gap) gets a loop of its own."""
        events._set_running_loop(CLOCK)
        try:
            work.send(None)
        except StopIteration as ended:
            return ended.value  # type: ignore[no-any-return]
        finally:
            events._set_running_loop(None)
        raise AssertionError("a small gap never waits")

    async def _offer(self, lies: Lies, lines: Sequence[bytes]) -> str:
        began = time.thread_time()
        head = self._head(lies, lines)
        raw = _bent(heads.sign(head, self._signer), lies.root, 128)
        start = HELD - min(lies.frame % 4, 2)
        sent = [*self._lines[start:], *lines]
        body = _bent(frames.encode(head.log, start, sent, len(sent)), lies.frame, 4)
        self.making = time.thread_time() - began
        caller = RELAY if lies.carrier & 1 else ORIGIN
        refused: list[str] = []
        replicas = self._replicas(refused)
        replicas.note(self._held, self._raw, changed=False)
        take = self._carry if lies.carrier & 2 else self._push
        try:
            await take(replicas, caller, raw, body)
        except ProtocolError as error:
            refused.append(str(error))
        return await self._judge(lies, lines, head, refused, caller)

    async def _carry(self, replicas: Replicas, caller: str, raw: bytes, body: bytes) -> None:
        """As beside a head in a round of gossip; text comes from JSON, whole characters only."""
        await replicas.learn(caller, raw, carried_frames(body))

    async def _push(self, replicas: Replicas, caller: str, raw: bytes, body: bytes) -> None:
        """As a push of what was wanted."""
        await replicas.pushed(caller, raw, list(frames.parse(body)))

    def _head(self, lies: Lies, lines: Sequence[bytes]) -> Head:
        epoch = self._log.epoch + (0, 1, 7, -1, 100, 2_000)[lies.epoch % 6]
        log = LogId(ORIGIN, "see.pub", epoch)
        base = self._base(lies, epoch)
        kept = base.size if base is not None and base.size < HELD else HELD
        leaves = [*self._leaves[:kept], *map(leaf_of, lines)]
        size = max(0, len(leaves) + (0, 1, -1, -2, -HELD, limits.RECORDS_A_LOG, 2**40)[lies.size % 7])
        minimum = min((0, 256, 512, 2**39)[lies.minimum % 4], size - size % 256)
        time = NOW + (0, 1, -1, 599, 601, -(10**6))[lies.time % 6]
        root = merkle.tree_root(leaves) if lies.root != 1 else bytes(32)
        return Head(log, size, root, time, minimum, base)

    def _base(self, lies: Lies, epoch: int) -> Base | None:
        """The held epoch has none; a newer one continues what is held, or a part of it, or says so falsely."""
        if epoch <= self._log.epoch and lies.base == 0:
            return None
        size = (HELD, HELD - 1, 256, 3, 0, HELD + 1)[lies.base % 6]
        root = merkle.tree_root(self._leaves[:size]) if lies.base < 128 else bytes(32)
        return Base(min(self._log.epoch, epoch - 1), size, root)

    async def _judge(self, lies: Lies, lines: Sequence[bytes], head: Head, refused: list[str], caller: str) -> str:
        state = await self._engine.read(lambda tx: tx.logs.state(head.log.name))
        assert state is not None
        stored = await self._engine.read(lambda tx: tx.logs.leaves(state.log, 0, state.frontier.size))
        assert merkle.tree_root(stored) == state.frontier.root()
        held = heads.parse(state.head)[0]
        if held.log.epoch == state.epoch and not state.target:
            assert (held.size, held.root) == (len(stored), state.frontier.root())
        if lies.honest() and (caller == ORIGIN or not any(map(_only_hash, lines))) and _fits(lies, lines):
            assert held == head, refused
            await self._relayed(head, lines)
            return "honest"
        return "taken" if held == head else "refused"

    async def _relayed(self, head: Head, lines: Sequence[bytes]) -> None:
        """What was received is what is handed on."""
        wanted = PullRequest((Range(log=str(head.log), start=HELD, count=len(lines)),))
        answer = await self._engine.read(lambda tx: serve_pull(tx, wanted))
        found = [line for frame in frames.parse(answer) for line in frame.lines]
        assert found == frames.check_lines(list(lines), roots=False)


def _only_hash(line: bytes) -> bool:
    return frames.is_hash_line(line) or len(line) > limits.RECORD


def _fits(lies: Lies, lines: Sequence[bytes]) -> bool:
    """Whether these lines can go the way they are sent: a small gap whole, and text alone beside heads."""
    if len(lines) > SMALL_GAP:
        return False
    try:
        b"".join(lines).decode()
    except UnicodeDecodeError:
        return not lies.carrier & 2
    return True


def _bent(data: bytes, how: int, least: int) -> bytes:
    """One bit of `data` turned where `how` asks for it."""
    if how < least:
        return data
    position = how * 7 % len(data)
    return data[:position] + bytes([data[position] ^ (1 << how % 8)]) + data[position + 1 :]
