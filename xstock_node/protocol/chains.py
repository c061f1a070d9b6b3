"""One writer's chain of messages in a case, as the other side holds it.

- counters go from 1 without gaps; the same text again is answered by the same receipt (xs1 16.4, 16.5);
- the same (start, n) with another text is a fork of its writer (xs1 16.6);
- a newer start continues the chain where it links to it; what it does not link to counts no longer (xs1 16.7);
- a message of an older start counts only while the newer chain links to it.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from xstock_node.protocol.errors import Fork, Gap
from xstock_node.protocol.messages import NOTHING, Link, Message

Verdict = Literal["next", "repeated"]


class Placed(NamedTuple):
    """What becomes of a message: the next of its chain, or one held already; `void` are the links that it cuts off."""

    verdict: Verdict
    void: tuple[Link, ...] = ()


def place(chain: Sequence[Link], message: Message) -> Placed:
    """Where `message` belongs in its writer's `chain`, or `Gap` or `Fork`."""
    link, last = message.link, chain[-1] if chain else NOTHING
    for held in chain:
        if (held.start, held.n) == (link.start, link.n):
            if held.hash == link.hash:
                return Placed("repeated")
            raise Fork(f"one text for message {link.n} of start {link.start}", "another", "both are kept as evidence")
    if link.start < last.start:
        do = "send what links to it"
        raise Gap(f"messages of start {last.start}, {last.n} held", f"start {link.start}", do, held=last.n)
    if link.start == last.start or not chain:
        if (link.n, message.previous) != (last.n + 1, last.hash):
            came = f"{link.n} after {message.previous[:16] or '-'}"
            raise Gap(f"message {last.n + 1} after {last.hash[:16] or '-'}", came, held=last.n)
        return Placed("next")
    return Placed("next", _cut_off(chain, message))


def _cut_off(chain: Sequence[Link], message: Message) -> tuple[Link, ...]:
    """What a newer start does not link to."""
    if message.link.n == 1:
        return tuple(chain)
    for index, held in enumerate(chain):
        if (held.n, held.hash) == (message.link.n - 1, message.previous):
            return tuple(chain[index + 1 :])
    came = f"{message.link.n} after {message.previous[:16]}"
    raise Gap(f"a message that links to one of {len(chain)} held", came, held=chain[-1].n)
