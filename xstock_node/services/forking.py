"""Forks: finding the proof that an origin signed two histories of one epoch, keeping it, and freezing the log."""

from xstock_node.protocol import forks, frames, heads, limits, merkle
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.forks import ForkStatement
from xstock_node.protocol.gossip import PullRequest, Range
from xstock_node.protocol.heads import Head
from xstock_node.protocol.peer import Peer
from xstock_node.services.receiving import freeze
from xstock_node.storage.interfaces import Engine, Transaction
from xstock_node.storage.values import StoredFork


def statement_here(tx: Transaction, held_raw: bytes, new_raw: bytes) -> bytes | None:
    """The fork statement that two heads of one epoch make with what is stored here, or None."""
    if not held_raw:
        return None
    held, new = heads.parse(held_raw)[0], heads.parse(new_raw)[0]
    if held.log != new.log:
        return None
    (short, short_raw), (long, long_raw) = sorted(((held, held_raw), (new, new_raw)), key=lambda pair: pair[0].size)
    prefix: bytes = b""
    path: tuple[bytes, ...] = ()
    if short.base == long.base and short.size != long.size:
        state = tx.logs.state(held.log.name)
        if long is not held or state is None or state.frontier.size < held.size or not short.size:
            return None
        prefix = tx.logs.range_root(held.log.name, 0, short.size)
        path = tuple(
            merkle.consistency_path(short.size, long.size, lambda a, b: tx.logs.range_root(held.log.name, a, b))
        )
    return _holding(forks.write(short_raw, long_raw, prefix, path))


async def statement_from(peer: Peer, held_raw: bytes, new_raw: bytes) -> bytes | None:
    """The fork statement that a peer's own proof makes: it holds a longer history than this node."""
    if not held_raw:
        return None
    held, new = heads.parse(held_raw)[0], heads.parse(new_raw)[0]
    if held.log != new.log or not 0 < held.size < new.size:
        return None
    wanted = Range(log=str(new.log), start=held.size, count=new.size - held.size, proof=True)
    for frame in frames.parse(await peer.pull(PullRequest((wanted,)))):
        if frame.proof and frame.lines:
            prefix, *path = frame.leaves()
            return _holding(forks.write(held_raw, new_raw, prefix, tuple(path)))
    return None


def twins_here(held_raw: bytes, older_raw: bytes) -> bytes | None:
    """The statement that an older epoch goes on beside the one held, or None (xs1 7.6)."""
    if not held_raw or not forks.are_twins(heads.parse(older_raw)[0], heads.parse(held_raw)[0]):
        return None
    return forks.write(older_raw, held_raw)


def contradicts(tx: Transaction, held: Head, older: Head) -> bool:
    """Whether a smaller head of the epoch held is no beginning of what is stored here."""
    if older.log != held.log or not 0 < older.size < held.size:
        return False
    state = tx.logs.state(held.log.name)
    if state is None or state.frontier.size < held.size or older.log.epoch != state.epoch:
        return False
    return tx.logs.range_root(held.log.name, 0, older.size) != older.root


async def keep(engine: Engine, statement: ForkStatement, now: int) -> bool:
    """Store a statement whose signatures hold, and freeze that epoch; True when it is new (xs1 19.3)."""
    log = statement.log

    def work(tx: Transaction) -> bool:
        held = [found.log for found in tx.governance.forks() if found.log.name == log.name]
        if log in held or len(held) >= limits.FORKS_A_LOG:
            return False
        tx.governance.put_fork(StoredFork(log, now, statement.raw))
        tx.journal.put(f"fork {log}", statement.raw)
        state = tx.logs.state(log.name)
        if state is not None and state.epoch <= log.epoch and not statement.shows_twins:
            freeze(tx, log.name, f"two histories of epoch {log.epoch} are signed")
        return True

    return await engine.write(work, durable=True)


def _holding(raw: bytes) -> bytes | None:
    try:
        forks.parse(raw)
    except ProtocolError:
        return None
    return raw
