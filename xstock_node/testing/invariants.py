"""What must hold in every world, as a registry: a label, when it is checked, the faults without which it shows nothing.

To add one, write a coroutine of a `World` that calls `world.violated(label, what)`, and put `@invariant(...)` on it.
I4 and I5 (promises, the table's arrows), I6 (revoked keys) and I7 (audiences) have their place at the end of the file.
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from xstock_node.protocol import heads as protocol_heads
from xstock_node.protocol import limits, merkle
from xstock_node.protocol.frames import is_hash_line, leaf_of
from xstock_node.protocol.names import LogName
from xstock_node.storage.interfaces import LogState, Transaction
from xstock_node.testing import inside
from xstock_node.testing.ledger import folded
from xstock_node.testing.process import Process
from xstock_node.testing.simnet import LOG
from xstock_node.testing.world import World

START_SECONDS = 15.0
ANSWER_WITHIN = 2.0
TASKS_A_PEER = 12
SEARCH_EVERY = 4  # steps: searching everything is the dearest check
TASKS_AT_ONCE = 2 * limits.GOSSIP_NOTES
REFUSALS_AT_ONCE = limits.REFUSALS_BURST + 4 * limits.GOSSIP_NOTES  # what a few requests may hold
BYTES_OF_A_DATABASE = 2 * limits.MIB
BYTES_A_BYTE = 40
Check = Callable[[World], Awaitable[None]]
INVARIANTS: list["Invariant"] = []


class Invariant(NamedTuple):
    """`when` is "step" (every half minute of a storm and at quiet) or "quiet"; `needs` are kinds of fault."""

    label: str
    when: str
    needs: tuple[str, ...]
    check: Check


def invariant(label: str, when: str, *needs: str) -> Callable[[Check], Check]:
    """Put a check into the registry."""

    def put(check: Check) -> Check:
        INVARIANTS.append(Invariant(label, when, needs, check))
        return check

    return put


async def check(world: World, when: str) -> None:
    """Run every check of this moment."""
    for one in INVARIANTS:
        if one.when == when:
            await one.check(world)


def unproved(seen: dict[str, int]) -> list[str]:
    """Invariants whose faults did not occur, so that holding shows nothing."""
    return [f"{one.label} was not tried: no {kind}" for one in INVARIANTS for kind in one.needs if not seen.get(kind)]


@invariant("I1", "quiet", "crash", "restore", "lost disk", "full disk", "restart")
async def nothing_acknowledged_is_lost(world: World) -> None:
    """Every owed record is in its log on every node, or something newer about the same offer is."""
    for process in _running(world):
        for name in world.names:
            log = LogName(name, LOG)
            held = await _lines(process, log)
            for entry in [*world.ledger.missing(log, held), *world.ledger.stale(log, held)]:
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
    for process in _running(world):
        for state in await process.engine.read(inside.states):
            log = state.log.epoch(state.epoch)
            if log in world.history.forks:
                continue
            true = world.history.leaves.get(log, [])
            held = await _lines(process, state.log)
            if [leaf_of(line) for line in held] != true[: len(held)]:
                world.violated("I2", f"{process.name} holds records of {state.log}/{state.epoch} that were not signed")
    for log, why in world.history.known_forks().items():
        if log.name not in world.forks_shown:
            world.violated("I2", f"two histories of {log}, and nobody shows it: {why}")


@invariant("I3", "quiet", "halves", "ring", "swizzle", "loss", "liar: # for records", "liar: old heads")
async def all_hold_the_same(world: World) -> None:
    """Same digest, same records, nothing aside, nothing frozen, nobody halted."""
    contents: dict[str, str] = {}
    for process in _running(world):
        node = process.node
        contents[process.name] = await process.engine.read(_contents)
        if asides := await due_back(world, process):
            world.violated("I3", f"{process.name} still keeps aside {asides}")
        if frozen := inside.frozen(node):
            world.violated("I3", f"{process.name} still holds frozen {sorted(map(str, frozen))}")
        if why := inside.halted(node):
            world.violated("I3", f"{process.name} is halted: {why}")
    if len({inside.digest(process.node) for process in _running(world)}) > 1:
        world.violated("I3", "digests differ")
    if len(set(contents.values())) > 1:
        world.violated("I3", f"records differ: {contents}")


async def due_back(world: World, process: Process) -> list[str]:
    """What a node keeps aside for origins that could have fetched it."""
    asides = await process.engine.read(inside.asides)
    due = [aside for aside in asides if world.can_hand_back(process.name, aside.log.node)]
    return [f"{aside.log}/{aside.epoch} {aside.start}-{aside.size}" for aside in due]


def _contents(tx: Transaction) -> str:
    found = [(str(state.log), inside.lines(tx, state.log)) for state in inside.states(tx)]
    hidden = sum(is_hash_line(line) for _, lines in found for line in lines)
    return f"{merkle.leaf_hash(repr(found).encode()).hex()[:16]} with {hidden} hashes for records"


@invariant("I8", "quiet", "crash", "restart", "undialable", "slow peer")
async def a_started_node_answers_soon(world: World) -> None:
    """Every start of the storm was over in bounded time, and every node answers now."""
    for name, seconds in world.starts:
        if seconds > START_SECONDS:
            world.violated("I8", f"{name} took {seconds:.1f} s to start")
    world.starts.clear()
    for name in world.names:
        if name not in world.processes:
            world.violated("I8", f"{name} does not run: {world.failed_starts[-3:]}")
        elif (waited := await world.ask(name)) is None or waited > ANSWER_WITHIN:
            world.violated("I8", f"{name} answers after {waited} s")


@invariant("I9", "step", "flood of requests", "bomb")
async def work_for_a_peer_is_bounded(world: World) -> None:
    """Tasks, books, refusals and requests a peer stay within what the limits allow."""
    for process in world.all_processes():
        seconds = world.now() - process.began
        if process.most_tasks > TASKS_AT_ONCE + TASKS_A_PEER * len(world.names):
            world.violated("I9", f"{process.name} ran {process.most_tasks} tasks at once")
        for book, size in inside.books(process.node).items():
            if size > 20 + 4 * len(world.names) + 2 * limits.ASIDES_TOLD:
                world.violated("I9", f"{process.name} remembers {size} {book} of one peer")
        for name, refused in process.refusals().items():
            if refused > REFUSALS_AT_ONCE + limits.REFUSALS_A_SECOND * seconds:
                world.violated("I9", f"{process.name} looked at {refused} bad things of {name} in {seconds:.0f} s")
        for name, count in process.requests.items():
            if count > 2 * (limits.REQUESTS_BURST + limits.REQUESTS_A_SECOND * seconds):
                world.violated("I9", f"{process.name} answered {count} requests of {name} in {seconds:.0f} s")


@invariant("I9", "quiet", "flood of records")
async def disks_and_logs_grow_within_limits(world: World) -> None:
    """No replica gained more records than a log may gain, no database is much larger than its records."""
    for process in _running(world):
        size = await process.engine.read(_bytes_of_records)
        if process.engine.size() > BYTES_OF_A_DATABASE + BYTES_A_BYTE * size:
            world.violated("I9", f"{process.name} takes {process.engine.size()} bytes for records of {size}")
        for state in await process.engine.read(inside.states):
            _check_growth(world, process, state)


def _check_growth(world: World, process: Process, state: LogState) -> None:
    if state.log.node == process.name or not state.head:
        return
    head = protocol_heads.parse(state.head)[0]
    if head.size - state.first_size > inside.allowed_growth(state, head):
        grown = head.size - state.first_size
        world.violated("I9", f"{process.name} took {grown} records of {state.log}, over the quota")


def _bytes_of_records(tx: Transaction) -> int:
    return sum(len(line) for state in inside.states(tx) for line in inside.every_line(tx, state.log))


@invariant("I10", "step", "clock forward", "clock back")
async def no_expired_offer_is_shown_as_current(world: World) -> None:
    """One node at a time, now and then: what its search shows as current has a lease in force by its own clock."""
    running = _running(world)
    turn = int(world.now() // 30)
    if running and turn % SEARCH_EVERY == 0:
        await _check_search(world, running[turn // SEARCH_EVERY % len(running)])


@invariant("I10", "quiet", "clock forward", "clock back")
async def search_shows_what_the_logs_say(world: World) -> None:
    """Every node."""
    for process in _running(world):
        await _check_search(world, process)


async def _check_search(world: World, process: Process) -> None:
    now = process.clock.now()
    true: dict[tuple[str, str], int] = {}
    doubtful: set[tuple[str, str]] = set()
    for state in await process.engine.read(inside.states):
        lines = await _lines(process, state.log)
        true |= {(state.log.node, key): until for key, (_, until) in folded(lines).items()}
        doubtful |= {
            (state.log.node, key) for key in folded([line for line in lines if line in world.history.doubtful])
        }
    hits = {(hit.node, hit.id): hit for hit in await inside.found(process.node)}
    for key, hit in hits.items():
        if key in doubtful:
            continue
        until = true.get(key)
        if until is None:
            world.violated("I10", f"{process.name} shows {key}, which its logs do not say")
        elif until <= now and not hit.expired:
            world.violated("I10", f"{process.name} shows {key} as current, expired {now - until} s ago")
    missed = [key for key, until in true.items() if until > now and key not in hits and key not in doubtful]
    if missed:
        world.violated("I10", f"{process.name} does not show {missed[:3]}, which its logs say")


async def _lines(process: Process, log: LogName) -> list[bytes]:
    return await process.engine.read(lambda tx: inside.lines(tx, log))


def _running(world: World) -> list[Process]:
    return [process for _, process in sorted(world.processes.items())]


# I4 (promised never exceeds available), I5 (only the table's arrows): here, once operations exist.
# I6 (nothing of a revoked key is applied): here, once keys can be revoked.
# I7 (nothing leaves its audience): here, once logs have audiences.
LATER = ("I4", "I5", "I6", "I7")
