"""What every engine promises about writes, reads and its file."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from xstock_node.protocol.names import LogName
from xstock_node.storage import Engine, Transaction
from xstock_node.storage.errors import StorageError
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.storage.sqlite.connection import APPLICATION_ID, LATEST
from xstock_node.storage.sqlite.migrations import migrations
from xstock_node.storage.values import Act, LogState, PeerState
from xstock_node.testing.storing import make_line, store_lines

LOG = LogName("redcross.bg", "see.pub")
Opens = Callable[[Path], Engine]


class Mistake(Exception):
    """The failure of a piece of work."""


def note(tx: Transaction, number: int) -> int:
    return tx.journal.put(f"subject {number}", b"%d" % number)


def touch_everything_and_fail(tx: Transaction) -> None:
    note(tx, 1)
    store_lines(tx, LOG, [make_line(n) for n in range(300)])
    assert tx.logs.lines(LOG, 299, 9)
    tx.peers.put(PeerState("see", "redcross.hr"))
    tx.acts.add(Act(1, "ana", "stock.release", "x", "y"))
    raise Mistake


async def test_a_write_returns_what_its_work_returns_and_is_seen_by_reads(engine: Engine) -> None:
    assert await engine.write(lambda tx: note(tx, 1), durable=True) == 1
    assert await engine.write(lambda tx: note(tx, 2), durable=False) == 2
    assert await engine.read(lambda tx: tx.journal.last()) == 2


async def test_a_failing_work_undoes_all_of_it(engine: Engine) -> None:
    with pytest.raises(Mistake):
        await engine.write(touch_everything_and_fail, durable=True)
    assert await engine.read(lambda tx: (tx.journal.last(), tx.logs.states(), tx.acts.last(9))) == (0, [], [])
    # The engine forgets what it remembered of a log that was never stored.
    state = await engine.write(lambda tx: store_lines(tx, LOG, [make_line(1)]), durable=True)
    assert await engine.read(lambda tx: tx.logs.lines(LOG, 0, 9)) == [make_line(1)]
    assert state.frontier.size == 1


async def test_a_log_reference_of_an_undone_write_is_not_kept(engine: Engine) -> None:
    other = LogName("redcross.hr", "see.pub")
    with pytest.raises(Mistake):
        await engine.write(touch_everything_and_fail, durable=True)
    await engine.write(lambda tx: store_lines(tx, other, [make_line(7)]), durable=True)
    assert await engine.write(lambda tx: tx.logs.lines(LOG, 0, 9), durable=True) == []
    await engine.write(lambda tx: store_lines(tx, LOG, [make_line(8)]), durable=True)
    assert await engine.read(lambda tx: tx.logs.lines(other, 0, 9)) == [make_line(7)]
    assert await engine.read(lambda tx: tx.logs.lines(LOG, 0, 9)) == [make_line(8)]


async def test_a_failing_work_does_not_undo_its_neighbours(engine: Engine) -> None:
    async def one(number: int) -> int:
        if number % 3 == 1:
            return await engine.write(touch_everything_and_fail, durable=True) or 0
        return await engine.write(lambda tx: note(tx, number), durable=number % 2 == 0)

    outcomes = await asyncio.gather(*(one(n) for n in range(60)), return_exceptions=True)
    assert [isinstance(o, Mistake) for o in outcomes] == [n % 3 == 1 for n in range(60)]
    stored = {n.subject for n in await engine.read(lambda tx: tx.journal.since(0, 100))}
    assert stored == {f"subject {n}" for n in range(60) if n % 3 != 1}
    assert await engine.read(lambda tx: tx.logs.states()) == []


async def test_writes_of_one_caller_keep_their_order(engine: Engine) -> None:
    await asyncio.gather(*(engine.write(lambda tx, n=n: note(tx, n), durable=False) for n in range(100)))
    found = await engine.read(lambda tx: tx.journal.since(0, 200))
    assert [n.subject for n in found] == [f"subject {n}" for n in range(100)]


async def test_a_read_sees_one_moment_while_a_writer_writes(engine: Engine) -> None:
    def add_three(tx: Transaction) -> None:
        for _ in range(3):
            store_lines(tx, LOG, [make_line(0)])

    def sizes(tx: Transaction) -> tuple[int, int]:
        first = tx.logs.state(LOG) or LogState(LOG)
        stored = len(tx.logs.lines(LOG, 0, 10_000))
        return first.frontier.size, stored

    async def writer() -> None:
        for _ in range(40):
            await engine.write(add_three, durable=False)

    async def reader() -> None:
        for _ in range(40):
            stated, stored = await engine.read(sizes)
            assert stated == stored
            assert stated % 3 == 0
            await asyncio.sleep(0)

    await asyncio.gather(writer(), reader(), reader())
    assert await engine.read(sizes) == (120, 120)


async def test_a_read_cannot_write(engine: Engine) -> None:
    await engine.write(lambda tx: note(tx, 1), durable=True)
    with pytest.raises(StorageError):
        await engine.read(lambda tx: note(tx, 2))
    assert await engine.read(lambda tx: tx.journal.last()) == 1


async def test_a_failing_read_harms_no_later_one(engine: Engine) -> None:
    def fail(tx: Transaction) -> None:
        raise Mistake

    for _ in range(3):
        with pytest.raises(Mistake):
            await engine.read(fail)
    assert await engine.read(lambda tx: tx.journal.last()) == 0


async def test_a_closed_engine_says_so(opens: Opens, tmp_path: Path) -> None:
    engine = opens(tmp_path)
    await engine.close()
    await engine.close()
    with pytest.raises(StorageError, match="closed"):
        await engine.write(lambda tx: note(tx, 1), durable=True)
    with pytest.raises(StorageError, match="closed"):
        await engine.read(lambda tx: tx.journal.last())


async def test_closing_finishes_the_work_that_was_asked_for(opens: Opens, tmp_path: Path) -> None:
    engine = opens(tmp_path)
    work = [asyncio.ensure_future(engine.write(lambda tx, n=n: note(tx, n), durable=False)) for n in range(50)]
    await asyncio.sleep(0)
    await engine.close()
    await asyncio.gather(*work)
    again = opens(tmp_path)
    assert len(await again.read(lambda tx: tx.journal.since(0, 99))) == 50
    assert again.size() > 0
    await again.close()


@pytest.mark.parametrize("threads", [True, False])
class TestFile:
    """The SQLite file itself."""

    @pytest.mark.parametrize("number", [1234, 0])
    async def test_another_programs_database_is_refused_and_left_alone(
        self, tmp_path: Path, threads: bool, number: int
    ) -> None:
        path = tmp_path / "node.db"
        other = sqlite3.connect(path)
        other.execute(f"pragma application_id = {number}")
        other.execute("create table theirs (x)")
        other.close()
        before = path.read_bytes()
        with pytest.raises(StorageError, match=r"move node\.db away"):
            SqliteEngine(path, threads)
        assert path.read_bytes() == before

    async def test_a_file_that_is_no_database_is_refused(self, tmp_path: Path, threads: bool) -> None:
        path = tmp_path / "node.db"
        path.write_bytes(b"photographs of the warehouse" * 400)
        with pytest.raises(StorageError, match="database"):
            SqliteEngine(path, threads)
        assert path.read_bytes() == b"photographs of the warehouse" * 400

    async def test_migrations_run_once(self, tmp_path: Path, threads: bool) -> None:
        path = tmp_path / "node.db"
        for _ in range(3):
            engine = SqliteEngine(path, threads)
            await engine.write(lambda tx: note(tx, 1), durable=True)
            await engine.close()
        found = sqlite3.connect(path)
        assert found.execute("pragma application_id").fetchone()[0] == APPLICATION_ID
        ran = found.execute("select count(*) from _sqlite_migrations").fetchone()[0]
        found.close()
        from sqlite_utils import Database

        fresh = Database(memory=True)
        assert ran == len(migrations.pending(fresh)) and migrations.pending(fresh)[-1].name == LATEST
        fresh.close()


async def test_an_erasure_leaves_copies_until_the_engine_compacts_whatever_comes_between(
    opens: Opens, tmp_path: Path
) -> None:
    canary = b'{"t":"canary 7f3a9"}'

    def erase_and_fail(tx: Transaction) -> None:
        tx.logs.erase(LOG, 1)
        raise Mistake

    def copies() -> list[str]:
        return [path.name for path in tmp_path.iterdir() if b"7f3a9" in path.read_bytes()]

    first = opens(tmp_path)
    await first.write(lambda tx: store_lines(tx, LOG, [make_line(1), canary, make_line(2)]), durable=True)
    with pytest.raises(Mistake):
        await first.write(erase_and_fail, durable=True)
    assert not await first.read(lambda tx: tx.logs.compact_is_due())
    assert await first.write(lambda tx: tx.logs.erase(LOG, 1), durable=False)
    await first.close()
    again = opens(tmp_path)
    try:
        assert await again.read(lambda tx: tx.logs.compact_is_due())
        await again.compact()
        assert copies() == []
        assert not await again.read(lambda tx: tx.logs.compact_is_due())
    finally:
        await again.close()


async def test_a_compaction_that_fails_stays_due_and_takes_no_other_work_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = SqliteEngine(tmp_path / "node.db", threads=True)
    try:
        await engine.write(lambda tx: store_lines(tx, LOG, [make_line(1)]), durable=True)
        await engine.write(lambda tx: tx.logs.erase(LOG, 0), durable=True)

        def full() -> None:
            raise sqlite3.OperationalError("database or disk is full")

        monkeypatch.setattr(engine, "_compact", full)
        together = await asyncio.gather(
            *(engine.write(lambda tx, n=n: note(tx, n), durable=True) for n in range(3)),  # type: ignore[misc]
            engine.compact(),
            *(engine.write(lambda tx, n=n: note(tx, n), durable=True) for n in range(3, 6)),  # type: ignore[misc]
            return_exceptions=True,
        )
        assert isinstance(together.pop(3), StorageError)
        assert together == [1, 2, 3, 4, 5, 6]
        assert await engine.read(lambda tx: tx.logs.compact_is_due())
    finally:
        await engine.close()
