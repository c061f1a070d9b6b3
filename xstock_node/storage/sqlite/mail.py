"""Sealed mail kept for others, and what was witnessed, in SQLite."""

import sqlite3
from builtins import list as listed

from xstock_node.protocol.names import LogName
from xstock_node.storage.values import SealedMail, StoredCosignature


class SqliteMail:
    """See `Mail`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def list(self, recipient: str) -> listed[SealedMail]:
        query = "select recipient, hash, sender, at, size from relay where recipient = ? order by at, hash"
        return [SealedMail(*row) for row in self._db.execute(query, (recipient,))]

    def get(self, recipient: str, hash_: str) -> SealedMail | None:
        query = "select recipient, hash, sender, at, size, data from relay where recipient = ? and hash = ?"
        row = self._db.execute(query, (recipient, hash_)).fetchone()
        return None if row is None else SealedMail(*row)

    def put(self, mail: SealedMail) -> None:
        self._db.execute("insert or ignore into relay values (?, ?, ?, ?, ?, ?)", mail)

    def delete(self, recipient: str, hash_: str) -> None:
        self._db.execute("delete from relay where recipient = ? and hash = ?", (recipient, hash_))

    def expire(self, before: int) -> None:
        self._db.execute("delete from relay where at < ?", (before,))


class SqliteWitnesses:
    """See `Witnesses`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def held(self, log: LogName) -> bytes:
        row = self._db.execute("select head from witnessed where node = ? and log = ?", log).fetchone()
        return b"" if row is None else bytes(row[0])

    def hold(self, log: LogName, at: int, head: bytes) -> None:
        self._db.execute("insert or replace into witnessed values (?, ?, ?, ?)", (*log, at, head))

    def cosignatures(self, log: LogName) -> listed[StoredCosignature]:
        query = "select epoch, size, witness, at, line from cosignature where node = ? and log = ? order by epoch, size"
        return [StoredCosignature(log, *row) for row in self._db.execute(query, log)]

    def put_cosignature(self, cosignature: StoredCosignature) -> None:
        values = (*cosignature.log, *cosignature[1:])
        self._db.execute("insert or replace into cosignature values (?, ?, ?, ?, ?, ?, ?)", values)
