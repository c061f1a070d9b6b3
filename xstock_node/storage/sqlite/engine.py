"""The engine: one writer thread with group commit, and a few reader threads.

While one commit waits for the disk, further work queues up; the next transaction takes all of it. Work shares a
transaction but not its fate: each runs in its own savepoint. `synchronous` is FULL when any of the group asked for
durability, else NORMAL.
"""

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.layout import lay_out_types
from xstock_node.storage.reserve import Reserve
from xstock_node.storage.sqlite.connection import UNREADABLE, open_reader, open_upgraded
from xstock_node.storage.sqlite.logs import COMPACT
from xstock_node.storage.sqlite.snapshot import faults_of
from xstock_node.storage.sqlite.stores import SqliteTransaction
from xstock_node.storage.sqlite.upgrading import drop_copies
from xstock_node.storage.sqlite.vocabulary import Vocabulary, learn

T = TypeVar("T")
GROUP_MOST = 256
NO_ROOM = ("room on the disk", "less than the reserve", "free some space; reading goes on meanwhile")
CHECKPOINT = "pragma wal_checkpoint(truncate)"
READERS = 2


class Job:
    """One piece of work (None: a checkpoint), whether it must be durable, and where its result goes."""

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


class SqliteEngine:
    """An `Engine` over one SQLite file. With `threads=False` all work runs in place (simulation).

    With a `reserve` a full disk stops replicas of others first, and what is durable last. `copied_to` is the copy that
    was made because this version changed the tables just now.
    """

    def __init__(self, path: Path, threads: bool = True, reserve: Reserve | None = None) -> None:
        self.path, self._reserve = path, reserve
        is_new = not path.exists()
        try:
            self._connection, self.copied_to = open_upgraded(path)
            self._begin_the_log_anew()
        except (sqlite3.Error, StorageError) as error:
            if is_new:  # what of it reached the disk, nobody knows
                for suffix in ("", "-wal", "-shm", "-journal"):
                    Path(f"{path}{suffix}").unlink(missing_ok=True)
            raise error if isinstance(error, StorageError) else _storage_error(error) from error
        self._vocabulary = Vocabulary()
        self._transaction = SqliteTransaction(self._connection, self._vocabulary)
        self._is_suspect = False
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._local = threading.local()
        self._reader_connections: list[sqlite3.Connection] = []
        if threads:
            lay_out_types()
            self._thread = threading.Thread(target=self._run, name="xstock-writer", daemon=True)
            self._thread.start()
            self._readers = ThreadPoolExecutor(READERS, "xstock-reader")

    async def write(self, work: Callable[[Transaction], T], durable: bool) -> T:
        """See `Engine.write`."""
        self._check_open()
        self._look_at_room(durable)
        job = Job(work, durable)
        if self._thread is None:
            self._commit_group([job])
            return job.result.result()  # type: ignore[no-any-return]
        self._jobs.put(job)
        return await asyncio.wrap_future(job.result)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """See `Engine.read`."""
        self._check_open()
        if self._readers is None:
            return self._read(work)
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    async def checkpoint(self) -> None:
        """See `Engine.checkpoint`."""
        self._check_open()
        job = Job(None, durable=True)
        if self._thread is None:
            self._connection.execute(CHECKPOINT)
            return
        self._jobs.put(job)
        await asyncio.wrap_future(job.result)

    async def compact(self) -> None:
        """See `Engine.compact`: the full-text index is merged, the file is written anew, the log ahead is emptied."""
        self._check_open()
        job = Job(None, durable=True, compact=True)
        if self._thread is None:
            self._commit_group([job])
            job.result.result()
            return
        self._jobs.put(job)
        await asyncio.wrap_future(job.result)

    async def faults(self) -> list[str]:
        """See `Engine.faults`: SQLite's integrity check, in a thread of its own."""
        self._check_open()
        if self._thread is None:
            return faults_of(self.path)
        return await asyncio.to_thread(faults_of, self.path)

    async def close(self) -> None:
        """Finish queued work, check-point and close every connection."""
        if self._closed:
            return
        self._closed = True
        if self._thread is not None:
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)
        if self._readers is not None:
            self._readers.shutdown(wait=True)
        for connection in self._reader_connections:
            connection.close()
        self._connection.close()

    def size(self) -> int:
        """Bytes of the database file."""
        return self.path.stat().st_size

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("an open database", "one that is closed", "start the node again")

    def _read(self, work: Callable[[Transaction], T]) -> T:
        transaction = getattr(self._local, "transaction", None)
        if transaction is None:
            connection = open_reader(self.path)
            self._reader_connections.append(connection)
            transaction = self._local.transaction = SqliteTransaction(connection, self._vocabulary)
        connection = transaction.connection
        connection.execute("begin")
        try:
            return work(transaction)
        except UNREADABLE as error:
            raise _storage_error(error) from error
        finally:
            connection.execute("rollback")
            if self._vocabulary.is_wanted and self._readers is not None:
                self._begin_vocabulary()

    def _begin_vocabulary(self) -> None:
        """Read the words of all keys, between other reads; from behind a transaction, so that none is missed."""
        if self._vocabulary.claim():
            job = Job(lambda tx: self._vocabulary.begin(), durable=False)
            job.result.add_done_callback(lambda done: self._learn_words(0))
            self._jobs.put(job)

    def _learn_words(self, first: int) -> None:
        if self._readers is not None and not self._closed:
            with suppress(RuntimeError):  # it is being closed
                self._readers.submit(self._learn_some_words, first)

    def _learn_some_words(self, first: int) -> None:
        following = self._read(lambda tx: learn(tx.connection, self._vocabulary, first))  # type: ignore[attr-defined]
        if following is not None:
            self._learn_words(following)

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

    def _begin_the_log_anew(self) -> bool:
        """Bring the log of writes into the database and empty it; whether that was possible.

        After a failed synchronisation the system may call pages clean that never reached the disk. What is written
        behind such a gap would be lost with it, so the log begins anew, after an error and at each opening.
        """
        self._connection.execute("pragma synchronous = full")
        return not self._connection.execute(CHECKPOINT).fetchone()[0]

    def _recover(self) -> None:
        """After an error of the disk: a new connection and a new log of writes, or nothing is written any more."""
        self._connection.close()
        self._connection, _ = open_upgraded(self.path)
        self._transaction = SqliteTransaction(self._connection, self._vocabulary)
        if not self._begin_the_log_anew():
            raise sqlite3.OperationalError("disk I/O error before, and a reader holds the log of writes")
        self._is_suspect = False

    def _commit_group(self, group: list[Job]) -> None:
        if self._is_suspect:
            try:
                self._recover()
            except (sqlite3.Error, StorageError) as error:
                for job in group:
                    job.error = error if isinstance(error, StorageError) else _storage_error(error)
                    job.settle()
                return
        connection = self._connection
        try:
            durable = any(job.durable for job in group)
            connection.execute(f"pragma synchronous = {'full' if durable else 'normal'}")
            connection.execute("begin immediate")
            for job in group:
                self._run_one(job, alone=len(group) == 1)
            if len(group) == 1 and group[0].error is not None:
                connection.execute("rollback")
            else:
                connection.execute("commit")
            for job in group:
                if job.work is not None:
                    job.settle()  # what is committed neither waits for what follows nor fails with it
            if any(job.compact for job in group):
                self._compact()
            elif any(job.work is None for job in group):
                connection.execute(CHECKPOINT)
        except sqlite3.Error as error:
            self._fail(group, error)
        for job in group:
            job.settle()

    def _compact(self) -> None:
        self._connection.execute("insert into offer_fts (offer_fts) values ('optimize')")
        self._connection.execute("vacuum")
        busy = self._connection.execute(CHECKPOINT).fetchone()[0]
        if not busy:
            drop_copies(self.path)
            self._connection.execute("delete from meta where key = ?", (COMPACT,))

    def _look_at_room(self, durable: bool) -> None:
        """Refuse replicas of others while the disk is nearly full."""
        if self._reserve is not None:
            self._reserve.look(time.monotonic())
            if self._reserve.must_wait and not durable:
                raise StorageError(*NO_ROOM)

    def _fail(self, group: list[Job], error: sqlite3.Error) -> None:
        if self._reserve is not None and "full" in str(error):
            self._reserve.give()
        self._is_suspect = self._is_suspect or "I/O" in str(error)
        try:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
        except sqlite3.Error as worse:
            error = worse
        self._transaction.forget()
        for job in group:
            job.error = job.error or _storage_error(error)

    def _run_one(self, job: Job, alone: bool) -> None:
        connection = self._connection
        try:
            if not alone:
                connection.execute("savepoint one")
            job.value = job.work(self._transaction) if job.work else None
            if not alone:
                connection.execute("release one")
        except Exception as error:  # any failure of the work belongs to whoever asked for it
            job.error = _storage_error(error) if isinstance(error, sqlite3.Error) else error
            self._is_suspect = self._is_suspect or (isinstance(error, sqlite3.Error) and "I/O" in str(error))
            self._transaction.forget()
            if alone:
                return
            if not connection.in_transaction:
                # A full disk made SQLite undo the whole transaction: nobody's work of this group is there.
                raise sqlite3.OperationalError(f"the transaction is gone: {error}") from error
            connection.execute("rollback to one")
            connection.execute("release one")


def _storage_error(error: Exception) -> StorageError:
    text = str(error)
    if "full" in text:
        return StorageError(NO_ROOM[0], text, NO_ROOM[2])
    return StorageError("a working database", text, "run `xstock doctor`; a damaged file is restored from peers")
