"""What the people of a node keep, in SQLite."""

import sqlite3
from builtins import list as listed

from xstock_node.storage.values import StoredObject


class SqliteObjects:
    """See `Objects`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, kind: str, id_: str) -> StoredObject | None:
        query = "select kind, id, changed, body from object where kind = ? and id = ?"
        row = self._db.execute(query, (kind, id_)).fetchone()
        return None if row is None else StoredObject(*row)

    def list(self, kind: str) -> listed[StoredObject]:
        query = "select kind, id, changed, body from object where kind = ? order by id"
        return [StoredObject(*row) for row in self._db.execute(query, (kind,))]

    def put(self, found: StoredObject) -> None:
        self._db.execute("insert or replace into object values (?, ?, ?, ?)", found)

    def drop(self, kind: str, id_: str) -> bool:
        return self._db.execute("delete from object where kind = ? and id = ?", (kind, id_)).rowcount > 0

    def drop_older(self, kind: str, before: int) -> int:
        return self._db.execute("delete from object where kind = ? and changed < ?", (kind, before)).rowcount
