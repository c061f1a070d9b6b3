"""The engine: one writer thread with group commit while this process leads, and a few reader threads.

While one commit waits for the disk, further work queues up; the next transaction takes all of it. Work shares a
transaction but not its fate: each runs in its own savepoint. `synchronous_commit` is on when any of the group asked for
durability, else off. A process that stands by runs what it is asked to write over a consistent view that cannot be
written: work that finds nothing to change ends well, other work raises `StandsBy`.

A writer that loses its connection does not know what became of its last transaction: this process leads no more, and
whoever holds it starts anew from what the database says.
"""

import asyncio
import hashlib
import os
import queue
import re
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg

from xstock_node.storage.errors import StandsBy, StorageError
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.layout import lay_out_types
from xstock_postgresql.connection import Line, connect, storage_error, translated
from xstock_postgresql.leading import FENCE, Leadership
from xstock_postgresql.logs import COMPACT
from xstock_postgresql.migrations import bind, migrate
from xstock_postgresql.stores import PostgresTransaction

T = TypeVar("T")
GROUP_MOST = 256
READERS = 4
LOOK_SECONDS = 0.2
SIZE_SECONDS = 10.0
READ = "begin isolation level repeatable read read only"
# What may hold a copy of something erased. The server's own log ahead is its operator's to recycle.
REWRITTEN = ("record", "aside_record", "offer", "offer_word", "side", "blob", "statement", "object")
SAFE = ("fsync", "full_page_writes")
_SCHEMA = re.compile(r"[a-z][a-z0-9_]{0,40}", re.ASCII)
_SIZE = (
    "select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint from pg_class c"
    " join pg_namespace n on n.oid = c.relnamespace where n.nspname = %s and c.relkind = 'r'"
)


class Job:
    """One piece of work (None: a compaction, or only to be durable), and where its result goes."""

    __slots__ = ("compact", "durable", "error", "result", "value", "work")

    def __init__(self, work: Callable[[Transaction], Any] | None, durable: bool, compact: bool = False) -> None:
        self.work, self.durable, self.compact = work, durable, compact
        self.result: Future[Any] = Future()
        self.value: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """Hand the outcome to whoever waits, once."""
        if self.result.done():
            return
        if self.error is not None:
            self.result.set_exception(self.error)
        else:
            self.result.set_result(self.value)


