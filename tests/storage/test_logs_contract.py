"""What every engine promises about logs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from xstock_node.protocol import frames, merkle
from xstock_node.protocol.merkle import Frontier
from xstock_node.protocol.names import LogName
from xstock_node.storage import Engine, Transaction
from xstock_node.storage.values import Aside, LogState
from xstock_node.testing.storing import make_line, store_lines

LOG, OTHER = LogName("redcross.bg", "see.pub"), LogName("redcross.hr", "see.pub")

SIZE = 700
LINES = [make_line(n) for n in range(SIZE)]
LEAVES = [merkle.leaf_hash(one) for one in LINES]


async def filled(engine: Engine, size: int = SIZE) -> LogState:
    def work(tx: Transaction) -> LogState:
        store_lines(tx, OTHER, [make_line(n + 10_000) for n in range(300)])
        return store_lines(tx, LOG, LINES[:size])

    return await engine.write(work, durable=True)


async def test_a_state_reads_back_as_it_was_put(engine: Engine) -> None:
    frontier = Frontier(0, ()).extended(LEAVES[:7])
    state = LogState(LOG, 5, frontier, 256, b"head\n", 7, 8, b"target\n", 9, 10, 11, 12, "two roots")
    await engine.write(lambda tx: tx.logs.put(state), durable=True)
    assert await engine.read(lambda tx: tx.logs.state(LOG)) == state
    assert await engine.read(lambda tx: tx.logs.state(OTHER)) is None


async def test_a_state_put_again_replaces_the_one_before(engine: Engine) -> None:
    await engine.write(lambda tx: tx.logs.put(LogState(LOG)._replace(epoch=1)), durable=True)
    await engine.write(lambda tx: tx.logs.put(LogState(LOG)._replace(epoch=2)), durable=True)
    await engine.write(lambda tx: tx.logs.put(LogState(OTHER)), durable=True)
    assert await engine.read(lambda tx: tx.logs.states()) == [LogState(LOG)._replace(epoch=2), LogState(OTHER)]


async def test_lines_come_back_in_order_and_of_their_own_log_only(engine: Engine) -> None:
    await filled(engine)
    assert await engine.read(lambda tx: tx.logs.lines(LOG, 0, SIZE + 50)) == LINES
    assert await engine.read(lambda tx: tx.logs.lines(LOG, 255, 3)) == LINES[255:258]
    assert await engine.read(lambda tx: tx.logs.lines(LOG, SIZE, 5)) == []
    assert await engine.read(lambda tx: tx.logs.lines(LOG, 3, 0)) == []
    assert len(await engine.read(lambda tx: tx.logs.lines(OTHER, 0, SIZE))) == 300


async def test_a_log_that_is_not_held_has_no_lines(engine: Engine) -> None:
    assert await engine.read(lambda tx: tx.logs.lines(LOG, 0, 9)) == []
    assert await engine.read(lambda tx: tx.logs.leaves(LOG, 0, 9)) == []


async def test_leaves_are_hashed_from_records_and_read_from_hash_lines(engine: Engine) -> None:
    erased = frames.hash_line(merkle.leaf_hash(b"{gone}"))
    await engine.write(lambda tx: tx.logs.put(LogState(LOG)), durable=True)
    await engine.write(lambda tx: tx.logs.append(LOG, 0, [LINES[0], erased, LINES[2]], {}), durable=True)
    expected = [LEAVES[0], merkle.leaf_hash(b"{gone}"), LEAVES[2]]
    assert await engine.read(lambda tx: tx.logs.leaves(LOG, 0, 3)) == expected
    assert await engine.read(lambda tx: tx.logs.leaves(LOG, 1, 2)) == expected[1:2]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (0, 700),
        (0, 256),
        (0, 255),
        (0, 257),
        (256, 512),
        (256, 700),
        (512, 700),
        (1, 3),
        (255, 257),
        (100, 600),
        (9, 9),
    ],
)
async def test_the_root_of_a_range_is_that_of_its_leaves(engine: Engine, start: int, end: int) -> None:
    await filled(engine)
    assert await engine.read(lambda tx: tx.logs.range_root(LOG, start, end)) == merkle.tree_root(LEAVES[start:end])


async def test_segment_roots_are_kept_in_order(engine: Engine) -> None:
    await filled(engine)
    expected = [merkle.tree_root(LEAVES[0:256]), merkle.tree_root(LEAVES[256:512])]
    assert await engine.read(lambda tx: tx.logs.segment_roots(LOG, 0, 9)) == expected
    assert await engine.read(lambda tx: tx.logs.segment_roots(LOG, 1, 1)) == expected[1:]
    assert await engine.read(lambda tx: tx.logs.segment_roots(LOG, 2, 1)) == []


async def test_an_index_is_never_written_twice(engine: Engine) -> None:
    await filled(engine)
    with pytest.raises(Exception, match="database"):
        await engine.write(lambda tx: tx.logs.append(LOG, SIZE - 1, [b"{other}"], {}), durable=True)
    assert await engine.read(lambda tx: tx.logs.lines(LOG, SIZE - 1, 1)) == LINES[-1:]


async def test_what_is_given_up_leaves_its_hash_and_what_is_to_be_kept(engine: Engine) -> None:
    await filled(engine)
    await engine.write(lambda tx: tx.logs.give_up(LOG, 3, 600, lambda line: line == LINES[300]), durable=True)
    lines = await engine.read(lambda tx: tx.logs.lines(LOG, 0, SIZE))
    gone = [n for n, line in enumerate(lines) if frames.is_hash_line(line)]
    assert gone == [n for n in range(3, 600) if n != 300] and lines[300] == LINES[300]
    assert await engine.read(lambda tx: tx.logs.leaves(LOG, 0, SIZE)) == LEAVES
    assert await engine.read(lambda tx: tx.logs.range_root(LOG, 0, SIZE)) == merkle.tree_root(LEAVES)
    assert await engine.read(lambda tx: tx.logs.erased(LOG)) == set()
    other = await engine.read(lambda tx: tx.logs.lines(OTHER, 0, 300))
    assert not any(frames.is_hash_line(line) for line in other)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 300, 512, 699])
async def test_a_cut_moves_the_records_beyond_it_aside(engine: Engine, size: int) -> None:
    await filled(engine)
    await engine.write(lambda tx: tx.logs.cut(LOG, size, b"head of 1\n", 1), durable=True)
    assert await engine.read(lambda tx: tx.logs.lines(LOG, 0, SIZE)) == LINES[:size]
    assert len(await engine.read(lambda tx: tx.logs.segment_roots(LOG, 0, 9))) == size // 256
    assert await engine.read(lambda tx: tx.logs.asides()) == [Aside(LOG, 1, size, SIZE, b"head of 1\n")]
    assert await engine.read(lambda tx: tx.logs.aside_lines(LOG, 1, size, SIZE)) == LINES[size:]
    assert await engine.read(lambda tx: tx.logs.aside_lines(LOG, 1, SIZE - 1, 1)) == LINES[-1:]
    assert len(await engine.read(lambda tx: tx.logs.lines(OTHER, 0, SIZE))) == 300
    await engine.write(lambda tx: tx.logs.append(LOG, size, [b"{new}"], {}), durable=True)
    assert await engine.read(lambda tx: tx.logs.lines(LOG, size, 9)) == [b"{new}"]


async def test_a_cut_at_the_end_keeps_nothing_aside(engine: Engine) -> None:
    await filled(engine)
    await engine.write(lambda tx: tx.logs.cut(LOG, SIZE, b"head\n", 1), durable=True)
    assert await engine.read(lambda tx: tx.logs.asides()) == []
    assert await engine.read(lambda tx: tx.logs.lines(LOG, 0, SIZE)) == LINES


async def test_what_is_aside_is_kept_by_epoch_and_dropped_by_epoch(engine: Engine) -> None:
    await filled(engine, 10)
    await engine.write(lambda tx: tx.logs.cut(LOG, 6, b"first\n", 1), durable=True)
    await engine.write(lambda tx: tx.logs.append(LOG, 6, [b"{a}", b"{b}"], {}), durable=True)
    await engine.write(lambda tx: tx.logs.cut(LOG, 7, b"second\n", 2), durable=True)
    asides = await engine.read(lambda tx: tx.logs.asides(LOG))
    assert [(a.epoch, a.start, a.size) for a in asides] == [(1, 6, 10), (2, 7, 8)]
    assert await engine.read(lambda tx: tx.logs.asides(OTHER)) == []
    await engine.write(lambda tx: tx.logs.drop_aside(LOG, 1), durable=True)
    assert [a.epoch for a in await engine.read(lambda tx: tx.logs.asides())] == [2]
    assert await engine.read(lambda tx: tx.logs.aside_lines(LOG, 1, 0, 99)) == []
    assert await engine.read(lambda tx: tx.logs.aside_lines(LOG, 2, 0, 99)) == [b"{b}"]


async def test_what_is_kept_aside_is_erased_wherever_it_stands_there(engine: Engine) -> None:
    await filled(engine, 10)
    await engine.write(lambda tx: tx.logs.cut(LOG, 6, b"first\n", 1), durable=True)
    await engine.write(lambda tx: tx.logs.append(LOG, 6, LINES[8:10], {}), durable=True)
    await engine.write(lambda tx: tx.logs.cut(LOG, 6, b"second\n", 2), durable=True)
    await engine.write(lambda tx: tx.logs.erase_aside(OTHER, LEAVES), durable=True)
    assert not await engine.read(lambda tx: tx.logs.compact_is_due())
    await engine.write(lambda tx: tx.logs.erase_aside(LOG, {LEAVES[9], LEAVES[2]}), durable=True)
    gone = frames.hash_line(LEAVES[9])
    assert await engine.read(lambda tx: tx.logs.aside_lines(LOG, 1, 0, 99)) == [*LINES[6:9], gone]
    assert await engine.read(lambda tx: tx.logs.aside_lines(LOG, 2, 0, 99)) == [LINES[8], gone]
    assert await engine.read(lambda tx: tx.logs.compact_is_due())


async def test_what_was_given_up_before_it_is_erased_has_left_copies_too(engine: Engine) -> None:
    await filled(engine, 10)
    await engine.write(lambda tx: tx.logs.give_up(LOG, 0, 5, lambda line: False), durable=True)
    assert not await engine.read(lambda tx: tx.logs.compact_is_due())
    assert not await engine.write(lambda tx: tx.logs.erase(LOG, 3), durable=True)
    assert await engine.read(lambda tx: tx.logs.compact_is_due())
    await engine.compact()
    assert not await engine.write(lambda tx: tx.logs.erase(LOG, 3), durable=True)
    assert not await engine.read(lambda tx: tx.logs.compact_is_due())


async def test_everything_is_there_after_reopening(opens: Callable[[Path], Engine], tmp_path: Path) -> None:
    first = opens(tmp_path)
    state = await filled(first)
    await first.write(lambda tx: tx.logs.cut(OTHER, 5, b"head\n", 1), durable=True)
    await first.close()
    again = opens(tmp_path)
    try:
        assert await again.read(lambda tx: tx.logs.state(LOG)) == state
        assert await again.read(lambda tx: tx.logs.lines(LOG, 0, SIZE)) == LINES
        assert len(await again.read(lambda tx: tx.logs.aside_lines(OTHER, 1, 0, SIZE))) == 295
    finally:
        await again.close()


async def test_where_epochs_began_is_known_until_they_end(engine: Engine) -> None:
    await filled(engine, 30)

    def begin(tx: Transaction) -> None:
        for epoch, start in ((10, 0), (20, 5), (30, 9), (40, 9)):
            tx.logs.begin_epoch(LOG, epoch, start)

    await engine.write(begin, durable=True)
    assert await engine.write(lambda tx: tx.logs.end_epochs(OTHER, 0), durable=True) is None
    assert await engine.write(lambda tx: tx.logs.end_epochs(LOG, 40), durable=True) is None
    assert await engine.write(lambda tx: tx.logs.end_epochs(LOG, 20), durable=True) == 9
    assert await engine.write(lambda tx: tx.logs.end_epochs(LOG, 20), durable=True) is None
    await engine.write(lambda tx: tx.logs.begin_epoch(LOG, 50, 4), durable=True)
    assert await engine.write(lambda tx: tx.logs.end_epochs(LOG, 0), durable=True) == 0
