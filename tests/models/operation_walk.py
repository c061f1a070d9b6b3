"""`make walk`: a million random steps of two to five nodes over the whole table, the real casework and storage.

Every node asks and supplies. Messages and receipts are lost, repeated, reordered; nodes restart, or begin anew; chains
are exchanged; suppliers count their stores anew. After every step: no supplier promised more than it has, nobody
believes more, and no store gave away what another was promised, but for what a border refused and came home broken.
Whenever all was exchanged: both sides say the same of every operation, hold all that was acknowledged, and
the goods are where the counters say (tests/models/ledger.py). Signatures are left out: they are tested elsewhere.
"""

import sys
from collections import Counter, defaultdict
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from tests.domain.operation_story import CONCLUDED, FREE, ITEM, UNIT, Story, line
from tests.models.ledger import Ledger, pieces
from tests.models.stepper import Outcome, Side, at_once, print_walk, walk_worlds
from xstock_node.domain import guards, steps
from xstock_node.domain.commitments import NEVER, Counts, claim, owed
from xstock_node.domain.operation import Operation
from xstock_node.domain.operations import BINDING, BY_VERB, ENDED, STEPS, fits, may
from xstock_node.domain.units import decimal_pair
from xstock_node.protocol import bundle, messages
from xstock_node.protocol.bundle import Entry
from xstock_node.protocol.errors import ProtocolError
from xstock_node.services import dossier
from xstock_node.services.casework import pack
from xstock_node.services.dossier import Dossier
from xstock_node.services.errors import Refusal
from xstock_node.services.promises import Stock
from xstock_node.storage.sqlite import SqliteEngine

NAMES = ("a.example", "b.example", "c.example", "d.example", "e.example")
HERE, KEY = Decimal(20), (ITEM, UNIT)
LETS_GO = frozenset({"amend", "cancel", "short-close", "close-proposed"})
TALK = ("told", "ask")
ONWARD = frozenset(
    {"offer", "accept", "confirm", "green-light", "clear", "dispatch", "received", "on-loan", "returned"}
)
STEPS_A_WORLD, CASES = 1_000, 4
WEIGHTS: dict[str, float] = {"open": 3, "say": 30, "odd": 2, "deliver": 38, "receipt": 14} | {
    "again": 3,
    "restart": 1,
    "anew": 0.4,
    "exchange": 1,
    "line": 1,
    "quiet": 0.4,
    "stocktake": 0.5,
}


class Told(Story):
    """What a side could say next of an operation as it sees it."""

    def __init__(self, seen: Operation) -> None:
        super().__init__()
        self._seen = seen
        self.lots = sum(c.dispatched > 0 for c in seen.consignments.values())

    @property
    def operation(self) -> Operation:
        return self._seen


class View(NamedTuple):
    """A case as one side holds it, folded, and the steps that it could take."""

    found: Dossier
    operation: Operation
    verbs: tuple[str, ...]

    def mark(self) -> tuple[Any, ...]:
        """What both sides have to agree on."""
        o = self.operation
        return o.decided, o.state, o.terms, o.due, o.counters, o.consignments, o.proposals, o.disputes


