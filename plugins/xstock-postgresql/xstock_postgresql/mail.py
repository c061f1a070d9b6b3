"""Sealed mail kept for others, and what was witnessed, in PostgreSQL."""

from builtins import list as listed

from xstock_node.protocol.names import LogName
from xstock_node.storage.values import SealedMail, StoredCosignature
from xstock_postgresql.connection import Line, upsert

_WITNESSED = upsert("witnessed", "node log", "at head")
_COSIGNATURE = upsert("cosignature", "node log epoch size witness", "at line")


class PostgresMail:
    """See `Mail`."""

    def __init__(self, line: Line) -> None:
        self._db = line

    def list(self, recipient: str) -> listed[SealedMail]:
        query = "select recipient, hash, sender, at, size from relay where recipient = %s order by at, hash"
        return [SealedMail(*row) for row in self._db.rows(query, (recipient,))]

    def get(self, recipient: str, hash_: str) -> SealedMail | None:
        query = "select recipient, hash, sender, at, size, data from relay where recipient = %s and hash = %s"
        row = self._db.one(query, (recipient, hash_))
        return None if row is None else SealedMail(*row)

    def put(self, mail: SealedMail) -> None:
        self._db.execute("insert into relay values (%s, %s, %s, %s, %s, %s) on conflict do nothing", mail)

    def delete(self, recipient: str, hash_: str) -> None:
        self._db.execute("delete from relay where recipient = %s and hash = %s", (recipient, hash_))

    def expire(self, before: int) -> None:
        self._db.execute("delete from relay where at < %s", (before,))


class PostgresWitnesses:
    """See `Witnesses`."""

    def __init__(self, line: Line) -> None:
        self._db = line

    def held(self, log: LogName) -> bytes:
        row = self._db.one("select head from witnessed where node = %s and log = %s", log)
        return b"" if row is None else bytes(row[0])

    def hold(self, log: LogName, at: int, head: bytes) -> None:
        self._db.execute(_WITNESSED, (*log, at, head))

    def cosignatures(self, log: LogName) -> listed[StoredCosignature]:
        query = (
            "select epoch, size, witness, at, line from cosignature where node = %s and log = %s order by epoch, size"
        )
        return [StoredCosignature(log, *row) for row in self._db.rows(query, log)]

    def put_cosignature(self, cosignature: StoredCosignature) -> None:
        self._db.execute(_COSIGNATURE, (*cosignature.log, *cosignature[1:]))
