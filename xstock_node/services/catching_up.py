"""Catching up: from the records held to those of a verified head, small gaps at once, large ones by segments.

A large gap takes the segment roots first (with the frontier and the tail they must give the head's root); then each
batch of segments is verified, stored and searchable on its own, so that an interruption costs one batch.
"""

import asyncio
from collections.abc import Sequence

from xstock_node.protocol import frames, limits
from xstock_node.protocol.errors import Gap, Mismatch, ProtocolError, Quota, Rollback
from xstock_node.protocol.gossip import PullRequest, Range
from xstock_node.protocol.names import LogId
from xstock_node.protocol.peer import Peer
from xstock_node.services.receiving import Plan, check_erasures, consider, enter_epoch, extend, frontier_at, take
from xstock_node.storage.interfaces import Engine, LogState, Transaction

SMALL_GAP = 2_048
BATCH = 20 * limits.SEGMENT
PATIENCE = 8


async def catch_up(engine: Engine, peer: Peer, plan: Plan, now: int) -> None:
    """Bring the replica to the plan's head from one peer; raises a `ProtocolError` when the peer cannot."""
    head, raw = plan.head, plan.raw
    if head.size - plan.start <= SMALL_GAP:
        lines = await pull_lines(peer, head.log, plan.start, head.size)
        check_erasures(lines, plan.start, head, peer.name == head.log.node)

        def store(tx: Transaction) -> None:
            if not _moved_on(tx, plan, now):
                take(tx, head, raw, lines, now, plan.anew)

        await engine.write(store, durable=False)
        return
    await _by_segments(engine, peer, plan, now)


async def pull_lines(peer: Peer, log: LogId, start: int, end: int, partly: bool = False) -> list[bytes]:
    """The lines [start, end) of a log as the peer has them, in as many requests as it takes.

    With `partly` whole segments are enough where the peer has no more.
    """
    lines: list[bytes] = []
    while start + len(lines) < end:
        position = start + len(lines)
        body = await _pull(peer, PullRequest((Range(log=str(log), start=position, count=end - position),)))
        new = [line for frame in frames.parse(body) for line in _expected(frame, log, position)]
        if not new and partly and len(lines) >= limits.SEGMENT:
            return lines[: len(lines) - len(lines) % limits.SEGMENT]
        if not new:
            raise Gap(f"records of {log} from {position} on", "none", "another peer is asked")
        lines += new[: end - position]
    return lines


async def _pull(peer: Peer, request: PullRequest) -> bytes:
    """One pull; a peer that asks to come back later is asked again when it said."""
    for _ in range(PATIENCE):
        try:
            return await peer.pull(request)
        except Quota as error:
            await asyncio.sleep(min(error.retry_after, limits.SMALL_BODY_SECONDS))
    return await peer.pull(request)


async def _by_segments(engine: Engine, peer: Peer, plan: Plan, now: int) -> None:
    head, raw, width = plan.head, plan.raw, limits.SEGMENT
    first, last = -(-plan.start // width), head.size // width
    edge = await pull_lines(peer, head.log, plan.start, first * width)
    tail = await pull_lines(peer, head.log, last * width, head.size)
    roots = await pull_roots(peer, head.log, first, last)
    from_origin = peer.name == head.log.node

    def begin(tx: Transaction) -> LogState | None:
        if _moved_on(tx, plan, now):
            return None
        state = enter_epoch(tx, head, raw, now, plan.anew)._replace(target=raw)
        _check_roots(tx, plan, state, edge, roots, tail)
        tx.logs.put(state)
        return extend(tx, state, head, edge)

    check_erasures(edge, plan.start, head, from_origin)
    check_erasures(tail, last * width, head, from_origin)
    begun = await engine.write(begin, durable=False)
    if begun is None:
        return
    state = begun
    expected = dict(enumerate(roots, first))
    position, end = first * width, last * width
    following = asyncio.ensure_future(pull_lines(peer, head.log, position, min(position + BATCH, end), True))
    try:
        while position < end:
            lines = await following
            check_erasures(lines, position, head, from_origin)
            position += len(lines)
            following = asyncio.ensure_future(pull_lines(peer, head.log, position, min(position + BATCH, end), True))

            def store(tx: Transaction, before: LogState = state, lines: Sequence[bytes] = lines) -> LogState:
                _check_unchanged(tx, before)
                return extend(tx, before, head, lines, expected)

            state = await engine.write(store, durable=False)
    finally:
        following.cancel()

    def end_with(tx: Transaction) -> LogState:
        _check_unchanged(tx, state)
        return take(tx, head, raw, tail, now)

    await engine.write(end_with, durable=False)
    await engine.checkpoint()


def _moved_on(tx: Transaction, plan: Plan, now: int) -> bool:
    """Pulling takes time: whether the head is held meanwhile. Raises `Rollback` where the plan no longer fits."""
    current = consider(tx, plan.head, plan.raw, now, plan.anew)
    if not current.taken and current.start != plan.start:
        raise Rollback(f"{plan.head.log} from {plan.start} on", f"{current.start}")
    return current.taken


def _check_unchanged(tx: Transaction, before: LogState) -> None:
    if tx.logs.state(before.log) != before:
        raise Rollback(f"{before.log} as it stood at {before.frontier.size}", "another state")


async def pull_roots(peer: Peer, log: LogId, first: int, last: int) -> list[bytes]:
    """The roots of the segments [first, last) as the peer has them."""
    roots: list[bytes] = []
    while first + len(roots) < last:
        start = first + len(roots)
        wanted = Range(log=str(log), start=start * limits.SEGMENT, count=last - start, roots=True)
        found = [leaf for frame in frames.parse(await _pull(peer, PullRequest((wanted,)))) for leaf in frame.leaves()]
        if not found:
            raise Gap(f"segment roots of {log}", "none", "another peer is asked")
        roots += found[: last - start]
    return roots


def _check_roots(
    tx: Transaction, plan: Plan, state: LogState, edge: Sequence[bytes], roots: Sequence[bytes], tail: Sequence[bytes]
) -> None:
    frontier = state.frontier
    if frontier.size != plan.start:
        frontier = frontier_at(tx, state.log, plan.start)
    frontier = frontier.extended([frames.leaf_of(line) for line in edge])
    frontier = frontier.extended_by_subtrees(roots, limits.SEGMENT)
    frontier = frontier.extended([frames.leaf_of(line) for line in tail])
    if frontier.root() != plan.head.root:
        raise Mismatch(f"segment roots that give the root of {plan.head.log}", "others")


def _expected(frame: frames.Frame, log: LogId, start: int) -> list[bytes]:
    if frame.log != log or frame.start != start or frame.roots:
        raise ProtocolError(f"records of {log} from {start} on", f"{frame.log} from {frame.start}")
    return frame.lines
