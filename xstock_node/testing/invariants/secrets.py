"""I6 and I7: nothing of a withdrawn key is applied, and nothing leaves its audience.

What reaches somebody outside an audience is noticed by the world itself, at every message.
"""

from xstock_node.protocol.frames import is_hash_line
from xstock_node.protocol.names import LogName
from xstock_node.testing import inside
from xstock_node.testing.invariants.registry import invariant, lines_of, running
from xstock_node.testing.process import Process
from xstock_node.testing.world import SECRET_LOG, World


@invariant("I6", "step", "stolen key")
async def no_head_of_a_withdrawn_key_is_held(world: World) -> None:
    """Who knows that a key was stolen holds no head of a later epoch by it."""
    for process in world.all_processes():
        for name, keyring in world.keyrings.items():
            known = inside.identity_of(process.node, name) if keyring.was_stolen else None
            if known is None or not known.statement.epoch:
                continue
            for log, head in inside.heads(process.node).items():
                if log.node != name or process.name == name or head.log.epoch <= known.statement.epoch:
                    continue
                if not inside.counts_head(process.node, inside.notes(process.node)[log]):
                    world.violated("I6", f"{process.name} holds a head of {head.log} by a stolen key")


@invariant("I6", "quiet", "stolen key")
async def everybody_knows_the_newest_keys(world: World) -> None:
    """The end of a stolen key reached everybody, and no record that only the thief signed is left in a log."""
    for process in running(world):
        for why in unheard(world, process):
            world.violated("I6", why)


def unheard(world: World, process: Process) -> list[str]:
    """Newer identities that a process has not heard of."""
    return [
        f"{process.name} does not know the newest keys of {name}"
        for name, keyring in world.keyrings.items()
        if keyring.newest[1].public not in inside.keys_of(process.node, name)
    ]


@invariant("I7", "quiet", "secret", "restore", "lost disk")
async def an_audience_alone_holds_its_log(world: World) -> None:
    """Others hold no head, no record and no offer of it; its readers hold what its origin holds."""
    for process in running(world):
        if process.name not in world.readers:
            for name in world.readers:
                log = LogName(name, SECRET_LOG)
                lines = await lines_of(process, log)
                if log in inside.heads(process.node) or any(not is_hash_line(line) for line in lines):
                    world.violated("I7", f"{process.name} holds {log}")
        for why in unread(world, process):
            world.violated("I7", why)


def unread(world: World, process: Process) -> list[str]:
    """What a reader lacks of the logs of its audience."""
    found = []
    readers = sorted(world.readers) if process.name in world.readers else []
    for name in [one for one in readers if not world.any_doubled([one])]:
        log, origin = LogName(name, SECRET_LOG), world.processes.get(name)
        head = inside.heads(origin.node).get(log) if origin is not None else None
        mine = inside.heads(process.node).get(log)
        if head is not None and (mine is None or mine.root != head.root):
            found.append(f"{process.name} lacks {log} {head.size}")
    return found