class PostgresEngine:
    """An `Engine`, and `Shared`, over one schema of a database. `node` is the only one that may use it."""

    def __init__(self, conninfo: str, node: str = "", schema: str = "xstock", lead: bool = False) -> None:
        if not _SCHEMA.fullmatch(schema):
            raise StorageError("a schema in small letters", schema, "name it anew")
        self._conninfo, self._schema = conninfo, schema
        self._closed = False
        self._size = 0
        self._sized = float("-inf")
        lay_out_types()
        with translated():
            self._prepare(node)
        self._leadership = Leadership(
            lambda: self._open("leader"), _key("lead", schema), f"{socket.gethostname()} {os.getpid()}"
        )
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._transaction: PostgresTransaction | None = None
        self._local = threading.local()
        self._reader_lines: list[Line] = []
        self._readers = ThreadPoolExecutor(READERS, "xstock-reader")
        self._thread = threading.Thread(target=self._run, name="xstock-writer", daemon=True)
        self._thread.start()
        if lead:
            self._leadership.take()

    @property
    def leads(self) -> bool:
        """See `Shared.leads`."""
        return self._leadership.leads

    async def try_to_lead(self) -> bool:
        """See `Shared.try_to_lead`."""
        self._check_open()
        return await asyncio.to_thread(self._leadership.take)

    async def until_lost(self) -> None:
        """See `Shared.until_lost`."""
        while self.leads:  # noqa: ASYNC110 - it is another thread that finds out
            await asyncio.sleep(LOOK_SECONDS)

    async def write(self, work: Callable[[Transaction], T], durable: bool) -> T:
        """See `Engine.write`."""
        self._check_open()
        if not self.leads:
            return await self._in_reader(work)
        job = Job(work, durable)
        self._jobs.put(job)
        found: T = await asyncio.wrap_future(job.result)
        return found

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """See `Engine.read`."""
        self._check_open()
        return await self._in_reader(work)

    async def checkpoint(self) -> None:
        """See `Engine.checkpoint`: one durable commit, acknowledged after all before it."""
        await self._order(Job(None, durable=True))

    async def compact(self) -> None:
        """See `Engine.compact`: each table that may hold a copy is written anew; readers wait."""
        await self._order(Job(None, durable=True, compact=True))

    async def faults(self) -> list[str]:
        """See `Engine.faults`: settings of the server under which a commit may be lost.

        Its files are for its own checksums and `pg_amcheck`.
        """
        return await self.read(_unsafe_settings)

    async def close(self) -> None:
        """Finish queued work, let another lead, and close every connection."""
        if self._closed:
            return
        self._closed = True
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._readers.shutdown)
        await asyncio.to_thread(self._leadership.give_up)
        for line in self._reader_lines:
            line.connection.close()
        self._drop_writer()

    def size(self) -> int:
        """Bytes of all tables and indexes, as of some seconds ago."""
        if not self._closed:
            self._readers.submit(self._measure)
        return self._size

    async def _order(self, job: Job) -> None:
        self._check_open()
        if not self.leads:
            raise StandsBy
        self._jobs.put(job)
        await asyncio.wrap_future(job.result)

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("an open database", "one that is closed", "start the node again")

    def _prepare(self, node: str) -> None:
        line = Line(self._open("start", lock="0"))
        try:
            migrate(line, self._schema, _key("migrate", self._schema))
            bind(line, node)
            self._size = int(line.one(_SIZE, (self._schema,))[0])
        finally:
            line.connection.close()

    def _open(self, name: str, **timeouts: str) -> "psycopg.Connection[tuple[Any, ...]]":
        return connect(self._conninfo, self._schema, name, **timeouts)

    async def _in_reader(self, work: Callable[[Transaction], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def _read(self, work: Callable[[Transaction], T]) -> T:
        with translated():
            transaction = self._begin_reading()
            connection = transaction.line.connection
            try:
                return work(transaction)
            except BaseException:
                transaction.forget()
                raise
            finally:
                if not connection.closed:
                    connection.execute("rollback")

    def _begin_reading(self) -> PostgresTransaction:
        """This thread's connection with a view open; a connection that broke since is made anew."""
        transaction: PostgresTransaction | None = getattr(self._local, "transaction", None)
        if transaction is not None:
            try:
                transaction.line.execute(READ)
                return transaction
            except psycopg.OperationalError:
                self._local.transaction = None
                transaction.line.connection.close()
                self._reader_lines.remove(transaction.line)
        line = Line(self._open("reader", lock="0"))  # a compaction is waited for as long as any statement
        self._reader_lines.append(line)
        transaction = self._local.transaction = PostgresTransaction(line)
        line.execute(READ)
        return transaction

    def _measure(self) -> None:
        now = time.monotonic()
        if now - self._sized < SIZE_SECONDS:
            return
        self._sized = now
        try:
            self._size = self._read(lambda tx: int(tx.line.one(_SIZE, (self._schema,))[0]))  # type: ignore[attr-defined]
        except StorageError:
            pass  # asked again at the next look

    def _run(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            group, ended = [job], False
            while len(group) < GROUP_MOST:
                try:
                    following = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    ended = True
                    break
                group.append(following)
            try:
                self._commit_group(group)
            except Exception as error:  # the one writer must outlive everything; whoever waits is told
                for waiting in group:
                    waiting.error = waiting.error or StorageError("a working database", str(error), "see the log")
                    waiting.settle()
            if ended:
                return

    def _commit_group(self, group: list[Job]) -> None:
        try:
            transaction = self._begin(group)
            for job in group:
                self._run_one(transaction, job, alone=len(group) == 1)
            alone_failed = len(group) == 1 and group[0].error is not None
            _end(transaction.line, "rollback" if alone_failed else "commit")
            for job in group:
                if job.work is not None:
                    job.settle()  # what is committed neither waits for what follows nor fails with it
            if any(job.compact for job in group):
                self._compact(transaction.line)
        except (psycopg.Error, StorageError) as error:
            self._fail(group, error)
        for job in group:
            job.settle()

    def _begin(self, group: list[Job]) -> PostgresTransaction:
        """Begin a transaction of this leader's term; with savepoints where several share it."""
        if self._transaction is None:
            self._transaction = PostgresTransaction(Line(self._open("writer")))
        durable = "on" if any(job.durable for job in group) else "off"
        begun = f"begin isolation level read committed; set local synchronous_commit to {durable}; {FENCE}"
        cursor = self._transaction.line.connection.execute(begun.encode())
        while cursor.nextset():
            pass
        found = cursor.fetchone()
        if found is None or found[0] != self._leadership.term:
            self._leadership.give_up()
            raise StandsBy
        if len(group) > 1:
            self._transaction.line.connection.execute("savepoint one")
        return self._transaction

    def _run_one(self, transaction: PostgresTransaction, job: Job, alone: bool) -> None:
        connection = transaction.line.connection
        try:
            if job.work is not None:
                job.value = job.work(transaction)
            elif job.durable:
                _touch(transaction.line)
            if not alone:
                connection.execute(b"release savepoint one; savepoint one")
        except Exception as error:  # any failure of the work belongs to whoever asked for it
            job.error = storage_error(error) if isinstance(error, psycopg.Error) else error
            transaction.forget()
            if connection.closed or connection.broken:
                raise
            if not alone:
                connection.execute("rollback to savepoint one")

    def _compact(self, line: Line) -> None:
        line.execute("set statement_timeout to 0")  # of millions of rows it takes minutes
        for table in REWRITTEN:
            line.execute(f"vacuum (full) {table}")
        line.execute("set statement_timeout to '120s'")
        self._begin([Job(None, durable=True)])
        line.execute("delete from meta where key = %s", (COMPACT,))
        _end(line, "commit")

    def _fail(self, group: list[Job], error: Exception) -> None:
        transaction = self._transaction
        if transaction is not None:
            transaction.forget()
            try:
                if not transaction.line.connection.closed:
                    transaction.line.connection.execute("rollback")
            except psycopg.Error:
                pass
            if transaction.line.connection.closed:
                self._drop_writer()
                self._leadership.give_up()
        for job in group:
            job.error = job.error or (storage_error(error) if isinstance(error, psycopg.Error) else error)

    def _drop_writer(self) -> None:
        if self._transaction is not None:
            self._transaction.line.connection.close()
            self._transaction = None


def _unsafe_settings(tx: Transaction) -> list[str]:
    line: Line = tx.line  # type: ignore[attr-defined]
    return [f"{name} of the server is off: set it to on" for name in SAFE if line.one(f"show {name}")[0] != "on"]


def _touch(line: Line) -> None:
    """Change something, so that the commit is written to disk with all that was committed before it."""
    more = "update set value = (meta.value::bigint + 1)::text"
    line.execute(f"insert into meta values ('durable', '1') on conflict (key) do {more}")


def _end(line: Line, how: str) -> None:
    """End a transaction; the server answers a commit of one that failed with a rollback, which is no commit."""
    said = (line.connection.execute(how.encode()).statusmessage or "").lower()
    if said != how:
        raise StorageError(f"the answer {how}", said, "see the server's log")


def _key(purpose: str, schema: str) -> int:
    """A number for a lock of the database, which are numbers alone."""
    digest = hashlib.sha256(f"xstock-node {purpose} {schema}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
