"""What was really promised in a simulated world: every message of a case as it was signed, stored and receipted.

- a confirmation binds from the moment in which its requester stored it, whatever becomes of either disk (xs1 16.11);
- it ends when the requester stored the supplier's cancel, or the supplier concluded the close;
- what all of a supplier's bindings sum to never exceeds the one store that each node of a world lends from;
- nobody takes a message signed with a key that it knows to be withdrawn (xs1 12.5).
"""

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from xstock_node.domain.operations import BY_VERB
from xstock_node.protocol import messages
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.messages import MESSAGE, RECEIPT, Message
from xstock_node.services.dossier import lines_of
from xstock_node.testing import inside
from xstock_node.testing.process import Process

Report = Callable[[str, str], None]
STORE = 100
KEY = ("HSHEBLANPHT1", "H87")
FREES = frozenset({"cancelled", "cancel-own"})


class Binding(NamedTuple):
    """What a supplier owes in one case, by which of its processes, and how much."""

    supplier: str
    process: int
    quantity: Decimal


class Letters:
    """The truth about the cases of a world. `lived` says when a process began and ended."""

    def __init__(self, report: Report, lived: Callable[[int], tuple[float, float]]) -> None:
        self._report, self._lived = report, lived
        self.bound: dict[str, Binding] = {}
        self.confirmed = self.twice = 0
        self._keys: defaultdict[str, set[bytes]] = defaultdict(set)
        self._signed: dict[str, tuple[Message, int]] = {}
        self._ended: set[str] = set()
        self._offered: dict[str, Decimal] = {}

    def signed(self, process: Process, raw: bytes) -> None:
        """A process signed a message, perhaps once more under a newer key."""
        if raw.startswith(f"{MESSAGE}\n".encode()):
            self._keys[messages.parse(raw).link.hash].add(process.key)

    def stored(self, process: Process, raw: bytes) -> None:
        """A process signed this text and made durable what it says."""
        kind = raw.partition(b"\n")[0].decode("ascii", "replace")
        try:
            if kind == MESSAGE:
                self._sent(process, messages.parse(raw))
            elif kind == RECEIPT:
                self._taken(process, messages.parse_receipt(raw).of.hash)
        except ProtocolError as error:
            self._report("I5", f"{process.name} signed what nobody can read: {error}")

    def _sent(self, process: Process, message: Message) -> None:
        self._signed[message.link.hash] = message, process.number
        verb = message.step.step
        if verb == "offer":
            self._offered[message.case] = lines_of(message.body).get(KEY, Decimal(0))
        if verb == "close":
            self._end(message.case)

    def _taken(self, process: Process, digest: str) -> None:
        if digest not in self._signed:
            self._report("I6", f"{process.name} took a message that its sender never stored")
            return
        message, number = self._signed[digest]
        if not self._keys[digest] & set(inside.keys_of(process.node, message.sender)):
            self._report("I6", f"{process.name} took a message of {message.sender} by a key that is withdrawn")
        verb = message.step.step
        if verb in FREES:
            self._end(message.case)
        if verb == "confirm" and message.case not in self._ended:  # a restored requester takes it once more
            self.confirmed += 1
            quantity = self._offered.get(message.case, Decimal(0))
            self.bound[message.case] = Binding(message.sender, number, quantity)
            self._sum_up(message.sender)

    def _end(self, case: str) -> None:
        self._ended.add(case)
        self.bound.pop(case, None)

    def _sum_up(self, supplier: str) -> None:
        owed = [binding for binding in self.bound.values() if binding.supplier == supplier]
        total = sum((binding.quantity for binding in owed), Decimal(0))
        if total <= STORE:
            return
        if self._ran_together({binding.process for binding in owed}):
            self.twice += 1  # two with one key, cut off from each other: nobody can prevent it, everybody is told
            return
        self._report("I4", f"{supplier} owes {total} of {STORE}")

    def _ran_together(self, numbers: set[int]) -> bool:
        lives = sorted(self._lived(number) for number in numbers)
        return any(later[0] < earlier[1] for earlier, later in pairwise(lives))


def chains_hold(case: str, requester: list[Message], supplier: list[Message]) -> str:
    """Empty where every step of both chains was one of the table's in the state that its writer knew, else which not.

    An own walk over what the table decides, beside the fold that the services use (xs1 16.13).
    """
    state = None
    for index, message in enumerate(supplier):
        step = BY_VERB[message.step.step]
        opened = _opened(requester, message.seen.n)
        state = opened if state in (None, "notified", "standby") and opened else state
        if step.kind == "decision" and state not in step.decided:
            return f"{case}: {step.verb} of the supplier in {state}"
        if step.answers and not any(m.step.step in step.answers and m.link.n <= message.seen.n for m in requester):
            return f"{case}: {step.verb} answers nothing"
        state = (step.decides or state) if step.kind == "decision" else state
        if message.link.n != index + 1:
            return f"{case}: a gap before {message.link.n}"
    for message in requester:
        step = BY_VERB[message.step.step]
        if step.side == "supplier":
            return f"{case}: {step.verb} of the requester"
        known = _state_at(requester, supplier, message)
        if step.kind == "proposal" and known not in step.decided:
            return f"{case}: {step.verb} of the requester in {known}"
    return ""


def answers_to_each_other(requester: list[Message], supplier: list[Message]) -> bool:
    """Whether each message saw one that is held of the other side: not so where two spoke in one name and this side
    holds what the one said, and answers to the other.
    """
    held = {message.link.hash for message in (*requester, *supplier)}
    return all(not message.seen.n or message.seen.hash in held for message in (*requester, *supplier))


def _opened(requester: list[Message], seen: int) -> str | None:
    verbs = [m.step.step for m in requester if m.link.n <= seen]
    return "requested" if "request" in verbs else "notified" if "notify" in verbs else None


def _state_at(requester: list[Message], supplier: list[Message], message: Message) -> str | None:
    """What the requester knew when it wrote a message."""
    state = _opened(requester, message.link.n)
    for decision in supplier:
        step = BY_VERB[decision.step.step]
        if decision.link.n <= message.seen.n and step.kind == "decision" and step.decides:
            state = step.decides
    return state
