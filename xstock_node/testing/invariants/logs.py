"""I1 to I3: nothing acknowledged is lost, an index names one record, and all hold the same."""

from xstock_node.protocol import merkle
from xstock_node.protocol.frames import is_hash_line, leaf_of
from xstock_node.protocol.names import AUDIT, LogName
from xstock_node.storage.interfaces import Transaction
from xstock_node.testing import inside
from xstock_node.testing.invariants.registry import invariant, lines_of, running
from xstock_node.testing.process import Process
from xstock_node.testing.simnet import LOG
from xstock_node.testing.world import World


@invariant("I1", "quiet", "crash", "restore", "lost disk", "full disk", "restart")
async def nothing_acknowledged_is_lost(world: World) -> None:
    """Every owed record is in its log on every node, or something newer about the same offer is.

    Ended ones may be below a window that rose.
    """
    for process in running(world):
        for name in world.names:
            log = LogName(name, LOG)
            held = await lines_of(process, log)
            head = inside.heads(process.node).get(log)
            ended = world.ledger.given_up(log, held[: head.minimum], head.time) if head else set()
            lacking = [*world.ledger.missing(log, held), *world.ledger.stale(log, held)]
            for entry in (entry for entry in lacking if entry.line not in ended):
                world.violated("I1", f"{process.name} lacks a record of {name}: {entry.line.decode()[:120]}")


@invariant("I2", "step", "restore", "copied node", "liar: forged heads", "lost disk")
async def only_signed_heads_are_held(world: World) -> None:
    """Each head held was signed by its origin; logs of which two histories are known are remembered."""
    for process in world.all_processes():
        for log, raw in inside.notes(process.node).items():
            if process.seen.get(log) is not raw:
                process.seen[log] = raw
                if not world.history.head_held(process.name, raw, inside.heads(process.node)[log]):
                    world.violated("I2", f"{process.name} holds a head of {log} that was never signed")
        world.forks_shown |= inside.frozen(process.node)
        world.forks_shown |= {LogName(name, LOG) for name in process.trace.forks}
        if "another history" in inside.halted(process.node):
            world.forks_shown.add(LogName(process.name, LOG))


@invariant("I2", "quiet", "restore", "copied node")
async def an_index_names_one_record(world: World) -> None:
    """The records held are those that were signed for their epoch; a fork was shown by somebody."""
    for process in running(world):
        for state in await process.engine.read(inside.states):
            log = state.log.epoch(state.epoch)
            if log in world.history.forks:
                continue
            true = world.history.leaves.get(log, [])
            held = await lines_of(process, state.log)
            if [leaf_of(line) for line in held] != true[: len(held)]:
                world.violated("I2", f"{process.name} holds records of {state.log}/{state.epoch} that were not signed")
    for log, why in world.history.known_forks().items():
        shared = log.name.is_for_all and log.name.label != AUDIT  # of an audit log only witnesses see a part
        if shared and log.name not in world.forks_shown and not world.keyrings[log.node].was_stolen:
            world.violated("I2", f"two histories of {log}, and nobody shows it: {why}")


@invariant("I3", "quiet", "halves", "ring", "swizzle", "loss", "liar: # for records", "liar: old heads")
async def all_hold_the_same(world: World) -> None:
    """Same digest, same records, nothing aside, nothing frozen, nobody halted."""
    contents: dict[str, str] = {}
    for process in running(world):
        node = process.node
        contents[process.name] = await process.engine.read(_contents)
        if asides := await due_back(world, process):
            world.violated("I3", f"{process.name} still keeps aside {asides}")
        if frozen := inside.frozen(node):
            world.violated("I3", f"{process.name} still holds frozen {sorted(map(str, frozen))}")
        if why := inside.halted(node):
            world.violated("I3", f"{process.name} is halted: {why}")
    if len({inside.digest(process.node) for process in running(world)}) > 1:
        world.violated("I3", "digests differ")
    if len(set(contents.values())) > 1:
        world.violated("I3", f"records differ: {contents}")


async def due_back(world: World, process: Process) -> list[str]:
    """What a node keeps aside for origins that could have fetched it."""
    asides = await process.engine.read(inside.asides)
    counts = inside.counts_head
    due = [
        aside
        for aside in asides
        if world.can_hand_back(process.name, aside.log.node)
        and aside.log.is_for_all
        and not world.keyrings[aside.log.node].was_stolen
        and counts(process.node, aside.head)
    ]
    return [f"{aside.log}/{aside.epoch} {aside.start}-{aside.size}" for aside in due]


def _contents(tx: Transaction) -> str:
    shared = [state for state in inside.states(tx) if state.log.is_for_all and state.log.label != AUDIT]
    found = [(str(state.log), inside.lines(tx, state.log)) for state in shared]
    hidden = sum(is_hash_line(line) for _, lines in found for line in lines)
    return f"{merkle.leaf_hash(repr(found).encode()).hex()[:16]} with {hidden} hashes for records"
