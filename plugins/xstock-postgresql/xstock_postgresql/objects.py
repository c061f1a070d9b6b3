"""What the people of a node keep, in PostgreSQL."""

from builtins import list as listed

from xstock_node.storage.values import StoredObject
from xstock_postgresql.connection import Line, upsert

_OBJECT = upsert("object", "kind id", "changed body")


class PostgresObjects:
    """See `Objects`."""

    def __init__(self, line: Line) -> None:
        self._db = line

    def get(self, kind: str, id_: str) -> StoredObject | None:
        row = self._db.one("select kind, id, changed, body from object where kind = %s and id = %s", (kind, id_))
        return None if row is None else StoredObject(*row)

    def list(self, kind: str) -> listed[StoredObject]:
        rows = self._db.rows("select kind, id, changed, body from object where kind = %s order by id", (kind,))
        return [StoredObject(*row) for row in rows]

    def put(self, found: StoredObject) -> None:
        self._db.execute(_OBJECT, found)

    def drop(self, kind: str, id_: str) -> bool:
        return self._db.count("delete from object where kind = %s and id = %s", (kind, id_)) > 0

    def drop_older(self, kind: str, before: int) -> int:
        return self._db.count("delete from object where kind = %s and changed < %s", (kind, before))
