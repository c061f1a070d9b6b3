"""Single stories in a world with disks, lines and keys: what the storms would need luck to show plainly."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

from tests.sim.restores import world_of
from xstock_node.protocol import forks, limits, messages
from xstock_node.protocol.names import LogName
from xstock_node.testing import inside
from xstock_node.testing.clock import run_simulated
from xstock_node.testing.invariants.secrets import unheard
from xstock_node.testing.letters import KEY
from xstock_node.testing.sealing import sealed
from xstock_node.testing.simnet import LOG
from xstock_node.testing.storm import names_of
from xstock_node.testing.world import World

FIRST, SECOND, HIDDEN = names_of(3)
Story = Callable[[World], Awaitable[None]]


def tell(folder: Path, story: Story) -> None:
    """Three nodes; the third calls the others and is called by nobody."""

    async def main() -> None:
        dialled = {FIRST: [SECOND], SECOND: [FIRST], HIDDEN: [FIRST, SECOND]}
        world = World(folder, 1, dialled)
        await asyncio.gather(*(world.start(name) for name in world.names))
        try:
            await story(world)
            assert world.violations == []
        finally:
            for process in world.all_processes():
                world.kill(process)

    with sealed(1):
        run_simulated(main())


async def rotated(world: World, name: str) -> None:
    await world.stop(world.processes[name])
    await world.rotate_keys(name)
    assert await world.start(name) is not None


# xs1 10.13, 12.8
def test_who_cannot_be_dialled_introduces_itself_with_its_new_keys(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await rotated(world, HIDDEN)
        await world.until(lambda: not any(unheard(world, p) for p in world.processes.values()), 60)
        assert not any(unheard(world, process) for process in world.processes.values())
        await world.publish(world.processes[HIDDEN], world.work.offers(world.clocks[HIDDEN].now(), 1))
        assert await world.until(world.agree, 300) is not None

    tell(tmp_path, story)


# xs1 10.13
def test_an_introduction_says_nothing_of_who_is_known_and_takes_no_older_identity(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        old = world.keyrings[HIDDEN].newest[0].raw
        await rotated(world, HIDDEN)
        await world.until(lambda: not any(unheard(world, p) for p in world.processes.values()), 60)
        process = world.processes[FIRST]
        answers = [
            await inside.answered(process.node, "PUT", f"/xs/1/id/{name}", body)
            for name, body in ((HIDDEN, old), (HIDDEN, b"nonsense"), ("nobody.example.org", old))
        ]
        assert answers == [b'{"state":"read"}'] * 3
        assert not unheard(world, process)

    tell(tmp_path, story)


# xs1 16.19
def test_a_message_that_waited_while_keys_were_rotated_is_taken_under_the_new_one(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.stop(world.processes[FIRST])
        writer = inside.casework(world.processes[SECOND].node)
        lines = [{"item": KEY[0], "qty": [5, 0], "unit": KEY[1]}]
        sent = await world.processes[SECOND].run(writer.open(FIRST, {"step": "request", "lines": lines}))
        await rotated(world, SECOND)
        assert await world.start(FIRST) is not None
        for _ in range(240):
            await asyncio.sleep(1)
            held = await world.processes[FIRST].engine.read(lambda tx: tx.cases.messages(sent.case))
            if held:
                break
        note = messages.parse(held[0].raw).note
        newest = world.keyrings[SECOND].newest[1]
        assert messages.parse(held[0].raw).link == sent.link
        assert [line.key_id for line in note.signatures] == [newest.key_id]

    tell(tmp_path, story)


# xs1 7.6, 19.1
def test_an_older_epoch_that_goes_on_is_proved_and_passed_on(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        process = world.processes[FIRST]
        process.silent = True
        twin = await world.start(FIRST, world.snapshot(process), beside=True)
        assert twin is not None
        for _ in range(12):
            await asyncio.sleep(limits.EPOCH_OVERLAP / 8)
            await world.publish(process, world.work.offers(process.clock.now(), 1))
        process.silent = False
        log, second = LogName(FIRST, LOG), world.processes[SECOND]
        while not await second.engine.read(lambda tx: inside.twins(tx, log)):
            await asyncio.sleep(1)
            assert world.now() < 3600
        await asyncio.sleep(2 * limits.ROUND)
        for name in (SECOND, HIDDEN):
            node = world.processes[name]
            assert await node.engine.read(lambda tx: inside.twins(tx, log))
            assert log not in inside.frozen(node.node), "each of the two epochs has one history"
            raw = (await node.engine.read(lambda tx: tx.governance.forks()))[0].raw
            assert forks.parse(raw).shorter.log.epoch < forks.parse(raw).longer.log.epoch
        world.history.forks.clear()  # both signed on purpose

    tell(tmp_path, story)


def test_restores_of_every_kind_lose_and_promise_nothing() -> None:
    result = world_of(Random(7).randrange(1000), restores=12)
    assert result.violations == []
    assert sum(result.restores.values()) == 12
