"""Scrubbing: every record is hashed again within a day, what is damaged is named, and peers give it once more.

What stands on disk is held against the frontier of its log, which every stored record is part of: a segment that does
not give its root has damaged records, or its root is damaged. What a peer gives is taken only where it gives the same
frontier, so that nobody can slip another record in.
"""

from collections.abc import Iterable, Mapping, Sequence

from xstock_node.protocol import heads, limits, merkle
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.frames import is_hash_line, leaf_of
from xstock_node.protocol.merkle import Frontier
from xstock_node.protocol.names import AUDIT, LogName
from xstock_node.protocol.peer import Peer
from xstock_node.services.case_scrubbing import scrub_cases
from xstock_node.services.damage import Damage
from xstock_node.services.network import Network
from xstock_node.services.node import Node
from xstock_node.services.pulling import pull_lines
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import LogState

DAY = 86_400
EVERY = 60.0  # seconds between two turns
CASES_REST = 200
"""Cases are looked through every minute, and no more than a two-hundredth of the time goes into it."""
WIDTH = limits.SEGMENT
TURN_LEAST = 16
"""Segments a turn at least, so that a small node is through in a minute."""


class Scrubbing:
    """Walks through all logs, again and again; a turn is every so many seconds."""

    def __init__(self, node: Node, every: float = EVERY) -> None:
        self._node, self._every = node, every
        self._next = 0
        self._cases_at = node.clock.steady() + every

    async def turn_of(self, office: object) -> None:
        """A turn, as a loop of the node calls it."""
        await self.turn()

    async def turn(self) -> None:
        """Look at the next few segments, then try to heal what is known to be damaged."""
        segments = await self._segments()
        count = max(TURN_LEAST, round(len(segments) * self._every / DAY))
        begin = self._next if self._next < len(segments) else 0
        for log, number in segments[begin : begin + count]:
            await self.look(log, number)
        self._next = begin + count
        await self.heal_all()
        await self._look_at_cases()

    async def _look_at_cases(self) -> None:
        began = self._node.clock.steady()
        if began >= self._cases_at:
            await scrub_cases(self._node)
            ended = self._node.clock.steady()
            self._cases_at = ended + max(self._every, CASES_REST * (ended - began))

    async def sweep(self) -> int:
        """Look at everything at once; how many segments."""
        segments = await self._segments()
        for log, number in segments:
            await self.look(log, number)
        return len(segments)

    async def look(self, log: LogName, segment: int) -> None:
        """Hash one segment again."""
        damage = await self._node.engine.read(lambda tx: look_at(tx, log, segment))
        if damage is None:
            self._node.damage.done(log, segment)
        elif self._node.damage.put(damage):
            self._node.trace.error("damaged", log=str(log), segment=segment, records=list(damage.records))

    async def heal_all(self) -> None:
        """Try to heal what is known; the last segment of a log first, which the others are held against."""
        for damage in sorted(self._node.damage.known.values(), key=lambda one: -one.segment):
            await self.heal(damage)

    async def heal(self, damage: Damage) -> bool:
        """Put one segment right: its root from its records, or its records from a peer that has them."""
        network = self._node.networks.get(damage.log.network)
        if network is None:
            return False
        if not damage.records and await self._put_right(damage, {}):
            return True
        for peer in _holders(network, damage.log):
            try:
                lines = await self._ask(peer, damage)
            except ProtocolError as error:
                self._node.trace.info("not-healed", log=str(damage.log), peer=peer.name, why=error.sentence())
                continue
            if await self._put_right(damage, lines):
                self._node.trace.info("healed", log=str(damage.log), records=list(damage.records), whence=peer.name)
                return True
        return False

    async def _ask(self, peer: Peer, damage: Damage) -> dict[int, bytes]:
        """The whole segment as a peer has it, by index."""
        state = await self._node.engine.read(lambda tx: tx.logs.state(damage.log))
        if state is None or not state.head:
            return {}
        head, start = heads.parse(state.head)[0], damage.segment * WIDTH
        lines = await pull_lines(peer, head.log, start, min(start + WIDTH, head.size, state.frontier.size))
        return dict(enumerate(lines, start))

    async def _put_right(self, damage: Damage, lines: Mapping[int, bytes]) -> bool:
        try:
            done = await self._node.engine.write(lambda tx: put_right(tx, damage, lines), durable=True)
        except StorageError as error:
            self._node.trace.warning("not-healed", log=str(damage.log), why=str(error))
            return False
        if done:
            self._node.damage.done(damage.log, damage.segment)
            self._node.damage.healed += len(damage.records)
        return done

    async def _segments(self) -> list[tuple[LogName, int]]:
        own = self._node.identity.name
        states = await self._node.engine.read(lambda tx: tx.logs.states())
        return [
            (state.log, number)
            for state in states
            if state.log.label != AUDIT or state.log.node == own  # of others' audit logs only heads are held
            for number in range(-(-state.frontier.size // WIDTH))
        ]


def look_at(tx: Transaction, log: LogName, segment: int) -> Damage | None:
    """What is damaged in one segment; None where its records give the root, or the frontier where it is the last."""
    state = tx.logs.state(log)
    start = segment * WIDTH
    if state is None or start >= state.frontier.size:
        return None
    end = min(start + WIDTH, state.frontier.size)
    held = tx.logs.stored(log, start, end - start)
    missing = tuple(index for index in range(start, end) if index not in held)
    if missing:
        return Damage(log, segment, missing)
    leaves = _leaves(held, start, end)
    if end - start == WIDTH:
        fits = tx.logs.segment_roots(log, segment, 1) == [merkle.tree_root(leaves)]
    else:
        fits = _gives(tx, state, segment, leaves)
    return None if fits else Damage(log, segment, ())


def put_right(tx: Transaction, damage: Damage, lines: Mapping[int, bytes]) -> bool:
    """Put damaged records right by `lines` (index to line), and the segment's root; False where they do not fit.

    Lines fit when they give the frontier of the log, together with what is sound here.
    """
    state, start = tx.logs.state(damage.log), damage.segment * WIDTH
    if state is None:
        return False
    end = min(start + WIDTH, state.frontier.size)
    held = tx.logs.stored(damage.log, start, end - start)
    suspects = [index for index in range(start, end) if index not in held or _differs(held[index], lines.get(index))]
    whole = held | {index: lines[index] for index in suspects if index in lines}
    if len(whole) < end - start:
        return False
    leaves = _leaves(whole, start, end)
    if not _gives(tx, state, damage.segment, leaves):
        return False
    erased = tx.logs.erased(damage.log)
    mended = {index: whole[index] for index in suspects}
    if any(is_hash_line(line) and index >= state.minimum and index not in erased for index, line in mended.items()):
        return False  # a bare hash says only that the peer lacks the record too
    tx.logs.mend(damage.log, mended)
    if end - start == WIDTH:
        roots, root = _roots(tx, state), merkle.tree_root(leaves)
        if roots != tx.logs.segment_roots(damage.log, 0, len(roots)) or roots[damage.segment] != root:
            tx.logs.replace_segments(damage.log, [*roots[: damage.segment], root, *roots[damage.segment + 1 :]])
    return True


def _differs(held: bytes, given: bytes | None) -> bool:
    return given is not None and held != given and leaf_of(held) != leaf_of(given)


def _leaves(lines: Mapping[int, bytes], start: int, end: int) -> list[bytes]:
    return [leaf_of(lines[index]) for index in range(start, end)]


def _roots(tx: Transaction, state: LogState) -> list[bytes]:
    """The stored roots of all whole segments; one that is missing is made anew from its records."""
    whole = state.frontier.size // WIDTH
    found = tx.logs.segment_roots(state.log, 0, whole)
    if len(found) == whole:
        return found
    kept = (tx.logs.segment_roots(state.log, number, 1) for number in range(whole))
    return [root[0] if root else _root(tx, state.log, number * WIDTH) for number, root in enumerate(kept)]


def _root(tx: Transaction, log: LogName, start: int) -> bytes:
    """The root that the records of a segment give; nothing where one is damaged, so that it fits nothing."""
    held = tx.logs.stored(log, start, WIDTH)
    return merkle.tree_root(_leaves(held, start, start + WIDTH)) if len(held) == WIDTH else b""


def _gives(tx: Transaction, state: LogState, segment: int, leaves: Sequence[bytes]) -> bool:
    """Whether the stored roots, with these leaves in the place of a segment, give the frontier."""
    roots, whole = _roots(tx, state), state.frontier.size // WIDTH
    tail: Sequence[bytes] = leaves
    if segment < whole:
        roots = [*roots[:segment], merkle.tree_root(leaves), *roots[segment + 1 :]]
        rest = tx.logs.stored(state.log, whole * WIDTH, state.frontier.size - whole * WIDTH)
        if len(rest) < state.frontier.size - whole * WIDTH:
            return False  # the last segment is put right first
        tail = _leaves(rest, whole * WIDTH, state.frontier.size)
    if not all(roots):
        return False
    return Frontier(0, ()).extended_by_subtrees(roots, WIDTH).extended(tail) == state.frontier


def _holders(network: Network, log: LogName) -> Iterable[Peer]:
    """Who may be asked for a log: its origin first, then the others that may read it."""
    peers = [peer for name, peer in network.gossip.peers.items() if network.membership.sees(name, log)]
    return sorted(peers, key=lambda peer: (peer.name != log.node, peer.name))
