"""I8 to I10: a start answers soon, work for a peer is bounded, and no expired offer is shown as current."""

from xstock_node.protocol import heads as protocol_heads
from xstock_node.protocol import limits
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import LogState
from xstock_node.testing import inside
from xstock_node.testing.invariants.registry import invariant, lines_of, running
from xstock_node.testing.ledger import folded
from xstock_node.testing.process import Process
from xstock_node.testing.world import World

START_SECONDS = 15.0
ANSWER_WITHIN = 2.0
TASKS_A_PEER = 12
SEARCH_EVERY = 4  # steps: searching everything is the dearest check
TASKS_AT_ONCE = 2 * limits.GOSSIP_NOTES
REFUSALS_AT_ONCE = limits.REFUSALS_BURST + 4 * limits.GOSSIP_NOTES  # what a few requests may hold
BYTES_OF_A_DATABASE = 2 * limits.MIB
BYTES_A_BYTE = 40


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
    for process in running(world):
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
    nodes, turn = running(world), int(world.now() // 30)
    if nodes and turn % SEARCH_EVERY == 0:
        await _check_search(world, nodes[turn // SEARCH_EVERY % len(nodes)])


@invariant("I10", "quiet", "clock forward", "clock back")
async def search_shows_what_the_logs_say(world: World) -> None:
    """Every node."""
    for process in running(world):
        await _check_search(world, process)


async def _check_search(world: World, process: Process) -> None:
    now = process.clock.now()
    true: dict[tuple[str, str], int] = {}
    doubtful: set[tuple[str, str]] = set()
    for state in await process.engine.read(inside.states):
        lines = await lines_of(process, state.log)
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
