"""Cold sync: a large gap, from several peers at once (xs1 8.7).

The segment roots come first (with the frontier and the tail they must give the head's root); then each batch of
segments is verified, stored and searchable on its own, so that an interruption or a liar costs one batch. The origin
is asked last: it has enough to do.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from xstock_node.protocol import frames, limits
from xstock_node.protocol.errors import Gap, Mismatch, ProtocolError, Rollback
from xstock_node.protocol.merkle import Frontier
from xstock_node.protocol.peer import Peer
from xstock_node.services.pulling import Pace, pull_lines, pull_roots
from xstock_node.services.receiving import Plan, enter_epoch, extend, frontier_at, moved_on, take
from xstock_node.storage.interfaces import Engine, Transaction
from xstock_node.storage.values import LogState

BATCH = 20 * limits.SEGMENT
AHEAD = 2  # batches a peer may be ahead of what is stored
Refuse = Callable[[str, ProtocolError, str], None]


class Layout(NamedTuple):
    """What stands around the whole segments: lines before them, their roots, lines after them, and who told."""

    edge: list[bytes]
    roots: list[bytes]
    tail: list[bytes]
    peer: Peer


class Batch(NamedTuple):
    """Whole segments as a peer gave them."""

    lines: list[bytes]
    peer: Peer


class ColdSync:
    """One large gap. `refuse` is told which peer gave what does not fit."""

    def __init__(self, engine: Engine, peers: Sequence[Peer], plan: Plan, now: int, refuse: Refuse) -> None:
        self._engine, self._plan, self._now, self._refuse = engine, plan, now, refuse
        head, width = plan.head, limits.SEGMENT
        self._told_by = peers[0]
        self._peers = sorted(peers, key=lambda peer: peer.name == head.log.node)
        self._first, self._last = -(-plan.start // width), head.size // width
        self._position, self._end = self._first * width, self._last * width
        self._next = self._position
        self._open: list[tuple[int, int]] = []
        self._got: dict[int, Batch] = {}
        self._changed = asyncio.Condition()
        self._error: ProtocolError | None = None

    async def run(self) -> None:
        """Bring the replica to the plan's head, or raise what kept it from there."""
        layout = await self._layout()
        state = await self._engine.write(lambda tx: self._begin(tx, layout), durable=False)
        workers = [asyncio.ensure_future(self._work(peer)) for peer in self._peers]
        try:
            state = await self._store_all(state, dict(enumerate(layout.roots, self._first)), workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        await self._engine.write(lambda tx: self._finish(tx, state, layout), durable=False)
        await self._engine.checkpoint()

    async def _layout(self) -> Layout:
        """Edge, roots and tail from the first peer that has them."""
        head, width = self._plan.head, limits.SEGMENT
        for peer in self._peers:
            try:
                edge = await pull_lines(peer, head.log, self._plan.start, self._first * width)
                tail = await pull_lines(peer, head.log, self._last * width, head.size)
                layout = Layout(edge, await pull_roots(peer, head.log, self._first, self._last), tail, peer)
                await self._engine.read(lambda tx, found=layout: self._check_roots(tx, found))  # type: ignore[misc]
                return layout
            except Rollback:
                raise
            except ProtocolError as error:
                self._fail(peer, error)
        raise self._error or Gap(f"a peer that has {head.log}", "none")

    async def _work(self, peer: Peer) -> None:
        """Pull batches from one peer until none is left or it fails."""
        pace = Pace()
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._has_work() or self._position >= self._end)
                if self._position >= self._end:
                    return
                start, end = self._take_batch()
            try:
                lines = await pull_lines(peer, self._plan.head.log, start, end, partly=True, pace=pace)
            except ProtocolError as error:
                self._fail(peer, error)
                async with self._changed:
                    self._open.append((start, end))
                    self._changed.notify_all()
                return
            async with self._changed:
                self._got[start] = Batch(lines, peer)
                if start + len(lines) < end:
                    self._open.append((start + len(lines), end))
                self._changed.notify_all()

    def _has_work(self) -> bool:
        window = AHEAD * BATCH * (len(self._peers) + 1)
        return bool(self._open) or (self._next < self._end and self._next < self._position + window)

    def _take_batch(self) -> tuple[int, int]:
        if self._open:
            self._open.sort()
            return self._open.pop(0)
        start = self._next
        self._next = min(start + BATCH, self._end)
        return start, self._next

    async def _store_all(
        self, state: LogState, roots: dict[int, bytes], workers: Sequence["asyncio.Future[None]"]
    ) -> LogState:
        while self._position < self._end:
            batch = await self._following(workers)
            try:
                state = await self._engine.write(
                    lambda tx, before=state, found=batch: self._extend(tx, before, found, roots),  # type: ignore[misc]
                    durable=False,
                )
            except Mismatch as error:
                # The roots are verified: whoever gave these lines is wrong, and is asked for nothing more.
                self._fail(batch.peer, error)
                workers[self._peers.index(batch.peer)].cancel()
                async with self._changed:
                    self._open.append((self._position, self._position + len(batch.lines)))
                    self._changed.notify_all()
                continue
            async with self._changed:
                self._position += len(batch.lines)
                self._changed.notify_all()
        return state

    async def _following(self, workers: Sequence["asyncio.Future[None]"]) -> Batch:
        """The batch that comes next, once a peer gave it."""
        async with self._changed:
            while self._position not in self._got:
                if all(worker.done() for worker in workers):
                    raise self._error or Gap(f"records of {self._plan.head.log} from {self._position} on", "none")
                try:
                    async with asyncio.timeout(1.0):
                        await self._changed.wait()
                except TimeoutError:
                    continue
            return self._got.pop(self._position)

    def _fail(self, peer: Peer, error: ProtocolError) -> None:
        self._error = error
        if not isinstance(error, Gap) or peer is self._told_by:
            self._refuse(peer.name, error, str(self._plan.head.log))

    def _begin(self, tx: Transaction, layout: Layout) -> LogState:
        plan = self._plan
        if moved_on(tx, plan, self._now):
            raise Rollback(f"{plan.head.log} still to be fetched", "held meanwhile")
        state = enter_epoch(tx, plan.head, plan.raw, self._now, plan.anew)._replace(target=plan.raw)
        tx.logs.put(state)
        from_origin = layout.peer.name == plan.head.log.node
        return extend(tx, state, plan.head, layout.edge, self._now, from_origin=from_origin)

    def _extend(self, tx: Transaction, before: LogState, batch: Batch, roots: dict[int, bytes]) -> LogState:
        _check_unchanged(tx, before)
        head = self._plan.head
        return extend(tx, before, head, batch.lines, self._now, roots, batch.peer.name == head.log.node)

    def _finish(self, tx: Transaction, state: LogState, layout: Layout) -> LogState:
        _check_unchanged(tx, state)
        plan, from_origin = self._plan, layout.peer.name == self._plan.head.log.node
        return take(tx, plan.head, plan.raw, layout.tail, self._now, from_origin, plan.anew, plan.live)

    def _check_roots(self, tx: Transaction, layout: Layout) -> None:
        plan = self._plan
        frontier = frontier_at(tx, plan.head.log.name, plan.start) if plan.start else Frontier(0, ())
        frontier = frontier.extended(frames.leaves_of(layout.edge))
        frontier = frontier.extended_by_subtrees(layout.roots, limits.SEGMENT)
        frontier = frontier.extended(frames.leaves_of(layout.tail))
        if frontier.root() != plan.head.root:
            raise Mismatch(f"segment roots that give the root of {plan.head.log}", "others")


def _check_unchanged(tx: Transaction, before: LogState) -> None:
    if tx.logs.state(before.log) != before:
        raise Rollback(f"{before.log} as it stood at {before.frontier.size}", "another state")
