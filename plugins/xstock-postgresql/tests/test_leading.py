"""One of several processes leads: who holds the lock, and nobody with an older term, writes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from xstock_postgresql import PostgresEngine
from xstock_postgresql import engine as engine_module

from xstock_node.storage.choosing import Opening, Shared, open_engine
from xstock_node.storage.errors import StandsBy, StorageError
from xstock_node.storage.interfaces import Transaction
from xstock_node.testing.postgres import Postgres

NODE = "redcross.example"


def note(tx: Transaction, subject: str) -> int:
    return tx.journal.put(subject, subject.encode())


@asynccontextmanager
async def two(postgres: Postgres) -> AsyncIterator[tuple[PostgresEngine, PostgresEngine]]:
    """Two processes' engines on one database."""
    first, second = (PostgresEngine(postgres.conninfo(), NODE) for _ in range(2))
    try:
        yield first, second
    finally:
        await first.close()
        await second.close()


def end_connections(postgres: Postgres, like: str) -> int:
    """End the connections of a purpose as the server does when a line is cut."""
    query = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = %s"
    with psycopg.connect(postgres.conninfo(), autocommit=True) as line:
        found = line.execute(query, (f"xstock {like}",)).fetchone()
        assert found is not None
        return int(found[0])


async def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    for _ in range(int(seconds / 0.05)):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come to that")


async def test_one_leads_and_the_other_reads_what_it_writes(postgres: Postgres) -> None:
    async with two(postgres) as (first, second):
        assert await first.try_to_lead() and not await second.try_to_lead()
        await first.write(lambda tx: note(tx, "a"), durable=True)
        assert await second.read(lambda tx: [n.subject for n in tx.journal.since(0, 9)]) == ["a"]
        assert (first.leads, second.leads) == (True, False)


async def test_who_stands_by_may_ask_to_write_nothing_and_writes_nothing(postgres: Postgres) -> None:
    async with two(postgres) as (first, second):
        await first.try_to_lead()
        journal = await first.write(lambda tx: tx.journal.id(), durable=True)
        assert await second.write(lambda tx: tx.journal.id(), durable=True) == journal
        for forbidden in (
            lambda: second.write(lambda tx: note(tx, "b"), durable=True),
            second.checkpoint,
            second.compact,
        ):
            with pytest.raises(StandsBy):
                await forbidden()
        assert await first.read(lambda tx: tx.journal.last()) == 0


async def test_the_other_leads_once_the_first_is_closed(postgres: Postgres) -> None:
    async with two(postgres) as (first, second):
        await first.try_to_lead()
        await first.close()
        assert await second.try_to_lead()
        assert await second.write(lambda tx: note(tx, "b"), durable=True) == 1


async def test_who_loses_the_connection_of_its_lock_leads_no_more(postgres: Postgres) -> None:
    async with two(postgres) as (first, second):
        await first.try_to_lead()
        lost = asyncio.ensure_future(first.until_lost())
        assert end_connections(postgres, "leader") >= 1
        await asyncio.wait_for(lost, 10)
        with pytest.raises(StandsBy):
            await first.write(lambda tx: note(tx, "late"), durable=True)
        assert await second.try_to_lead()


async def test_an_old_leader_that_has_not_noticed_cannot_write(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two(postgres) as (first, second):
        await first.try_to_lead()
        await first.write(lambda tx: note(tx, "in time"), durable=True)
        # It looks at its lock no more, as a machine that stood still for a while.
        monkeypatch.setattr(first._leadership, "_watch", lambda: None)
        first._leadership._ended.set()
        assert end_connections(postgres, "leader") == 1
        await until_leads(second)
        assert first.leads, "it still believes"
        with pytest.raises(StandsBy):
            await first.write(lambda tx: note(tx, "too late"), durable=True)
        assert not first.leads
        assert [n.subject for n in await second.read(lambda tx: tx.journal.since(0, 9))] == ["in time"]


async def test_the_next_leader_waits_for_a_write_that_is_under_way(postgres: Postgres) -> None:
    async with two(postgres) as (first, second):
        await first.try_to_lead()
        begun, go_on = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def slow(tx: Transaction) -> int:
            found = note(tx, "slow")
            loop.call_soon_threadsafe(begun.set)
            asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(20)
            return found

        writing = asyncio.ensure_future(first.write(slow, durable=True))
        await begun.wait()
        assert end_connections(postgres, "leader") == 1
        leading = asyncio.ensure_future(until_leads(second))
        await asyncio.sleep(0.5)
        assert not leading.done(), "the write of the old term is not over"
        go_on.set()
        assert await writing == 1
        await asyncio.wait_for(leading, 10)
        assert [n.subject for n in await second.read(lambda tx: tx.journal.since(0, 9))] == ["slow"]


async def test_a_writer_whose_connection_breaks_leads_no_more(postgres: Postgres) -> None:
    async with two(postgres) as (first, second):
        await first.try_to_lead()
        await first.write(lambda tx: note(tx, "a"), durable=True)
        assert end_connections(postgres, "writer") == 1
        with pytest.raises(StorageError):
            await first.write(lambda tx: note(tx, "unknown"), durable=True)
        await until(lambda: not first.leads)
        await until_leads(second)


async def test_work_that_hides_a_failed_statement_is_not_acknowledged(postgres: Postgres) -> None:
    def hides(tx: Transaction) -> None:
        note(tx, "lost")
        try:
            tx.logs._db.execute("select 1 / 0")  # type: ignore[attr-defined]
        except psycopg.Error:
            pass

    async with two(postgres) as (first, _):
        await first.try_to_lead()
        with pytest.raises(StorageError, match="rollback"):
            await first.write(hides, durable=True)
        assert await first.read(lambda tx: tx.journal.last()) == 0
        assert await first.write(lambda tx: note(tx, "next"), durable=True) > 0


async def test_readers_find_a_server_that_was_started_again(postgres: Postgres) -> None:
    engine = PostgresEngine(postgres.conninfo(), NODE)
    try:
        await engine.read(lambda tx: tx.journal.last())
        await asyncio.to_thread(postgres.stop)
        with pytest.raises(StorageError):
            await engine.read(lambda tx: tx.journal.last())
        await asyncio.to_thread(postgres.start)
        assert await engine.read(lambda tx: tx.journal.last()) == 0
        assert await engine.try_to_lead()
        assert await engine.write(lambda tx: note(tx, "a"), durable=True) == 1
    finally:
        await engine.close()


async def until_leads(engine: PostgresEngine) -> None:
    """As a process that stands by does."""
    while not await engine.try_to_lead():  # noqa: ASYNC110 - another process decides
        await asyncio.sleep(0.05)


def test_an_engine_groups_no_more_work_than_the_one_on_sqlite() -> None:
    from xstock_node.storage.sqlite import engine as beside

    assert engine_module.GROUP_MOST == beside.GROUP_MOST


async def test_what_the_entry_point_opens_leads_unless_another_does(postgres: Postgres, tmp_path: Path) -> None:
    opening = Opening(tmp_path, NODE, postgres.conninfo())
    first, second = open_engine("postgresql", opening), open_engine("postgresql", opening)
    try:
        assert isinstance(first, Shared) and isinstance(second, Shared)
        assert (first.leads, second.leads) == (True, False)
    finally:
        await first.close()
        await second.close()
