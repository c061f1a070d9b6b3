"""Who leads: a lock that lives as long as one connection, and a term that every write reads.

- The lock (`pg_try_advisory_lock`) chooses. It is held by a connection that does nothing else: when the process or its
  machine dies, the server closes that connection and the lock is free.
- The term decides. Who takes the lock raises the term by one, and waits for every write that is under way. Each write
  begins by reading the term under a row lock, so that a process that led before, and has not noticed, writes nothing:
  what it began before the new term was committed first, what it begins later finds another term.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg

from xstock_node.storage.errors import StorageError
from xstock_postgresql.connection import Line

LOOK_SECONDS = 1.0
FENCE = "select term from leader for share"
Connect = Callable[[], "psycopg.Connection[tuple[Any, ...]]"]


class Leadership:
    """The lock of one process, and its term while it leads."""

    def __init__(self, connect: Connect, key: int, holder: str) -> None:
        self._connect, self._key, self._holder = connect, key, holder
        self._guard = threading.Lock()
        self._line: Line | None = None
        self._ended = threading.Event()
        self.term = 0

    @property
    def leads(self) -> bool:
        """Whether this process may write, as far as it knows; the term of each write makes sure."""
        return self.term > 0

    def take(self) -> bool:
        """Lead unless another does. Raises `StorageError` where the server does not answer."""
        with self._guard:
            if self.leads:
                return True
            try:
                if self._line is None or self._line.connection.closed:
                    self._line = Line(self._connect())
                if not self._line.one("select pg_try_advisory_lock(%s)", (self._key,))[0]:
                    return False
                self.term = self._next_term(self._line)
            except psycopg.Error as error:
                self._drop()
                raise StorageError(
                    "a PostgreSQL server that answers", " ".join(str(error).split()), "look at the server"
                ) from None
            self._ended.clear()
            threading.Thread(target=self._watch, name="xstock-leader", daemon=True).start()
            return True

    def give_up(self) -> None:
        """Lead no more: the connection is closed, and with it the lock is free."""
        self.term = 0
        self._ended.set()
        with self._guard:
            self._drop()

    def _next_term(self, line: Line) -> int:
        query = "update leader set term = term + 1, holder = %s, since = %s returning term"
        return int(line.one(query, (self._holder, int(time.time())))[0])

    def _watch(self) -> None:
        """Look whether the connection still lives."""
        while not self._ended.wait(LOOK_SECONDS):
            with self._guard:
                if self._line is None or not self.leads:
                    return
                try:
                    self._line.one("select 1")
                except psycopg.Error:
                    self.term = 0
                    self._drop()
                    return

    def _drop(self) -> None:
        self.term = 0
        if self._line is not None:
            self._line.connection.close()
            self._line = None
