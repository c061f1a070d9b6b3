"""What really happened in a simulated world: one hash over it, and every head that was signed with its records.

- the hash covers each delivered message and each signed text, in order: the same seed gives the same hash;
- a (log, epoch, index) names one record: a second one is a fork, which only two processes at one time may make;
- a head is durable at its node before anybody else sees it;
- no node holds a head that its origin did not sign.
"""

import hashlib
from collections.abc import Callable

from xstock_node.protocol import heads, keys, limits, notes
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.frames import leaf_of
from xstock_node.protocol.heads import Head
from xstock_node.protocol.keys import Signer
from xstock_node.protocol.names import LogId
from xstock_node.protocol.records import Offer, Still, Withdraw
from xstock_node.storage.interfaces import Transaction
from xstock_node.testing import inside
from xstock_node.testing.disk import Watch
from xstock_node.testing.ledger import said
from xstock_node.testing.letters import Letters
from xstock_node.testing.process import Process

Report = Callable[[str, str], None]


class History:
    """The hash, and the truth about every log of the world. `report` is told of what must not be."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.messages = self.bytes = self.signatures = 0
        self.leaves: dict[LogId, list[bytes]] = {}
        self.signed: dict[bytes, int] = {}
        self.forks: dict[LogId, tuple[str, int]] = {}
        self.doubtful: set[bytes] = set()
        self.ends: dict[int, float] = {}
        self.begins: dict[int, float] = {}
        self.letters = Letters(report, lambda number: (self.begins[number], self.ends.get(number, float("inf"))))
        self.stolen: dict[str, set[bytes]] = {}
        self._out: dict[LogId, dict[int, int]] = {}
        self._hash = hashlib.sha256()
        self._roots: dict[LogId, dict[int, bytes]] = {}
        self._writers: dict[LogId, set[int]] = {}

    def hexdigest(self) -> str:
        """The hash of everything so far."""
        return self._hash.hexdigest()

    def delivered(self, sender: str, receiver: str, kind: str, body: bytes) -> None:
        """A message reached its receiver."""
        self.messages += 1
        self.bytes += len(body)
        self._add(f"{kind} {sender} {receiver}", body)

    def text_signed(self, process: Process, text: bytes) -> None:
        """A node signed a text, whatever becomes of it."""
        self.signatures += 1
        self._add(f"signed {process.name} {process.number}", text)

    def head_held(self, holder: str, raw: bytes, head: Head) -> bool:
        """A node was found to hold this head; False where it was never signed."""
        signer = self.signed.get(raw)
        if signer is not None and holder != head.log.node:
            out = self._out.setdefault(head.log, {})
            out[signer] = max(head.size, out.get(signer, 0))
        return signer is not None

    def known_forks(self) -> dict[LogId, str]:
        """Epochs of which somebody may know that they have two histories: both were held by others."""
        both = {
            log: sum(size > at for size in self._out.get(log, {}).values()) > 1 for log, (_, at) in self.forks.items()
        }
        return {log: why for log, (why, _) in self.forks.items() if both[log]}

    def head_kept(self, process: Process, head: Head, raw: bytes, start: int, lines: list[bytes]) -> None:
        """A signed head was stored; `lines` are its records from `start` on."""
        leaves = [leaf_of(line) for line in lines]
        self.doubtful.update(line for line in lines if _is_ahead(line, head))
        self.signed.setdefault(raw, process.number)
        self._writers.setdefault(head.log, set()).add(process.number)
        known = self.leaves.setdefault(head.log, [])
        for index, leaf in enumerate(leaves, start):
            if index < len(known) and known[index] != leaf:
                self._fork(process, head, f"index {index} names two records", index)
                break
            if index >= len(known):
                known.append(leaf)
        if self._roots.setdefault(head.log, {}).setdefault(head.size, head.root) != head.root:
            self._fork(process, head, f"size {head.size} has two roots", head.size - 1)

    def first_unknown(self, process: Process, log: LogId) -> int:
        """From which index on the records of a log are to be told: all of them where another process wrote it."""
        alone = self._writers.get(log, set()) <= {process.number}
        return len(self.leaves.get(log, ())) if alone else 0

    def _fork(self, process: Process, head: Head, why: str, index: int) -> None:
        others = self._writers[head.log] - {process.number}
        if any(self.ends.get(number, process.began) >= process.began for number in others):
            self.forks.setdefault(head.log, (why, index))
        else:
            self.report("I2", f"{head.log}: {why}, and no two processes of the node ran at one time")

    def _add(self, what: str, body: bytes) -> None:
        self._hash.update(f"{what} {len(body)}\n".encode())
        self._hash.update(body)


class Recorder(Watch):
    """Listens to one process: what it signs, stores, and shows."""

    def __init__(self, process: Process, history: History) -> None:
        self._process, self._history = process, history
        self._pending: list[tuple[Head, bytes]] = []
        self._read: list[tuple[Head, bytes, int, list[bytes]]] = []
        self._undurable: set[bytes] = set()
        self._durable: set[bytes] = set()
        self._shown: list[tuple[Head, bytes]] = []
        self._letters: list[bytes] = []

    def signed(self, text: bytes, raw: bytes) -> None:
        """The process signed a text."""
        self._history.text_signed(self._process, text)
        if text.startswith((b"xs1/msg\n", b"xs1/receipt\n")):
            self._history.letters.signed(self._process, raw)
            self._letters.append(raw)
            return
        try:
            self._pending.append((heads.parse(raw)[0], raw))
        except ProtocolError:
            pass

    def worked(self, tx: Transaction) -> None:
        """See `Watch.worked`."""
        for head, raw in self._pending:
            start = min(self._history.first_unknown(self._process, head.log), head.size)
            self._read.append((head, raw, start, tx.logs.lines(head.log.name, start, head.size - start)))
        self._pending.clear()

    def ended(self, kept: bool, durable: bool) -> None:
        """See `Watch.ended`."""
        if kept:
            for head, raw, start, lines in self._read:
                self._history.head_kept(self._process, head, raw, start, lines)
                self._undurable.add(raw)
            for raw in self._letters:
                self._history.letters.stored(self._process, raw)
        self._letters.clear()
        self._read.clear()
        self._pending.clear()
        if kept and durable:
            self._durable |= self._undurable
            self._undurable.clear()

    def shows(self) -> None:
        """The process is about to be heard: what it says of itself must be durable."""
        now = inside.own_heads(self._process.node)
        if now != self._shown:
            self._shown = now
            for head, raw in now:
                if raw not in self._durable:
                    self._history.report("I1", f"{head.log} {head.size} is shown before it is durable")


def _is_ahead(line: bytes, head: Head) -> bool:
    """Whether a record says that it was written after its head: readers may or may not take it, by what they knew."""
    found = said(line)
    return isinstance(found, Offer | Withdraw | Still) and found.ts > head.time + limits.AHEAD


class RecordingSigner(Signer):
    """A signer whose every signature is heard."""

    def __init__(self, signer: Signer, heard: Callable[[bytes, bytes], None]) -> None:
        self.name, self.public, self.key_id = signer.name, signer.public, signer.key_id
        self._signer, self._heard = signer, heard

    def sign(self, message: bytes) -> bytes:
        """See `Signer.sign`."""
        signature = self._signer.sign(message)
        line = f"{notes.DASH} {self.name} {keys.to_base64(self.key_id + signature)}\n".encode()
        self._heard(message, message + b"\n" + line)
        return signature
