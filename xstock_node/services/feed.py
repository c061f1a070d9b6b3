"""The feed of one network: what a peer is told next, a page of notes and the small records that go with it."""

from collections.abc import Sequence
from typing import NamedTuple

from xstock_node.protocol import frames, gossip, heads, limits
from xstock_node.protocol.names import AUDIT, LogName, parse_log_id
from xstock_node.services.membership import Membership
from xstock_node.services.peering import Peering
from xstock_node.services.recovering import Recovery
from xstock_node.services.replicas import Replicas
from xstock_node.services.serving import lines_of
from xstock_node.storage.interfaces import Engine, Transaction
from xstock_node.storage.values import StoredNote

FRAME_RECORDS = 64
FIRST_KINDS = ("charter", "identity")


class Page(NamedTuple):
    """What one answer tells: up to which cursor, which notes, and whether there are more."""

    cursor: str
    notes: tuple[StoredNote, ...]
    more: bool


class Outgoing(NamedTuple):
    """What one round of our own brings: the notes, the position they reach in the journal, whether there are more."""

    notes: list[StoredNote]
    position: int
    more: bool


class Feed:
    """Notes of every kind in the order in which they came here, for those who may see them."""

    def __init__(
        self, engine: Engine, membership: Membership, replicas: Replicas, peering: Peering, recovery: Recovery
    ) -> None:
        self._network, self._engine, self._membership = membership.network, engine, membership
        self._replicas, self._peering, self._recovery = replicas, peering, recovery
        self._journal = ""

    async def load(self) -> None:
        """Read the journal's id, which is new with every new database."""
        self._journal = await self._engine.write(lambda tx: tx.journal.id(), durable=True)

    async def renew_journal(self) -> None:
        """Void every cursor that was given: the journal is that of an older copy."""
        self._journal = await self._engine.write(lambda tx: tx.journal.renew(), durable=True)

    async def page(self, caller: str, cursor: str, drained: bool) -> Page:
        """What a caller has not seen since its cursor; `drained` says that it holds all the same without one."""
        asked = gossip.position_in(self._journal, cursor)

        def read(tx: Transaction) -> tuple[int, list[StoredNote], bool, list[StoredNote]]:
            last = tx.journal.last()
            position = asked if 0 <= asked <= last else last if drained else 0
            return position, *_notes_since(tx, position, last), self._recovery.asides_for(tx, caller)

        position, found, more, asides = await self._engine.read(read)
        if position != asked:
            # A peer without a cursor of ours may have lost everything: nothing is taken as known to it.
            self._peering.forget_known(caller)
        new = [n for n in found if self._shows(caller, n) and not self._peering.holds(caller, n.subject, n.raw)]
        new.sort(key=_comes_later)
        if not more:
            new += [n for n in asides[: limits.ASIDES_TOLD] if self._peering.aside_is_due(caller, n.subject)]
        for note in new:
            self._peering.told(caller, note.subject, note.raw)
        end = found[-1].position if found else position
        return Page(gossip.cursor(self._journal, end), tuple(new), more)

    async def outgoing(self, name: str, acked: int) -> Outgoing:
        """What a peer has not seen since the position it acknowledged."""
        found, more = await self._engine.read(lambda tx: _notes_since(tx, acked, tx.journal.last()))
        position = found[-1].position if found else acked
        new = [note for note in found if not self._peering.has(name, note.subject, note.raw)]
        # Before the own log is open, its last head may be one that a peer has seen replaced.
        new = [note for note in new if not self._recovery.is_waiting(log_of(note.subject)) and self._shows(name, note)]
        return Outgoing(sorted(new, key=_comes_later), position, more)

    def _shows(self, name: str, note: StoredNote) -> bool:
        """Whether a note is of this network and for the eyes of a peer."""
        kind, _, about = note.subject.partition(" ")
        if kind == "identity":
            return self._membership.standing(about) is not None
        if kind == "charter":
            return about.partition(" ")[0] == self._network
        log = log_of(note.subject)
        return log is not None and self._membership.sees(name, log)

    async def frames(self, name: str, notes: Sequence[StoredNote]) -> str:
        """Records that the peer lacks of the heads that are sent, where they are few and small (xs1 11.6)."""
        wanted: list[tuple[heads.Head, int]] = []
        for note in notes:
            log = log_of(note.subject)
            head = self._replicas.heads.get(log) if log else None
            shown = self._peering.shown_by(name, log) if log else None
            if head is None or shown is None or shown[0] != head.log.epoch or head.log.name.label == AUDIT:
                continue
            if 0 < head.size - shown[1] <= FRAME_RECORDS:
                wanted.append((head, shown[1]))
        if not wanted:
            return ""
        return await self._engine.read(lambda tx: _small_frames(tx, wanted))


def _notes_since(tx: Transaction, position: int, last: int) -> tuple[list[StoredNote], bool]:
    """One page of the journal, bounded in notes and bytes, and whether there is more (xs1 11.5)."""
    if position >= last:
        return [], False
    found = tx.journal.since(position, limits.PAGE_NOTES + 1)
    room = limits.PAGE_BYTES
    for index, note in enumerate(found):
        room -= len(note.raw) + 32
        if index == limits.PAGE_NOTES or (room < 0 and index):
            return found[:index], True
    return found, False


def log_of(subject: str) -> LogName | None:
    """The log of a head or fork statement."""
    kind, _, name = subject.partition(" ")
    if kind == "fork":
        return parse_log_id(name).name
    node, _, log = name.partition("/")
    return LogName(node, log) if kind == "head" else None


def _comes_later(note: StoredNote) -> bool:
    """Charters and identities come first (xs1 11.2)."""
    return note.subject.partition(" ")[0] not in FIRST_KINDS


def _small_frames(tx: Transaction, wanted: Sequence[tuple[heads.Head, int]]) -> str:
    parts: list[bytes] = []
    room = limits.FRAMES_BODY // 2
    for head, start in wanted:
        lines = list(lines_of(tx, head.log, start, head.size - start))
        part = frames.encode(head.log, start, lines, len(lines))
        room -= len(part)
        if room < 0 or len(lines) != head.size - start:
            break
        try:
            part.decode("utf-8")
        except UnicodeDecodeError:
            continue
        parts.append(part)
    return b"".join(parts).decode("utf-8")
