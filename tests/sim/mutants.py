"""Planted bugs, one or more for each invariant: a short run with the faults that touch it must catch each of them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest import mock

import msgspec

from xstock_node.protocol import gossip, heads, limits
from xstock_node.protocol.heads import Base, Head
from xstock_node.services import casework, network, receiving, recovering, searching
from xstock_node.services.contradictions import Contradictions
from xstock_node.services.directory import Directory
from xstock_node.services.membership import Membership
from xstock_node.services.ownlog import OwnLog
from xstock_node.services.peering import Peering
from xstock_node.services.replicas import Replicas
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import LogState
from xstock_node.testing.storm import Plan

Patches = Callable[[], Sequence[Any]]
MUTANTS: dict[str, "Mutant"] = {}


class Mutant(NamedTuple):
    """A bug; `caught_by` are the labels of the invariants that may notice it, in a world with these faults."""

    caught_by: tuple[str, ...]
    kinds: tuple[str, ...]
    patches: Patches


def mutant(name: str, caught_by: str, *kinds: str) -> Callable[[Patches], Patches]:
    """Put a bug into the list."""

    def put(patches: Patches) -> Patches:
        MUTANTS[name] = Mutant(tuple(caught_by.split()), kinds, patches)
        return patches

    return put


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The program with one of the bugs."""
    patches = MUTANTS[name].patches()
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def plan(name: str, seed: int) -> Plan:
    """A short run in which the bug can do harm."""
    return Plan(seed, nodes=6, storms=1, minutes=14, active=3, hidden=0.2, pause=20, work=40, kinds=MUTANTS[name].kinds)


@mutant("own records are acknowledged before they are durable", "I1", "crash")
def _not_durable() -> Sequence[Any]:
    async def append(self: OwnLog, make: Callable[[Transaction], Sequence[bytes]]) -> Head:
        return self._signed(await self._engine.write(lambda tx: self._append(tx, make), durable=False))

    return [mock.patch.object(OwnLog, "append", append)]


@mutant("a head is shown before it is stored", "I1 I2", "full disk")
def _shown_early() -> Sequence[Any]:
    sign = OwnLog._sign

    def early(self: OwnLog, tx: Transaction, state: LogState, base: Base | None, now: int, offset: float) -> Any:
        signed = sign(self, tx, state, base, now, offset)
        self.head, self.note, self.audience, self._offset = signed
        return signed

    return [mock.patch.object(OwnLog, "_sign", early)]


@mutant("recovered records are not appended again", "I1 I3", "restore", "lost disk", "copied node", "halves")
def _not_recovered() -> Sequence[Any]:
    async def append(self: recovering.Recovery, own: OwnLog, lines: list[bytes], whence: str) -> None:
        return None

    return [mock.patch.object(recovering.Recovery, "_append", append)]


@mutant("a start does not open a new epoch", "I2", "restore", "halves")
def _same_epoch() -> Sequence[Any]:
    opened = OwnLog._open

    def stay(self: OwnLog, tx: Transaction, at_least: int = 0) -> Any:
        state = tx.logs.state(self.log)
        if state is None or not state.head or state.target:
            return opened(self, tx, at_least)
        offset = self._now() - self._steady()
        return self._sign(tx, state, heads.parse(state.head)[0].base, self._now(), offset)

    return [mock.patch.object(OwnLog, "_open", stay)]


@mutant("signatures of heads are not checked", "I2 I3", "liar: forged heads")
def _unsigned() -> Sequence[Any]:
    return [mock.patch.object(Directory, "verify_head", lambda self, head, note: self.get(head.log.node) is not None)]


@mutant("the digest leaves out a log", "I3 I1", "clock forward", "liar: damaged frames", "full disk")
def _blind_digest() -> Sequence[Any]:
    def digest(self: Replicas, name: str = "") -> str:
        held = [h for log, h in self.heads.items() if log.node != "n001.example.org"]
        return gossip.digest((head.log, head.size, head.root) for head in held)

    return [mock.patch.object(Replicas, "digest", digest)]


@mutant("a hash is taken for a record at any peer's word", "I1 I3 I10", "liar: # for records")
def _hashes_taken() -> Sequence[Any]:
    return [mock.patch.object(receiving, "_note_holes", lambda *_: None)]


@mutant("a newer epoch does not cut back to its base", "I2 I3", "restore", "copied node", "halves")
def _not_cut() -> Sequence[Any]:
    def keep(tx: Transaction, state: LogState, size: int, now: int) -> LogState:
        return state

    return [mock.patch.object(receiving, "_cut", keep)]


@mutant("a fork freezes nothing", "I2 I3", "copied node", "clock back")
def _not_frozen() -> Sequence[Any]:
    async def go_on(self: Contradictions, log: Any, raw: bytes, error: Exception) -> None:
        return None

    async def nothing(self: Contradictions, raw: bytes) -> bool:
        return False

    return [
        mock.patch.object(limits, "EPOCH_SPREAD", 1),  # copies meet in one epoch more often
        mock.patch.object(Contradictions, "freeze_on_fork", go_on),
        mock.patch.object(Contradictions, "learn", nothing),
    ]


@mutant("a supplier promises what it does not have", "I4", "restart")
def _unbounded() -> Sequence[Any]:
    return [mock.patch.object(casework.Casework, "_may_promise", lambda *_: None)]


@mutant("any step may be taken in any state", "I5", "restart")
def _any_step() -> Sequence[Any]:
    return [mock.patch.object(casework, "may", lambda *_: "")]


@mutant("a newer identity is not taken", "I6 I3", "stolen key")
def _old_keys() -> Sequence[Any]:
    return [mock.patch.object(Directory, "renew", lambda *_: False)]


@mutant("every member sees every log", "I7", "restart")
def _no_audience() -> Sequence[Any]:
    return [mock.patch.object(Membership, "sees", lambda self, name, log: self.standing(name) is not None)]


@mutant("a start waits for every peer", "I8", "restart", "slow peer", "halves")
def _patient_start() -> Sequence[Any]:
    return [mock.patch.object(network, "START_UP_SECONDS", 3600.0)]


@mutant("a log may grow without bound", "I9", "flood of records", "delay", "loss", "reordering", "duplication")
def _no_quota() -> Sequence[Any]:
    return [mock.patch.object(receiving, "_check_growth", lambda *_: None)]


@mutant("bad notes cost a peer nothing", "I9", "flood of requests", "bomb")
def _no_allowance() -> Sequence[Any]:
    return [mock.patch.object(Peering, "check", lambda self, name: None)]


@mutant("expired offers are shown as current", "I10", "delay")
def _expired_shown() -> Sequence[Any]:
    hit = searching._hit

    def fresh(*told: Any) -> searching.Hit:
        return msgspec.structs.replace(hit(*told), expired=False)

    return [mock.patch.object(searching, "_hit", fresh)]
