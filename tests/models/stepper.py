"""`make promises`: a million random steps of a supplier and three requesters over the real casework and storage.

Messages are lost, repeated, reordered; nodes start anew; requests cross. After every step two sums are taken that know
nothing of each other: what the supplier says it promised, and what the requesters believe is confirmed to them. Neither
may exceed what there is. Signatures are left out: they are tested elsewhere, and a million of them take an hour.
"""

import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, Literal, TypeVar
from unittest import mock

from xstock_node.domain.commitments import NEVER
from xstock_node.domain.operations import BINDING, STEPS, Step, may
from xstock_node.protocol import bundle, messages
from xstock_node.protocol.bundle import Entry
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.names import LogName
from xstock_node.services import casework, dossier
from xstock_node.services.casework import Casework, pack
from xstock_node.services.errors import Refusal
from xstock_node.services.promises import Stock, claims
from xstock_node.storage.sqlite import SqliteEngine

T = TypeVar("T")
SUPPLIER, REQUESTERS = "s.example", ("a.example", "b.example", "c.example")
HERE = Decimal(100)
KEY = ("TENT", "H87")
UNCOUNTED = Stock({}, NEVER)
STEPS_A_WORLD, CASES, A_PART = 250, 8, 25_000
LIKELY = {
    "offer": 6,
    "confirm": 20,
    "cancel-own": 3,
    "amended": 2,
    "accept": 10,
    "amend": 0.3,
    "close": 1,
    "request": 2,
}
WEIGHTS: dict[str, float] = {"open": 2, "supplier": 7, "requester": 5, "deliver": 14, "receipt": 6} | {
    "again": 2,
    "restart": 1,
    "exchange": 0.5,
    "line": 1,
}


class Unsigned:
    """Signs with zeros."""

    public, key_id = bytes(32), bytes(4)

    def __init__(self, name: str) -> None:
        self.name = name

    def sign(self, text: bytes) -> bytes:
        """64 zeros."""
        return bytes(64)


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run what never waits: the engine works in place."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    raise AssertionError("it waits for something")


class Side:
    """A node as its casework needs it."""

    def __init__(self, folder: Path, name: str, world: "World") -> None:
        self.name, self.engine, self.random = name, SqliteEngine(folder / f"{name}.db", threads=False), world.random
        self.identity, self.signer, self.start_number = SimpleNamespace(name=name), Unsigned(name), 1
        self.clock = SimpleNamespace(now=world.now)
        self.directory = SimpleNamespace(verify=lambda *asked: None, get=lambda name: None)
        self.trace = SimpleNamespace(info=lambda event, **facts: None)
        members = SimpleNamespace(is_member=lambda name: True, standing=lambda name: True)
        network = SimpleNamespace(name="see", shared=LogName(name, "see.pub"), membership=members)
        self.casework = Casework(self, network, self)  # type: ignore[arg-type]

    async def keep(self, work: Any, soon: bool = False) -> None:
        """The audit log, without its leaves."""
        await self.engine.write(work, durable=False)

    def read(self, work: Any) -> Any:
        """A read in place."""
        return at_once(self.engine.read(work))


