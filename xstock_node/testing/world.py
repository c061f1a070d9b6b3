"""A world: nodes that live as processes on machines of their own, over lines and disks that fail.

Everything in it comes from one seed. The real node runs; what is simulated is the network, the clocks, the power, and
what is on the disk after it failed.
"""

import asyncio
import contextvars
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from random import Random
from typing import Any

from xstock_node.protocol.errors import (
    Fork,
    Gap,
    KeyUnknown,
    NotFound,
    ProtocolError,
    Quota,
    Rollback,
    Unreachable,
    WrongStep,
)
from xstock_node.protocol.names import LogName
from xstock_node.protocol.peer import Peer
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.errors import Refusal
from xstock_node.storage.errors import StorageError
from xstock_node.testing import inside
from xstock_node.testing.clock import SimClock
from xstock_node.testing.disk import SimEngine, Watch, put_back, remove
from xstock_node.testing.history import History, Recorder, RecordingSigner
from xstock_node.testing.keyring import Keyring
from xstock_node.testing.ledger import Ledger
from xstock_node.testing.liars import Liar
from xstock_node.testing.medium import ANSWER_SECONDS, Medium
from xstock_node.testing.process import Process, watch_tasks
from xstock_node.testing.simnet import LOG, SimPeer, serve_by
from xstock_node.testing.work import CANARY, Work

MOST_VIOLATIONS = 20
RELAYS = 2
SECRET_LABEL, SECRET_LOG = "sava", "see.sava"
SMALL = ("GET ", "POST ", "PUT ", "DELETE ")


