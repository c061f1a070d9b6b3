"""Notes, peers and acts in SQLite."""

import secrets
import sqlite3

from xstock_node.storage.values import Act, PeerState, StoredNote


class SqliteJournal:
    """See `Journal`. Its id is random and new with every new database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def id(self) -> str:
        row = self._db.execute("select value from meta where key = 'journal'").fetchone()
        if row is None:
            value = secrets.token_hex(8)
            self._db.execute("insert into meta values ('journal', ?)", (value,))
            return value
        return str(row[0])

    def renew(self) -> str:
        self._db.execute("delete from meta where key = 'journal'")
        return self.id()

    def put(self, subject: str, raw: bytes) -> int:
        self._db.execute("delete from note where subject = ?", (subject,))
        return int(self._db.execute("insert into note (subject, raw) values (?, ?)", (subject, raw)).lastrowid or 0)

    def since(self, position: int, most: int) -> list[StoredNote]:
        query = "select position, subject, raw from note where position > ? order by position limit ?"
        return [StoredNote(*row) for row in self._db.execute(query, (position, most))]

    def last(self) -> int:
        return int(self._db.execute("select coalesce(max(position), 0) from note").fetchone()[0])


class SqlitePeers:
    """See `Peers`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, network: str, name: str) -> PeerState:
        row = self._db.execute("select * from peer where network = ? and name = ?", (network, name)).fetchone()
        return PeerState(network, name) if row is None else PeerState(*row)

    def put(self, state: PeerState) -> None:
        self._db.execute("insert or replace into peer values (?, ?, ?, ?, ?, ?, ?, ?)", state)


class SqliteActs:
    """See `Acts`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, act: Act) -> None:
        self._db.execute("insert into act (at, actor, verb, subject, detail) values (?, ?, ?, ?, ?)", act)

    def last(self, count: int) -> list[Act]:
        query = "select at, actor, verb, subject, detail from act order by n desc limit ?"
        return [Act(*row) for row in self._db.execute(query, (count,))]

    def since(self, position: int, most: int) -> list[tuple[int, Act]]:
        query = "select n, at, actor, verb, subject, detail from act where n > ? order by n limit ?"
        return [(row[0], Act(*row[1:])) for row in self._db.execute(query, (position, most))]
