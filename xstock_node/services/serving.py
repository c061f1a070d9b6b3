"""Serving: framed records and segment roots from any log that this node holds, as stored."""

from collections.abc import Iterator

from xstock_node.protocol import frames, limits, merkle
from xstock_node.protocol.errors import NotFound
from xstock_node.protocol.gossip import PullRequest, Range
from xstock_node.protocol.names import LogId, parse_log_id
from xstock_node.storage.interfaces import Transaction

READ_AT_ONCE = 1024


def serve_pull(tx: Transaction, request: PullRequest, most: int = limits.STREAM_BODY) -> bytes:
    """The framed answer, at most `most` bytes and a stream's lines: a longer range is answered by a prefix.

    See xs1 10.7.
    """
    parts: list[bytes] = []
    room, lines = most, limits.STREAM_LINES - len(request.ranges)
    for wanted in request.ranges:
        log = parse_log_id(wanted.log)
        if wanted.proof:
            part = _proof(tx, log, wanted)
        else:
            part = _roots(tx, log, wanted, lines) if wanted.roots else _records(tx, log, wanted, room, lines)
        parts.append(part)
        room -= len(part)
        lines -= part.count(b"\n") - 1
        if room <= 0 or lines <= 0:
            break
    return b"".join(parts)


def lines_of(tx: Transaction, log: LogId, start: int, count: int) -> Iterator[bytes]:
    """Stored lines as they stood in the epoch of `log`, also where a later epoch cut them off."""
    state = tx.logs.state(log.name)
    if state is None or log.epoch > state.epoch:
        raise NotFound(f"a log held here in epoch {log.epoch}", str(log))
    # What an epoch shares with the next one may have been cut off with that one: the first aside that has it rules.
    asides = [a for a in tx.logs.asides(log.name) if a.epoch >= log.epoch]
    end = start + count
    while start < end:
        edge = min((a.start for a in asides if a.start > start), default=end)
        most = min(READ_AT_ONCE, end - start, edge - start)
        aside = next((a for a in asides if a.start <= start), None)
        if aside is not None:
            lines = tx.logs.aside_lines(log.name, aside.epoch, start, most)
        else:
            lines = tx.logs.lines(log.name, start, most)
        if not lines:
            return
        yield from lines
        start += len(lines)


def _records(tx: Transaction, log: LogId, wanted: Range, room: int, most: int) -> bytes:
    taken: list[bytes] = []
    for line in lines_of(tx, log, wanted.start, min(wanted.count, most)):
        room -= len(line) + 1
        if room < 0 and taken:
            break
        taken.append(line)
    return frames.encode(log, wanted.start, taken, len(taken))


def _roots(tx: Transaction, log: LogId, wanted: Range, most: int) -> bytes:
    state = tx.logs.state(log.name)
    if state is None or log.epoch != state.epoch:
        raise NotFound(f"a log held here in epoch {log.epoch}", str(log))
    count = min(wanted.count, limits.ROOTS_A_REQUEST, most)
    roots = tx.logs.segment_roots(log.name, wanted.start // limits.SEGMENT, count)
    return frames.encode(log, wanted.start, [frames.hash_line(root) for root in roots], len(roots), roots=True)


def _proof(tx: Transaction, log: LogId, wanted: Range) -> bytes:
    """The root of the first records and the path from there to a larger tree of the same epoch."""
    state = tx.logs.state(log.name)
    size = wanted.start + wanted.count
    if state is None or log.epoch != state.epoch or not 0 < wanted.start <= size <= state.frontier.size:
        raise NotFound(f"a tree of {size} of {log}", str(log))
    path = merkle.consistency_path(wanted.start, size, lambda a, b: tx.logs.range_root(log.name, a, b))
    return frames.encode_proof(log, wanted.start, [tx.logs.range_root(log.name, 0, wanted.start), *path])
