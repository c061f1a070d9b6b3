"""The words of all keys, in memory: a beginning that few words have is asked for by those words.

For a prefix FTS5 puts all rows of all its words together before it gives the first; of whole words it gives the newest
first and ends early. Of a million offers twenty are found in 0.3 ms instead of 7. Erased words are forgotten with the
process, and nothing is written.
"""

import sqlite3
from bisect import bisect_left, insort
from collections.abc import Iterable
from enum import Enum
from threading import Lock

FEW = 32  # words that stand for one beginning
WORDS_MOST = 200_000
OFFERS_LEAST = 10_000  # below that a prefix costs next to nothing
AT_ONCE = 1_000  # keys that are read in one go, so that a search between waits a millisecond
AFTER_EVERY_WORD = "{"  # words are of letters and digits alone


class State(Enum):
    """Nobody asked yet; somebody did; somebody sees to it; being read; whole; more words than are kept."""

    UNREAD, WANTED, CLAIMED, READING, WHOLE, TOO_MANY = range(6)


class Vocabulary:
    """`beginning` answers once every key was read: who has it claimed calls `begin` where nothing is being put, and
    `learn` until all is read; all that is put meanwhile and later comes to `add`.
    """

    def __init__(self) -> None:
        self._state = State.UNREAD
        self._words: list[str] = []
        self._known: set[str] = set()
        self._lock = Lock()

    @property
    def is_wanted(self) -> bool:
        """Whether somebody asked for a beginning, and nobody reads the words yet."""
        return self._state is State.WANTED

    def claim(self) -> bool:
        """Whether it is for the caller, and for nobody else, to have the words read."""
        with self._lock:
            if self._state is not State.WANTED:
                return False
            self._state = State.CLAIMED
            return True

    def begin(self) -> None:
        """From here on every key that is put comes to `add`."""
        self._state = State.READING

    def end(self) -> None:
        """All keys were read."""
        if self._state is State.READING:
            self._state = State.WHOLE

    def add(self, keys: Iterable[str]) -> None:
        """Learn the words of keys, those of a put that is rolled back too: a word that no offer has does no harm."""
        if self._state not in (State.READING, State.WHOLE):
            return
        new = {word for key in keys for word in key.split()} - self._known
        with self._lock:
            for word in new - self._known:
                self._known.add(word)
                insort(self._words, word)
            if len(self._words) > WORDS_MOST:
                self._state, self._words, self._known = State.TOO_MANY, [], set()

    def beginning(self, prefix: str) -> list[str] | None:
        """The words that begin so; None where they are too many, or not known yet."""
        if self._state is State.UNREAD:
            self._state = State.WANTED
        if self._state is not State.WHOLE:
            return None
        words = self._words
        first, end = bisect_left(words, prefix), bisect_left(words, prefix + AFTER_EVERY_WORD)
        return words[first:end] if end - first <= FEW else None


def learn(connection: sqlite3.Connection, vocabulary: Vocabulary, first: int) -> int | None:
    """Learn the words of some offers from number `first` on; the number to go on from, None at the end."""
    query = "select ref, key from offer where ref >= ? order by ref limit ?"
    rows = connection.execute(query, (first, AT_ONCE)).fetchall()
    vocabulary.add(key for _, key in rows)
    if len(rows) == AT_ONCE:
        return int(rows[-1][0]) + 1
    vocabulary.end()
    return None
