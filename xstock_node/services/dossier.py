"""A case as it stands in storage: both chains, the state they give, and what the supplier has promised in it.

Pure over stored messages; who reads it decides nothing.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from xstock_node.domain import operation, steps
from xstock_node.domain.commitments import Claim, Counts, claim
from xstock_node.domain.operation import Event, Operation
from xstock_node.domain.operations import Side, State, fold
from xstock_node.protocol import messages
from xstock_node.protocol.messages import NOTHING, Link, Message
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import StoredCase, StoredMessage


class Entry(NamedTuple):
    """A message that counts, parsed, and whether its recipient's receipt is stored."""

    message: Message
    receipted: bool

    @property
    def verb(self) -> str:
        """The step."""
        return self.message.step.step


class Dossier(NamedTuple):
    """One case. Chains hold only what counts, in the writers' order."""

    case: StoredCase
    requester: tuple[Entry, ...]
    supplier: tuple[Entry, ...]

    def chain(self, writer: str) -> tuple[Entry, ...]:
        """The messages of one party."""
        return self.supplier if writer == self.case.supplier else self.requester

    def links(self, writer: str) -> list[Link]:
        """The places of one party's messages."""
        return [entry.message.link for entry in self.chain(writer)]

    def last(self, writer: str) -> Link:
        """The last of one party's messages."""
        return self.links(writer)[-1] if self.chain(writer) else NOTHING

    def side(self, name: str) -> Side:
        """Which side a party is."""
        return "supplier" if name == self.case.supplier else "requester"

    def other(self, name: str) -> str:
        """The other party."""
        return self.case.requester if name == self.case.supplier else self.case.supplier

    def events(self) -> list[Event]:
        """Both chains as the domain folds them."""
        return [*_events("requester", self.requester), *_events("supplier", self.supplier)]

    def operation(self) -> Operation:
        """The operation as people see it."""
        return operation.read(self.events())

    def state(self, seen: Link | None = None, heard: Link | None = None) -> State | None:
        """The state by the supplier's chain, or by as much of it as `seen` covers (xs1 16.10).

        `heard` is what the supplier had of the requester's chain, where a step of the supplier is judged.
        """
        decided = [e for e in self.supplier if seen is None or e.message.link.n <= seen.n]
        asked = [e for e in self.requester if heard is None or e.message.link.n <= heard.n]
        return fold(((e.message.link.n, e.verb) for e in asked), ((e.message.seen.n, e.verb) for e in decided))

    def answered(self, verbs: Iterable[str], seen: Link) -> bool:
        """Whether one of these proposals stands in the requester's chain, was seen, and not answered before."""
        wanted = set(verbs)
        return any(e.verb in wanted and e.n <= seen.n for e in operation.standing(self.events()))

    def claim(self, counts: Counts, now: int, drafted: dict[str, Any] | None = None) -> Claim:
        """What the supplier's store is claimed for, or would be with one step more that the supplier has `drafted`."""
        events = self.events()
        if drafted is not None:
            verb, own, other = str(drafted["step"]), self.last(self.case.supplier), self.last(self.case.requester)
            body = steps.body_of(verb, drafted)
            events.append(Event("supplier", verb, body, own.n + 1, other.n, now, "", receipted=False))
        return claim(operation.read(events), counts, now)


def read(tx: Transaction, case: StoredCase) -> Dossier:
    """A case with its messages."""
    found = [m for m in tx.cases.messages(case.id) if not m.void]
    return Dossier(case, _entries(found, case.requester), _entries(found, case.supplier))


def lines_of(body: dict[str, Any]) -> dict[tuple[str, str], Decimal]:
    """The lines of a step: quantity by item and unit; lines that say nothing usable are left out."""
    found: dict[tuple[str, str], Decimal] = {}
    for line in body.get("lines", ()) if isinstance(body.get("lines"), list) else ():
        if not isinstance(line, dict):
            continue
        item, unit, quantity = line.get("item"), line.get("unit"), _pair(line.get("qty"))
        if isinstance(item, str) and isinstance(unit, str) and quantity is not None:
            found[item, unit] = found.get((item, unit), Decimal(0)) + quantity
    return found


def _pair(value: object) -> Decimal | None:
    if not isinstance(value, list) or len(value) != 2 or not all(type(part) is int for part in value):
        return None
    return Decimal(value[0]).scaleb(value[1]) if abs(value[1]) <= 9 else None


def _entries(found: Iterable[StoredMessage], writer: str) -> tuple[Entry, ...]:
    mine = sorted((m for m in found if m.writer == writer), key=lambda m: m.link.n)
    return tuple(Entry(messages.parse(m.raw), bool(m.receipt)) for m in mine)


def _events(side: Side, entries: Iterable[Entry]) -> Iterator[Event]:
    for entry in entries:
        m = entry.message
        body = steps.body_of(entry.verb, m.body)
        yield Event(side, entry.verb, body, m.link.n, m.seen.n, m.time, m.link.hash, entry.receipted)