class World:
    """One supplier with so many pieces, its requesters, and what is on its way."""

    there, length = {KEY: HERE}, STEPS_A_WORLD

    def __init__(self, folder: Path, seed: int, counts: Counter[str]) -> None:
        self.random, self.steps, self.cut, self.counts = Random(seed), 0, "", counts
        self.sides = {name: Side(folder, name, self) for name in (SUPPLIER, *REQUESTERS)}
        self.receipts: list[tuple[str, str, bytes]] = []
        self.sent: list[tuple[str, str, bytes, bytes]] = []

    def now(self) -> int:
        """A second a step."""
        return 1_790_000_000 + self.steps

    def close(self) -> None:
        """Close every database."""
        for side in self.sides.values():
            at_once(side.engine.close())

    def step(self) -> list[str]:
        """One step; what it broke."""
        self.steps += 1
        name = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        try:
            getattr(self, f"_{name}")()
            self.counts[name] += 1
        except (Refusal, ProtocolError) as refused:
            self.counts[f"{name}: {refused.code}"] += 1
        return self.broken()

    def broken(self) -> list[str]:
        """Sums over what there is."""
        claimed = self.sides[SUPPLIER].read(lambda tx: claims(tx, ["see"], SUPPLIER, UNCOUNTED, self.now()))
        said = claimed.whole.get(KEY, Decimal(0))
        believed = sum((self._believed(self.sides[name]) for name in REQUESTERS), Decimal(0))
        found = [f"promised {said} of {HERE}"] if said > HERE else []
        return [*found, f"confirmed {believed} of {HERE} to those who believe it"] if believed > HERE else found

    def differing(self) -> list[str]:
        """Cases of which both sides fold another state, once everything was exchanged."""
        for _ in range(3):
            for name in REQUESTERS:
                self._bring(SUPPLIER, name)
                self._bring(name, SUPPLIER)
        found = []
        for row in self.sides[SUPPLIER].read(lambda tx: tx.cases.all("see")):
            mine = self.sides[SUPPLIER].read(lambda tx, r=row: dossier.read(tx, r).state())
            theirs = self.sides[row.requester].read(lambda tx, r=row: dossier.read(tx, r).state())
            found += [f"{row.id}: {mine} and {theirs}"] if mine != theirs else []
        return found

    def _believed(self, side: Side) -> Decimal:
        """What a requester believes is confirmed to it."""

        def work(tx: Any) -> Decimal:
            found = [dossier.read(tx, row) for row in tx.cases.all("see")]
            bound = [d.claim(NEVER, self.now()).whole for d in found if d.state() in BINDING]
            return sum((one.get(KEY, Decimal(0)) for one in bound), Decimal(0))

        return side.read(work)  # type: ignore[no-any-return]

    def _lines(self) -> list[dict[str, Any]]:
        return [{"item": KEY[0], "unit": KEY[1], "qty": [self.random.choice((30, 60, 100, 100)), 0]}]

    def _open(self) -> None:
        side = self.sides[self.random.choice(REQUESTERS)]
        if len(self.sides[SUPPLIER].read(lambda tx: tx.cases.all("see"))) < CASES:
            body = {"step": self.random.choice(("request", "request", "notify")), "lines": self._lines()}
            at_once(side.casework.open(SUPPLIER, body))

    def _supplier(self) -> None:
        self._send(self.sides[SUPPLIER], "supplier")

    def _requester(self) -> None:
        self._send(self.sides[self.random.choice(REQUESTERS)], "requester")

    def _send(self, side: Side, kind: Literal["supplier", "requester"]) -> None:
        """A step that fits, likely ones first; one in ten is any step of any case."""
        found = side.read(lambda tx: [dossier.read(tx, row) for row in tx.cases.all("see")])
        fits = [(case, step.verb) for case in found for step in STEPS if step.side == kind and _fits(case, step, kind)]
        if not found:
            return
        weights = [LIKELY.get(verb, 0.05) for _, verb in fits]
        case, verb = self.random.choice(found), self.random.choice(STEPS).verb
        if fits and self.random.random() < 0.9:
            case, verb = self.random.choices(fits, weights)[0]
        body: dict[str, Any] = {"step": verb}
        if verb in ("offer", "request", "amend", "amended"):
            body["lines"] = self._lines()
        at_once(side.casework.send(case.case.id, body))
        self.counts[f"said {verb}"] += 1

    def _deliver(self) -> None:
        """Any message that waits, first or not; it stays in the outbox until its receipt comes."""
        side = self.sides[self.random.choice((SUPPLIER, SUPPLIER, *REQUESTERS))]
        waiting = [o for o in side.read(lambda tx: tx.cases.outbox()) if self.cut not in (side.name, o.recipient)]
        if waiting:
            one = waiting[0] if self.random.random() < 0.7 else self.random.choice(waiting)
            held = side.read(lambda tx: [m for m in tx.cases.messages(one.case) if m.link == one.link])
            self._take(side.name, one.recipient, pack(held[0].raw))

    def _take(self, sender: str, recipient: str, body: bytes, in_exchange: bool = False) -> None:
        receipt = at_once(self.sides[recipient].casework.take(sender, body, in_exchange))
        self.sent = [*self.sent[-60:], (sender, recipient, body, receipt)]
        if self.random.random() < 0.7:
            self.receipts.append((recipient, sender, receipt))

    def _receipt(self) -> None:
        there = [one for one in self.receipts if self.cut not in one]
        if there:
            sender, recipient, raw = one = self.random.choice(there)
            self.receipts.remove(one)
            at_once(self.sides[recipient].casework.take_receipt(sender, raw))

    def _again(self) -> None:
        """Something old arrives once more: the same receipt, or a refusal."""
        old = [one for one in self.sent if self.cut not in one[:2]]
        if old:
            sender, recipient, body, receipt = self.random.choice(old)
            again = at_once(self.sides[recipient].casework.take(sender, body))
            assert again == receipt, "a repeated message got another receipt"

    def _line(self) -> None:
        """One requester is cut off, or all can be reached."""
        self.cut = self.random.choice(("", *REQUESTERS))

    def _restart(self) -> None:
        self.sides[self.random.choice((SUPPLIER, *REQUESTERS))].start_number += 1

    def _exchange(self) -> None:
        name = self.random.choice([n for n in REQUESTERS if n != self.cut])
        for sender, recipient in ((SUPPLIER, name), (name, SUPPLIER)):
            self._bring(sender, recipient)

    def _bring(self, sender: str, recipient: str) -> None:
        """One side hands out all that it wrote, as after a doubtful start."""
        side = self.sides[sender]
        for row in side.read(lambda tx: tx.cases.all("see")):
            if recipient not in (row.requester, row.supplier):
                continue
            mine = side.read(lambda tx, r=row: [m for m in tx.cases.messages(r.id) if m.writer == sender])
            for stored in sorted(mine, key=lambda m: (m.link.start, m.link.n)):
                try:
                    receipt = at_once(self.sides[recipient].casework.take(sender, pack(stored.raw), True))
                    body = b"".join(bundle.pieces([Entry("receipt", receipt)]))
                    at_once(side.casework.take(recipient, body))
                except ProtocolError as refused:
                    self.counts[f"bring: {refused.code}"] += 1