class World:
    """Some nodes, what is on its way between them, and where the goods are."""

    there, length = {KEY: HERE}, STEPS_A_WORLD

    def __init__(self, folder: Path, seed: int, counts: Counter[str]) -> None:
        self.random, self.steps, self.cut, self.folder, self.counts = Random(seed), 0, "", folder, counts
        self.keen = self.random.random() < 0.7  # in most worlds operations get somewhere, in the others they fail early
        names = NAMES[: self.random.randint(2, len(NAMES))]
        self.sides = {name: Side(folder, name, self) for name in names}  # type: ignore[arg-type]
        self.stock = {name: Stock({KEY: HERE}, NEVER) for name in names}
        for name, side in self.sides.items():
            side.casework.bound = partial(self._stock, name)  # type: ignore[assignment]
        self.views: dict[str, dict[str, View]] = {name: {} for name in names}
        self.ledgers: defaultdict[str, Ledger] = defaultdict(Ledger)
        self.signed: defaultdict[str, set[str]] = defaultdict(set)
        self.taken: defaultdict[str, set[str]] = defaultdict(set)
        self.receipts: list[tuple[str, str, bytes]] = []
        self.sent: list[tuple[str, str, bytes, bytes]] = []

    def now(self) -> int:
        """A second a step."""
        return 1_790_000_000 + self.steps

    def _stock(self, name: str, tx: Any) -> Stock:
        return self.stock[name]

    def close(self) -> None:
        """Close every database."""
        for side in self.sides.values():
            at_once(side.engine.close())

    def step(self) -> list[str]:
        """One step; what it broke."""
        self.steps += 1
        name = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        found: list[str] = []
        try:
            found = getattr(self, f"_{name}")() or []
            self.counts[name] += 1
        except (Refusal, ProtocolError) as refused:
            self.counts[f"{name}: {refused.code}"] += 1
        return [*found, *self.broken()]

    def broken(self) -> list[str]:
        """Sums over what there is. Goods may overtake their paper, so that counts are judged at rest."""
        said: Counter[str] = Counter()
        believed: Counter[str] = Counter()
        for name, views in self.views.items():
            for view in views.values():
                row = view.found.case
                if row.supplier == name:
                    claimed = claim(view.operation, self.stock[name].counted, self.now())
                    said[name] += claimed.whole.get(KEY, Decimal(0))  # type: ignore[assignment]
                elif view.operation.decided in BINDING and not any(e.verb in LETS_GO for e in view.operation.proposals):
                    believed[row.supplier] += owed(view.operation, self.now()).get(KEY, Decimal(0))  # type: ignore[assignment]
        most = {n: self.stock[n].here[KEY] + self._spoiled(n) for n in self.sides}
        found = [f"{n} promised {q} of {most[n]}" for n, q in said.items() if q > most[n]]
        found += [f"the store of {n} holds {q}" for n in self.sides if (q := self._content(n)) < -self._spoiled(n)]
        return found + [f"of {n} {q} are believed, of {HERE}" for n, q in believed.items() if q > HERE]

    def _supplied(self, name: str) -> list[Ledger]:
        return [self.ledgers[case] for case, view in self.views[name].items() if view.found.case.supplier == name]

    def _content(self, name: str) -> Decimal:
        """What really lies in a store."""
        return HERE + sum(ledger.at["store"] for ledger in self._supplied(name))

    def _spoiled(self, name: str) -> int:
        """What was refused, and came home broken or not at all: owed still, and not there any more."""
        return sum(ledger.spoiled for ledger in self._supplied(name))

    def _stocktake(self) -> None:
        """A supplier counts what lies in its store."""
        name = self.random.choice(list(self.sides))
        self.stock[name] = Stock({KEY: self._content(name)}, Counts({KEY: self.now()}, {KEY: self.now()}))

    def differing(self) -> list[str]:
        """What is wrong once everything was exchanged."""
        self.cut = ""
        for _ in range(2):
            for one in self.sides:
                for other in self.sides:
                    self._bring(one, other)
        found = []
        for name, views in self.views.items():
            held = self.sides[name].read(lambda tx, v=views: {m.link.hash for c in v for m in tx.cases.messages(c)})
            found += [f"{name} lost {h}" for h in (self.signed[name] | self.taken[name]) - held]
            for case, view in views.items():
                other = self.views[view.found.other(name)].get(case)
                if other is None:
                    found.append(f"{case}: only {name} has it")
                elif view.mark() != other.mark():
                    found.append(f"{case}: {view.operation.state} and {other.operation.state}, or not the same counts")
                counters = view.operation.counters.get(KEY)
                if counters and (wrong := self.ledgers[case].differs(counters)):
                    found.append(f"{case} at {name}: {wrong}")
        return found

    def _quiet(self) -> list[str]:
        return self.differing()

    def _look(self, name: str, case: str) -> None:
        """Read a case again, after it was written to."""

        def work(tx: Any) -> Dossier | None:
            row = tx.cases.get(case)
            return dossier.read(tx, row) if row else None

        found = self.sides[name].read(work)
        if found is not None:
            seen, side = found.operation(), found.side(name)
            story = Told(seen)
            verbs = [s.verb for s in STEPS if not fits(s.verb, side, seen.state) and story.ready(s)]
            self.views[name][case] = View(found, seen, tuple(verbs))

    def _open(self) -> None:
        name, to = self.random.sample(list(self.sides), 2)
        if (
            len({c for views in self.views.values() for c, v in views.items() if v.operation.state not in ENDED})
            < CASES
        ):
            verb = self.random.choice(("request", "request", "notify"))
            fields = {"lines": [_line(self.random.randint(4, 12))]}
            sent = at_once(self.sides[name].casework.open(to, {"step": verb, **fields}))
            self._said(name, sent, verb, fields)

    def _say(self) -> None:
        """A step for which there are goods; seldom taken ones first, and those that end a case last."""
        talk = self.random.random() < 0.05
        choices = [
            (n, v, verb)
            for n, views in self.views.items()
            for v in views.values()
            for verb in v.verbs
            if talk or verb not in TALK
        ]
        if not choices:
            return
        weights = [self._weight(verb) for _, _, verb in choices]
        name, view, verb = self.random.choices(choices, weights)[0]
        side, case = view.found.side(name), view.found.case.id
        fields = self._fields(view, name, verb)
        why = guards.objections(view.operation, verb, steps.body_of(verb, fields), self.sides[name].clock.now())
        if why:
            raise Refusal(why[0].code, "", "")
        if not self.ledgers[case].allows(side, verb, fields):
            self.counts["say: the goods are elsewhere"] += 1
            return
        sent = at_once(self.sides[name].casework.send(case, {"step": verb, **fields}))
        self._said(name, sent, verb, fields)

    def _said(self, name: str, sent: Any, verb: str, fields: dict[str, Any]) -> None:
        self._look(name, sent.case)
        self.signed[name].add(sent.link.hash)
        side = self.views[name][sent.case].found.side(name)
        self.ledgers[sent.case].tell(side, verb, fields, sent.link.hash)
        self.counts[f"said {verb}"] += 1

    def _weight(self, verb: str) -> float:
        ends = BY_VERB[verb].leads_to in ENDED or verb in ("cancel", "reject", "close-proposed")
        last = 0.05 if self.steps > STEPS_A_WORLD / 2 else 0.005
        keen = 20.0 if self.keen and verb in ONWARD else 1.0
        return keen * (last if ends else 0.1 if verb in FREE else 1.0) / (5 + self.counts[f"said {verb}"]) ** 1.5

    def _fields(self, view: View, name: str, verb: str) -> dict[str, Any]:
        """What a step says: part of the goods that its writer sees, or all of them."""
        seen, draw = view.operation, self.random
        fields = Told(seen).fields(verb)
        if verb in ("request", "offer", "standby", "amend", "damaged"):
            fields["lines"] = [_line(1 if verb == "damaged" else draw.randint(4, 12))]
        elif "lines" in fields and verb not in CONCLUDED and draw.random() < 0.5:
            fields["lines"] = [_line(draw.randint(1, max(1, pieces(x["qty"])))) for x in fields["lines"]]
        if verb in ("offer", "standby"):
            fields["terms"] = [draw.choice(("loan", "loan", "loan", "donation"))]
            fields["hold_until"] = self.sides[name].clock.now() + 60
        if verb == "accept":
            fields["terms"] = next(x.body.terms[0] for x in reversed(seen.events) if x.verb == "offer")
        if verb == "confirm":
            accepted = next(x.body for x in seen.proposals if x.verb == "accept")
            fields |= {"terms": accepted.terms, "due": accepted.due}
        if verb == "returned" and "at-border" not in {c.stand for c in seen.consignments.values()}:
            fields["consignment"] = f"back{len(seen.events)}"
        for count in fields.get("counts", ()):
            there = pieces(count["good"])
            whole = draw.randint(1, there) if draw.random() < 0.4 else there
            damaged, short = (draw.randint(0, whole // 4) for _ in range(2))
            count |= {"good": _pair(whole - damaged - short), "damaged": _pair(damaged), "short": _pair(short)}
            count |= {"over": _pair(1)} if verb == "received" and draw.random() < 0.1 else {}
        if verb == "not-agreed" and seen.proposals:
            fields["of"] = draw.choice(seen.proposals).hash
        return self._correction(view, name) if verb == "correct" else fields

    def _correction(self, view: View, name: str) -> dict[str, Any]:
        """An own count once more: one piece of it was not good after all; or a place, where nothing was counted."""
        own = [e for e in view.operation.events if e.side == view.found.side(name)]
        counted = self.ledgers[view.found.case.id].counted
        mine = [e.hash for e in own if e.verb == "received" and counted[e.hash][0]]
        if not mine:
            raise Refusal("nothing-to-correct", "", "")
        good, damaged = counted[mine[-1]]
        body = next(e.body for e in own if e.hash == mine[-1])
        kept = {x: getattr(body.counts[0], x) for x in ("short", "over")}
        count = {"item": ITEM, "unit": UNIT, "good": _pair(good - 1), "damaged": _pair(damaged + 1), **kept}
        return {"of": mine[-1], "counts": [count]}

    def _odd(self) -> list[str]:
        """Any step of any case, where the table has no arrow: it has to be refused."""
        everywhere = [(n, v) for n, views in self.views.items() for v in views.values()]
        if not everywhere:
            return []
        (name, view), verb = self.random.choice(everywhere), self.random.choice(STEPS).verb
        side, waiting = view.found.side(name), {e.verb for e in view.operation.proposals}
        unasked = BY_VERB[verb].answers and not BY_VERB[verb].answers & waiting
        if may(verb, side, view.operation.decided) or unasked:
            at_once(self.sides[name].casework.send(view.found.case.id, {"step": verb}))
            return [f"{name} took {verb} of {view.found.case.id}, {view.operation.state}"]
        return []

    def _deliver(self) -> None:
        """Any message that waits, first or not; it stays in the outbox until its receipt comes."""
        everybody = {n: s.read(lambda tx: tx.cases.outbox()) for n, s in self.sides.items() if n != self.cut}
        waiting = [(n, o) for n, box in everybody.items() for o in box if o.recipient != self.cut]
        if waiting:
            name, one = self.random.choice(waiting)
            if self.random.random() < 0.7:
                one = next(o for n, o in waiting if (n, o.case) == (name, one.case))
            held = self.sides[name].read(lambda tx: [m for m in tx.cases.messages(one.case) if m.link == one.link])
            self._take(name, one.recipient, pack(held[0].raw), one.case, one.link.hash)

    def _take(self, sender: str, recipient: str, body: bytes, case: str, hash_: str) -> None:
        receipt = at_once(self.sides[recipient].casework.take(sender, body))
        self.taken[recipient].add(hash_)
        self._look(recipient, case)
        self.sent = [*self.sent[-60:], (sender, recipient, body, receipt)]
        if self.random.random() < 0.8:
            self.receipts.append((recipient, sender, receipt))

    def _receipt(self) -> None:
        there = [one for one in self.receipts if self.cut not in one]
        if there:
            sender, recipient, raw = one = self.random.choice(there)
            if self.random.random() < 0.9:  # else it comes once more
                self.receipts.remove(one)
            at_once(self.sides[recipient].casework.take_receipt(sender, raw))
            self._look(recipient, messages.parse_receipt(raw).case)

    def _again(self) -> list[str]:
        """Something old arrives once more: the same receipt, or a refusal."""
        old = [one for one in self.sent if self.cut not in one[:2]]
        if old:
            sender, recipient, body, receipt = self.random.choice(old)
            if at_once(self.sides[recipient].casework.take(sender, body)) != receipt:
                return ["a repeated message got another receipt"]
        return []

    def _line(self) -> None:
        """One node is cut off, or all can be reached."""
        self.cut = self.random.choice(("", "", *self.sides))

    def _restart(self) -> list[str]:
        """A node ends and begins with what its database holds; it sees the same as before."""
        name = self.random.choice(list(self.sides))
        side, before = self.sides[name], dict(self.views[name])
        at_once(side.engine.close())
        side.engine = SqliteEngine(self.folder / f"{name}.db", threads=False)
        for case in before:
            self._look(name, case)
        return [] if before == self.views[name] else [f"{name} sees something else after its restart"]

    def _anew(self) -> None:
        self.sides[self.random.choice(list(self.sides))].start_number += 1

    def _exchange(self) -> None:
        one, other = self.random.sample(list(self.sides), 2)
        if self.cut not in (one, other):
            self._bring(one, other)
            self._bring(other, one)

    def _bring(self, sender: str, recipient: str) -> None:
        """One side hands out all that it wrote, as after a doubtful start."""
        side = self.sides[sender]
        for case, view in list(self.views[sender].items()):
            if view.found.other(sender) != recipient:
                continue
            mine = side.read(lambda tx, c=case: [m for m in tx.cases.messages(c) if m.writer == sender])
            for stored in sorted(mine, key=lambda m: (m.link.start, m.link.n)):
                try:
                    receipt = at_once(self.sides[recipient].casework.take(sender, pack(stored.raw), True))
                    at_once(side.casework.take(recipient, b"".join(bundle.pieces([Entry("receipt", receipt)]))))
                except ProtocolError as refused:
                    self.counts[f"bring: {refused.code}"] += 1
            self._look(recipient, case)
            self._look(sender, case)


def _line(quantity: int) -> dict[str, Any]:
    return line(Decimal(quantity))


def _pair(quantity: int) -> tuple[int, int]:
    return decimal_pair(Decimal(quantity))


def walk(count: int, seed: int = 1, stop_at: int = 1) -> Outcome:
    """So many steps of this module's worlds."""
    return walk_worlds(World, count, seed, stop_at)


if __name__ == "__main__":
    sys.exit(print_walk("walk", walk))
