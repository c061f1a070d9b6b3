"""I4 and I5: what is promised is there, and an operation follows only the table's arrows, at both sides the same.

What binds is counted as it happens, by `xstock_node.testing.letters`.
"""

from decimal import Decimal
from functools import partial

from xstock_node.domain.commitments import NEVER
from xstock_node.domain.sums import Sums
from xstock_node.protocol import messages
from xstock_node.protocol.messages import Message
from xstock_node.services.promises import Stock, claims
from xstock_node.storage.interfaces import Transaction
from xstock_node.testing.invariants.registry import invariant, running
from xstock_node.testing.letters import KEY, STORE, answers_to_each_other, chains_hold
from xstock_node.testing.process import Process
from xstock_node.testing.world import World

Chains = tuple[list[Message], list[Message]]


@invariant("I4", "quiet", "restore", "copied node", "lost disk", "crash", "halves", "confirmation")
async def promised_never_exceeds_the_store(world: World) -> None:
    """On each supplier's own node the open offers and confirmations of all its cases together."""
    world.effects["confirmation"] += world.history.letters.confirmed
    world.history.letters.confirmed = 0
    for process in running(world):
        total = (await process.engine.read(partial(_claimed, process))).get(KEY, Decimal(0))
        if total > STORE:
            world.violated("I4", f"{process.name} has promised {total} of {STORE}")


@invariant("I5", "quiet", "crash", "restore", "halves", "duplication", "confirmation")
async def cases_follow_the_table_at_both_sides(world: World) -> None:
    """Every step of every case is one of the table's; both sides hold the same supplier's chain."""
    held = {process.name: await process.engine.read(_cases) for process in running(world)}
    for name, cases in held.items():
        for case, (parties, (asked, decided)) in cases.items():
            doubled = world.any_doubled(parties)
            why = chains_hold(case, asked, decided)
            if why and not (doubled and not answers_to_each_other(asked, decided)):
                world.violated("I5", f"{name} holds {why}")
            if doubled:
                continue  # two spoke in one name: people have to say again what they meant
            other = next(party for party in parties if party != name)
            there = held.get(other, {}).get(case)
            if there is None:
                world.violated("I5", f"{name} holds {case} with {other}, who does not")
            elif [m.link for m in there[1][1]] != [m.link for m in decided]:
                world.violated("I5", f"{name} and {other} hold different decisions in {case}")


async def undelivered(world: World, process: Process) -> int:
    """Messages that still wait in an outbox and can be taken."""
    waiting = await process.engine.read(lambda tx: tx.cases.outbox())
    return sum(not world.any_doubled((process.name, outgoing.recipient)) for outgoing in waiting)


def _claimed(process: Process, tx: Transaction) -> Sums:
    """What a store that was never counted since is claimed for."""
    return claims(tx, ["see"], process.name, Stock({}, NEVER), process.clock.now()).whole


def _cases(tx: Transaction) -> dict[str, tuple[tuple[str, str], Chains]]:
    found = {}
    for row in tx.cases.all("see"):
        counted = [messages.parse(m.raw) for m in tx.cases.messages(row.id) if not m.void]
        asked = sorted((m for m in counted if m.sender == row.requester), key=lambda m: m.link.n)
        decided = sorted((m for m in counted if m.sender == row.supplier), key=lambda m: m.link.n)
        found[row.id] = (row.requester, row.supplier), (asked, decided)
    return found