def _fits(case: dossier.Dossier, step: Step, kind: Literal["supplier", "requester"]) -> bool:
    if may(step.verb, kind, case.state()):
        return False
    if kind == "supplier":
        return not step.answers or case.answered(step.answers, case.last(case.case.requester))
    return not case.requester or case.requester[-1].verb != step.verb


class Outcome(SimpleNamespace):
    """`steps` done, `counts` of what they were, and `broken`: seed and step of each violation."""

    steps: int
    counts: Counter[str]
    broken: list[str]


def walk(steps: int, seed: int = 1, stop_at: int = 1) -> Outcome:
    """So many steps of this module's worlds."""
    return walk_worlds(World, steps, seed, stop_at)


def walk_worlds(kind: Any, count: int, seed: int, stop_at: int) -> Outcome:
    """So many steps in worlds of a kind, `kind.length` in each; ends early after `stop_at` violations.

    `kind.there` is what each supplier of such a world has, by item and unit.
    """
    found = Outcome(steps=0, counts=Counter(), broken=[])
    place = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - what is written there is thrown away
    parse, here = lru_cache(20_000)(messages.parse), lambda *asked: Stock(kind.there, NEVER)
    with mock.patch.object(messages, "parse", parse), mock.patch.object(casework, "available", here):
        while found.steps < count and len(found.broken) < stop_at:
            folder = Path(tempfile.mkdtemp(dir=place))
            world = kind(folder, seed, found.counts)
            try:
                _one(world, seed, found, min(kind.length, count - found.steps))
            finally:
                world.close()
                shutil.rmtree(folder)
            seed += 1
    return found


def _one(world: Any, seed: int, found: Outcome, count: int) -> None:
    for _ in range(count):
        found.steps += 1
        if broken := world.step():
            found.broken.append(f"seed {seed} step {world.steps}: {'; '.join(broken)}")
            return
    found.broken += [f"seed {seed} at rest: {text}" for text in world.differing()]


def print_walk(name: str, walker: Callable[[int, int], Outcome]) -> int:
    """Walk as the command line says (steps, seed), print the figure, and 1 where something broke.

    Parts of `A_PART` steps are walked beside each other, one a processor; a part follows from its first seed alone.
    """
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seed, began = int(sys.argv[2]) if len(sys.argv) > 2 else 1, time.monotonic()
    sizes = [min(A_PART, count - done) for done in range(0, count, A_PART)]
    seeds = [seed + A_PART * part for part in range(len(sizes))]
    whole = Outcome(steps=0, counts=Counter(), broken=[])
    with ProcessPoolExecutor(mp_context=get_context("forkserver")) as pool:
        for found in pool.map(walker, sizes, seeds):
            whole.steps += found.steps
            whole.counts += found.counts
            whole.broken += found.broken
            took = time.monotonic() - began
            print(f"{whole.steps} of {count} steps, {took:.0f} s, broken: {len(whole.broken)}", file=sys.stderr)
    figure = {name: whole.steps, "seconds": round(time.monotonic() - began), "broken": whole.broken}
    print(json.dumps(figure | {"steps": dict(whole.counts.most_common()), "holds": not whole.broken}))
    return int(bool(whole.broken))


if __name__ == "__main__":
    sys.exit(print_walk("promises", walk))
