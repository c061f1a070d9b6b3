"""The schema: whose it is, its versions, and what two versions of the program do with it."""

import asyncio
import threading
from pathlib import Path

import psycopg
import pytest
from xstock_postgresql import PostgresEngine, migrations
from xstock_postgresql.connection import Line, connect
from xstock_postgresql.migrations import VERSIONS, Version, migrate

from xstock_node.protocol.names import LogName
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import LogState
from xstock_node.testing.postgres import Postgres
from xstock_node.testing.storing import make_line, store_lines

NODE, LOG = "redcross.example", LogName("redcross.bg", "see.pub")


def tables(postgres: Postgres, schema: str = "xstock") -> set[str]:
    with psycopg.connect(postgres.conninfo()) as line:
        query = "select tablename from pg_tables where schemaname = %s"
        return {row[0] for row in line.execute(query, (schema,))}


async def test_processes_that_start_at_once_make_the_schema_once(postgres: Postgres) -> None:
    made: list[PostgresEngine] = []
    threads = [
        threading.Thread(target=lambda: made.append(PostgresEngine(postgres.conninfo(), NODE))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    journals = {await engine.read(lambda tx: tx.journal.id()) for engine in made}
    assert len(journals) == 1
    for engine in made:
        await engine.close()


async def test_another_programs_schema_is_refused_and_left_alone(postgres: Postgres) -> None:
    postgres.execute("create schema xstock", "create table xstock.theirs (x int)")
    with pytest.raises(StorageError, match="of another one"):
        PostgresEngine(postgres.conninfo(), NODE)
    assert tables(postgres) == {"theirs"}


async def test_a_database_is_for_one_node(postgres: Postgres) -> None:
    await PostgresEngine(postgres.conninfo(), NODE).close()
    with pytest.raises(StorageError, match=r"that of redcross\.example"):
        PostgresEngine(postgres.conninfo(), "redcross.other.example")
    await PostgresEngine(postgres.conninfo(), NODE).close()


async def test_settings_under_which_a_commit_may_be_lost_are_faults(postgres: Postgres) -> None:
    engine = PostgresEngine(postgres.conninfo(), NODE)
    assert await engine.faults() == ["fsync of the server is off: set it to on"], "this server is quick and not safe"
    postgres.execute("alter system set full_page_writes to off", "select pg_reload_conf()")
    try:
        for _ in range(100):
            found = await engine.faults()
            if len(found) == 2:
                break
            await asyncio.sleep(0.05)
        assert found[1] == "full_page_writes of the server is off: set it to on"
    finally:
        postgres.execute("alter system reset full_page_writes", "select pg_reload_conf()")
        await engine.close()


def test_a_server_that_does_not_answer_is_told_without_the_password(postgres: Postgres) -> None:
    with pytest.raises(StorageError) as told:
        PostgresEngine(postgres.conninfo().replace(f"port={postgres.port}", "port=1"), NODE)
    assert "correct horse" not in str(told.value) and "look at the server" in str(told.value)


async def test_a_version_that_expands_leaves_the_older_program_at_work(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = PostgresEngine(postgres.conninfo(), NODE, lead=True)
    await old.write(lambda tx: tx.logs.put(LogState(LOG)), durable=True)
    grow(monkeypatch, postgres, tmp_path, "alter table peer add column seen bigint not null default 0", oldest=1)
    await old.write(lambda tx: tx.journal.put("a", b"1"), durable=True)
    await old.close()
    again = PostgresEngine(postgres.conninfo(), NODE, lead=True)  # a start of the older program too
    assert await again.read(lambda tx: tx.journal.last()) == 1
    await again.close()


async def test_a_version_that_contracts_is_refused_by_the_program_that_needs_what_is_gone(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await PostgresEngine(postgres.conninfo(), NODE).close()
    grow(monkeypatch, postgres, tmp_path, "alter table peer drop column refusals", oldest=2)
    with pytest.raises(StorageError, match="upgrade this process"):
        PostgresEngine(postgres.conninfo(), NODE)


def test_a_version_that_fails_leaves_nothing_of_itself(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    PostgresEngine(postgres.conninfo(), NODE)._readers.shutdown()
    before = tables(postgres)
    with pytest.raises(psycopg.Error):
        grow(monkeypatch, postgres, tmp_path, "create table half (x int);\nselect 1 / 0", oldest=1)
    assert tables(postgres) == before


async def test_what_was_erased_is_in_no_file_of_a_table_after_compaction(postgres: Postgres) -> None:
    canary = b'{"t":"canary 7f3a9"}'

    def copies() -> list[str]:
        folder = postgres.folder / "data" / "base"
        return [str(path) for path in folder.rglob("*") if path.is_file() and b"7f3a9" in path.read_bytes()]

    engine = PostgresEngine(postgres.conninfo(), NODE, lead=True)
    try:
        await engine.write(lambda tx: store_lines(tx, LOG, [make_line(1), canary, make_line(2)]), durable=True)
        postgres.execute("checkpoint")
        assert copies(), "the test sees what is stored"
        assert await engine.write(lambda tx: tx.logs.erase(LOG, 1), durable=True)
        postgres.execute("checkpoint")
        assert copies(), "an update leaves the row before"
        await engine.compact()
        postgres.execute("checkpoint")
        assert copies() == []
        assert await engine.read(lambda tx: len(tx.logs.lines(LOG, 0, 9))) == 3
        assert not await engine.read(lambda tx: tx.logs.compact_is_due())
    finally:
        await engine.close()


async def test_searches_go_on_beside_a_writer(postgres: Postgres) -> None:
    engine = PostgresEngine(postgres.conninfo(), NODE, lead=True)

    async def write() -> None:
        for _ in range(20):
            await engine.write(lambda tx: store_lines(tx, LOG, [make_line(0)]), durable=False)

    def sizes(tx: Transaction) -> tuple[int, int]:
        state = tx.logs.state(LOG) or LogState(LOG)
        return state.frontier.size, len(tx.logs.lines(LOG, 0, 99))

    async def read() -> None:
        for _ in range(20):
            stated, stored = await engine.read(sizes)
            assert stated == stored

    try:
        await asyncio.gather(write(), read(), read())
    finally:
        await engine.close()


def grow(monkeypatch: pytest.MonkeyPatch, postgres: Postgres, folder: Path, statements: str, oldest: int) -> None:
    """Bring the schema to a version after the newest, as the next release of the program does."""
    (folder / "next.sql").write_text(statements, "utf-8")
    with monkeypatch.context() as patched:
        patched.setattr(migrations.resources, "files", lambda package: folder)
        line = Line(connect(postgres.conninfo(), "xstock", "next"))
        try:
            migrate(line, "xstock", 1, (*VERSIONS, Version(VERSIONS[-1].number + 1, "next.sql", oldest)))
        finally:
            line.connection.close()
