"""Notes, peers and acts in PostgreSQL."""

import secrets

from xstock_node.storage.values import Act, PeerState, StoredNote
from xstock_postgresql.connection import Line, upsert

_PEER = upsert("peer", "network name", "cursor acked last_in last_out refusals last_refusal")


class PostgresJournal:
    """See `Journal`. Its id is random and new with every new database."""

    def __init__(self, line: Line) -> None:
        self._db = line

    def id(self) -> str:
        row = self._db.one("select value from meta where key = 'journal'")
        if row is None:
            value = secrets.token_hex(8)
            self._db.execute("insert into meta values ('journal', %s)", (value,))
            return value
        return str(row[0])

    def renew(self) -> str:
        self._db.execute("delete from meta where key = 'journal'")
        return self.id()

    def put(self, subject: str, raw: bytes) -> int:
        self._db.execute("delete from note where subject = %s", (subject,))
        return int(
            self._db.one("insert into note (subject, raw) values (%s, %s) returning position", (subject, raw))[0]
        )

    def since(self, position: int, most: int) -> list[StoredNote]:
        query = "select position, subject, raw from note where position > %s order by position limit %s"
        return [StoredNote(*row) for row in self._db.rows(query, (position, most))]

    def last(self) -> int:
        return int(self._db.one("select coalesce(max(position), 0) from note")[0])


class PostgresPeers:
    """See `Peers`."""

    def __init__(self, line: Line) -> None:
        self._db = line

    def get(self, network: str, name: str) -> PeerState:
        query = (
            "select network, name, cursor, acked, last_in, last_out, refusals, last_refusal from peer"
            " where network = %s and name = %s"
        )
        row = self._db.one(query, (network, name))
        return PeerState(network, name) if row is None else PeerState(*row)

    def put(self, state: PeerState) -> None:
        self._db.execute(_PEER, state)


class PostgresActs:
    """See `Acts`."""

    def __init__(self, line: Line) -> None:
        self._db = line

    def add(self, act: Act) -> None:
        self._db.execute("insert into act (at, actor, verb, subject, detail) values (%s, %s, %s, %s, %s)", act)

    def last(self, count: int) -> list[Act]:
        query = "select at, actor, verb, subject, detail from act order by n desc limit %s"
        return [Act(*row) for row in self._db.rows(query, (count,))]

    def since(self, position: int, most: int) -> list[tuple[int, Act]]:
        query = "select n, at, actor, verb, subject, detail from act where n > %s order by n limit %s"
        return [(row[0], Act(*row[1:])) for row in self._db.rows(query, (position, most))]