class World:
    """Nodes by name. `dialled` says whom each of them calls; everybody knows the identity of everybody."""

    def __init__(self, folder: Path, seed: int, dialled: dict[str, Sequence[str]], latency: float = 0.02) -> None:
        self.folder, self.seed, self.dialled = folder, seed, dialled
        self.names = sorted(dialled)
        self.keyrings = {name: Keyring(name, tuple(dialled[name][:RELAYS])) for name in self.names}
        self.doubled: set[str] = set()
        self._betrayed: set[str] = set()
        self.readers: frozenset[str] = frozenset()
        self.random = Random(f"world {seed}")
        self.medium = Medium(Random(f"medium {seed}"), latency)
        self.history = History(self.violated)
        self.ledger = Ledger()
        self.work = Work()
        self.violations: list[str] = []
        self.faults: Counter[str] = Counter()
        self.processes: dict[str, Process] = {}
        self.beside: list[Process] = []
        self.clocks = {name: SimClock() for name in self.names}
        self.paths = {name: folder / f"{name}.db" for name in self.names}
        self.liars: dict[str, Liar] = {}
        self.starts: list[tuple[str, float]] = []
        self.forks_shown: set[LogName] = set()
        self.most_tasks = 0
        self._count = 0
        self._seconds = 0.0
        self._recorders: dict[int, Recorder] = {}
        self._files = 0
        self._context = contextvars.copy_context()
        self._doubtful: set[LogName] = set()
        self.busy: set[str] = set()
        self.snapshots: dict[str, list[Path]] = {name: [] for name in self.names}
        self.hurry = asyncio.Event()
        self.failed_starts: list[str] = []
        watch_tasks()

    @property
    def effects(self) -> Counter[str]:
        """How often each kind of fault touched something."""
        return self.medium.effects

    def violated(self, label: str, what: str) -> None:
        """An invariant does not hold."""
        if len(self.violations) < MOST_VIOLATIONS:
            at = int(self.now())
            self.violations.append(f"{label} at {at} s: {what}")

    def all_processes(self) -> list[Process]:
        """Every process that runs, copies among them."""
        return [*self.processes.values(), *self.beside]

    def node_hours(self) -> float:
        """The hours that processes have run, added up."""
        now = self.now()
        return (self._seconds + sum(now - process.began for process in self.all_processes())) / 3600

    async def start(self, name: str, path: Path | None = None, beside: bool = False) -> Process | None:
        """Start a node; None when it could not (a full disk, or it was killed meanwhile)."""
        process = self._made(name, path, beside)
        peers: dict[str, Peer] = {peer: SimPeer(_Wire(self, process), name, peer) for peer in self.dialled[name]}
        try:
            await process.run(process.node.start(peers))
        except (ProtocolError, StorageError, Refusal) as error:
            if not process.dead:
                self.failed_starts.append(f"{name}: {error}")
                self.kill(process)
            return None
        self.starts.append((name, self.now() - process.began))
        return process

    def _made(self, name: str, path: Path | None, beside: bool) -> Process:
        self._count += 1
        process = Process(name, self._count, path or self.paths[name], self.clocks[name])
        self.history.begins[process.number] = process.began
        own, signer = self.keyrings[name].newest
        process.key = signer.public
        pinned = [self.keyrings[other].first for other in self.names if other != name]
        recorder = self._recorders[process.number] = Recorder(process, self.history)
        process.engine = SimEngine(process.path, recorder)
        random = Random(f"node {self.seed} {name} {process.number}")
        signer = RecordingSigner(signer, recorder.signed)
        process.node = inside.build(own, signer, LOG, process.engine, pinned, process.clock, random, process.trace)
        process.answers = NodeAnswers(process.node)
        if beside:
            self.beside.append(process)
            self.doubled.add(name)
        else:
            self.processes[name] = process
        return process

    def partners(self, name: str) -> list[str]:
        """Whom a node may open a case with: they dial each other, so that each may ask the other after a restore."""
        return [other for other in self.dialled[name] if name in self.dialled[other]]

    async def stop(self, process: Process) -> None:
        """Stop a node cleanly."""
        process.leave()
        await asyncio.sleep(0)
        await process.run(process.node.stop())
        await asyncio.sleep(0)
        if process.left():
            self.violated("I9", f"tasks of {process.name} outlive it: {process.left()}")
        self._gone(process)

    async def cut_power(self, process: Process) -> int:
        """End a node without warning; what its disk had not taken may be lost. The frames of SQLite's log lost."""
        log = LogName(process.name, LOG)
        before = set(await self._copies([process.name], log))
        self._gone(process)
        left = self.folder / f"spare {self._number()}.db"
        lost = process.engine.lose_power(left, self.random)
        remove(process.path)
        put_back(left, process.path)
        remove(left)
        if process.path == self.paths[process.name]:
            for entry in self.ledger.missing(log, await self._copies([process.name], log)):
                if entry.line in before:
                    self.violated("I1", f"{log} lost an acknowledged record in a power cut: {entry.line!r}")
        await self.recount()
        return lost

    def kill(self, process: Process) -> None:
        """End a process whose disk goes away with it."""
        self._gone(process)
        process.engine.discard()

    def snapshot(self, process: Process) -> Path:
        """A copy of a running node's disk."""
        to = self.folder / f"spare {self._number()}.db"
        process.engine.copy(to)
        return to

    async def replace_disk(self, name: str, snapshot: Path | None) -> None:
        """Put an older copy, or an empty disk, in place of a stopped node's own."""
        remove(self.paths[name])
        if snapshot is not None:
            put_back(snapshot, self.paths[name])
        self.doubt(name)
        await self.recount()

    async def rotate_keys(self, name: str) -> None:
        """A stopped node gets new keys under its root key; what the old ones sign from now on is void everywhere.

        What was nowhere but on other disks under the old key cannot come back any more.
        """
        self.keyrings[name].rotate(self.clocks[name].now())
        log = LogName(name, LOG)
        own = await self._copies([name], log)
        self.ledger.lose(log, {entry.line for entry in self.ledger.missing(log, own)})

    def any_doubled(self, names: Sequence[str]) -> bool:
        """Whether one of these ran twice at a time, or its key was stolen: two spoke in one name."""
        return any(name in self.doubled for name in names)

    def forget_snapshot(self, path: Path) -> None:
        """Throw a back-up away."""
        remove(path)

    def can_hand_back(self, holder: str, origin: str) -> bool:
        """Whether a node can get back what another keeps aside for it."""
        return holder == origin or holder in self.dialled[origin]

    def doubt(self, name: str) -> None:
        """A disk of this node was replaced: what its people were told may be on no disk any more."""
        self._doubtful.add(LogName(name, LOG))

    async def recount(self) -> None:
        """After a disk lost something: strike from the ledger what is on no disk any more from which it can come back.

        A node fetches its lost records itself, so that what only nodes hold which it does not dial is out of its reach.
        """
        for log in sorted(self._doubtful):
            own = await self._copies([log.node], log)
            absent = {entry.line for entry in self.ledger.missing(log, own)}
            if not absent and log.node in self.processes:
                self._doubtful.discard(log)
            if absent:
                self.ledger.lose(log, absent - set(await self._copies([log.node, *self.dialled[log.node]], log)))

    async def _copies(self, names: Sequence[str], log: LogName) -> list[bytes]:
        """Every record of a log on the disks of these nodes and of their copies."""
        found: list[bytes] = []
        for process in self.all_processes():
            if process.name in names:
                ring = self.keyrings[log.node]
                counts = ring.signed if ring.was_stolen and process.name != log.node else lambda head: True
                found += await process.engine.read(lambda tx, c=counts: list(inside.every_line(tx, log, c)))  # type: ignore[misc]
        for name in names:
            if name not in self.processes and self.paths[name].exists():
                engine = SimEngine(self.paths[name], Watch())
                found += await engine.read(lambda tx: list(inside.every_line(tx, log)))
                await engine.close()
        return found

    def _gone(self, process: Process) -> None:
        self._seconds += self.now() - process.began
        self.history.ends[process.number] = self.now()
        self.most_tasks = max(self.most_tasks, process.most_tasks)
        for defect in process.trace.defects:
            self.violated("defect", f"{process.name}: {defect}")
        process.kill()
        if self.processes.get(process.name) is process:
            del self.processes[process.name]
        else:
            self.beside.remove(process)

    def _number(self) -> int:
        self._files += 1
        return self._files

    async def publish(self, process: Process, lines: Sequence[bytes]) -> bool:
        """Append records to a node's own log, as its people do; whether they were told that it is stored."""
        log = LogName(process.name, LOG)
        try:
            await process.run(inside.append(process.node, lines))
        except (ProtocolError, StorageError, Refusal):
            self.ledger.add(log, lines, owed=False)
            return False
        self.ledger.add(log, lines, owed=True)
        return True

    async def carry(self, sender: Process, name: str, kind: str, body: bytes, wait: float) -> bytes:
        """One request of a process to the node that listens at `name`, and its answer."""
        self._recorders[sender.number].shows()
        liar = self.liars.get(sender.name)
        body = liar.bend(kind, body, answer=False) if liar else body
        try:
            async with asyncio.timeout(wait + ANSWER_SECONDS):
                await self.medium.travel(sender.name, name)
                target = self._listening(name)
                if sender.silent or target.silent:
                    raise Unreachable(f"an answer of {name}", "the line of one machine is down")
                again = self.medium.doubles()
                if again is not None:
                    self.background(self._once_more(sender, name, kind, body, again))
                answer = await self._answer(sender, target, kind, body, wait)
                if sender.silent or target.silent:
                    raise Unreachable(f"an answer of {name}", "the line of one machine is down")
                await self.medium.travel(name, sender.name, ANSWER_SECONDS)
        except TimeoutError:
            raise Unreachable(f"an answer of {name}", "nothing within the time") from None
        self.history.delivered(name, sender.name, f"{kind} answer", answer)
        return answer

    def _listening(self, name: str) -> Process:
        process = self.processes.get(name)
        if process is None:
            raise Unreachable(f"an answer of {name}", "nobody listens")
        return process

    async def _answer(self, sender: Process, target: Process, kind: str, body: bytes, wait: float) -> bytes:
        """What the target's server would do: admission, the node's answer, errors as statuses."""
        if sender.key not in inside.keys_of(target.node, sender.name) and not kind.startswith("PUT /xs/1/id/"):
            raise KeyUnknown(f"{target.name} to know the key of {sender.name}", "401 unsigned")
        target.admission.member(sender.name)
        self._reaches(sender.name, target.name, body)
        self.history.delivered(sender.name, target.name, kind, body)
        target.requests[sender.name] += 1
        try:
            answer = await target.answer(serve_by(target.answers, sender.name, kind, body, wait))
        except (Quota, NotFound, Unreachable):
            raise
        except (Gap, Fork, WrongStep, Rollback):
            if not kind.startswith(SMALL):
                raise Unreachable(f"status 200 of {target.name}", "409") from None
            raise
        except ProtocolError as error:
            inside.refuse(target.node, sender.name, error, kind)
            raise Unreachable(f"status 200 of {target.name}", f"{error.status} {error.code}") from None
        except StorageError as error:
            raise Unreachable(f"status 200 of {target.name}", f"507 {error}") from None
        except Exception as error:
            self.violated("defect", f"{target.name} answers {kind} with {type(error).__name__}: {error}")
            raise Unreachable(f"status 200 of {target.name}", "500") from None
        self._recorders[target.number].shows()
        self._reaches(target.name, sender.name, answer)
        liar = self.liars.get(target.name)
        return liar.bend(kind, answer, answer=True) if liar else answer

    def _reaches(self, sender: str, receiver: str, body: bytes) -> None:
        """Bytes that leave an honest node name an audience's log to its readers alone, or to whom a liar told of it."""
        if receiver in self.readers:
            if sender not in self.readers and SECRET_LOG.encode() in body:
                self._betrayed.add(sender)
        elif CANARY.encode() in body and sender not in self.liars:
            self.violated("I7", f"{sender} gives {receiver} what {SECRET_LOG} says")
        elif SECRET_LOG.encode() in body and receiver not in self._betrayed:
            self._betrayed.add(receiver)
            if sender not in self.liars:
                self.violated("I7", f"{sender} tells {receiver} of {SECRET_LOG}")

    async def _once_more(self, sender: Process, name: str, kind: str, body: bytes, after: float) -> None:
        await asyncio.sleep(after)
        try:
            await self._answer(sender, self._listening(name), kind, body, 0.0)
        except ProtocolError:
            pass

    def now(self) -> float:
        """Virtual seconds."""
        return asyncio.get_running_loop().time()

    def describe(self) -> list[str]:
        """What each node holds and what it said last, for a failure."""
        found = []
        for process in sorted(self.all_processes(), key=lambda one: (one.name, one.number)):
            held = ", ".join(f"{head.log} {head.size}" for _, head in sorted(inside.heads(process.node).items()))
            found.append(f"{process.name} ({process.number}) holds {held}")
            found += [f"    {line}" for line in process.trace.last[-5:]]
        return found

    def felt(self, kind: str) -> None:
        """A fault touched something."""
        self.effects[kind] += 1

    def copy_of(self, snapshot: Path) -> Path:
        """A disk of its own that holds a snapshot."""
        to = self.folder / f"spare {self._number()}.db"
        put_back(snapshot, to)
        return to

    async def retire_one(self, twin: Process, keep_twin: bool) -> None:
        """Of a node and its copy one goes, with its disk; the other is the node from now on."""
        name = twin.name
        original = self.processes.get(name)
        if keep_twin and not twin.dead:
            if original is not None:
                self.kill(original)
            remove(self.paths[name])
            self.beside.remove(twin)
            self.processes[name], self.paths[name] = twin, twin.path
        elif not twin.dead:
            self.kill(twin)
        self.doubt(name)
        await self.recount()

    async def pause(self, seconds: float) -> None:
        """Wait, but not once the storm is over."""
        try:
            async with asyncio.timeout(seconds):
                await self.hurry.wait()
        except TimeoutError:
            pass

    def background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something that belongs to no process."""
        return asyncio.get_running_loop().create_task(work, context=self._context.copy())

    async def ask(self, name: str) -> float | None:
        """How many seconds a node takes to say who it is."""
        began = self.now()
        try:
            await self.processes[name].answer(serve_by(self.processes[name].answers, name, "identity", b"", 0.0))
        except ProtocolError:
            return None
        return self.now() - began

    async def until(self, true: Callable[[], bool], seconds: float, step: float = 0.5) -> float | None:
        """Let time pass until something holds: after how many virtual seconds, or None when it never did."""
        began = self.now()
        while not true():
            if self.now() - began > seconds:
                return None
            await asyncio.sleep(step)
        return self.now() - began

    def agree(self) -> bool:
        """Whether all nodes that run say the same digest."""
        return len({inside.digest(process.node) for process in self.processes.values()}) == 1


class _Wire:
    """The carrier of one process."""

    def __init__(self, world: World, process: Process) -> None:
        self._world, self._process = world, process

    async def carry(self, caller: str, name: str, kind: str, body: bytes, wait: float = 0.0) -> bytes:
        """See `Carrier.carry`."""
        return await self._world.carry(self._process, name, kind, body, wait)
