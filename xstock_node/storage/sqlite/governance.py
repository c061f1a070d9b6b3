"""Charters, statements of governors, forks, applications and invitations in SQLite."""

import sqlite3

from xstock_node.protocol.names import LogId, LogName
from xstock_node.storage.sqlite.logs import SqliteLogs
from xstock_node.storage.values import Application, Invite, StoredCharter, StoredFork, StoredStatement


class SqliteGovernance:
    """See `Governance`."""

    def __init__(self, connection: sqlite3.Connection, logs: SqliteLogs) -> None:
        self._db = connection
        self._logs = logs

    def charters(self, network: str) -> list[StoredCharter]:
        query = "select network, version, heard, raw, conflict from charter where network = ? order by version"
        return [StoredCharter(*row) for row in self._db.execute(query, (network,))]

    def networks(self) -> list[str]:
        return [row[0] for row in self._db.execute("select distinct network from charter order by network")]

    def put_charter(self, charter: StoredCharter) -> None:
        self._db.execute("insert or replace into charter values (?, ?, ?, ?, ?)", charter)

    def statements(self, network: str) -> list[StoredStatement]:
        query = (
            "select l.node, l.log, s.idx, s.heard, s.line from statement s join log l on l.ref = s.log"
            " where l.network = ? order by l.node, s.idx"
        )
        rows = self._db.execute(query, (network,))
        return [StoredStatement(LogName(node, log), *rest) for node, log, *rest in rows]

    def put_statement(self, statement: StoredStatement) -> None:
        row = (self._logs.ref(statement.log), *statement[1:])
        self._db.execute("insert or ignore into statement values (?, ?, ?, ?)", row)

    def cut_statements(self, log: LogName, size: int) -> None:
        self._db.execute("delete from statement where log = ? and idx >= ?", (self._logs.ref(log), size))

    def forks(self) -> list[StoredFork]:
        rows = self._db.execute("select node, log, epoch, at, raw from fork order by at, node, log, epoch")
        return [StoredFork(LogId(*row[:3]), *row[3:]) for row in rows]

    def put_fork(self, fork: StoredFork) -> None:
        self._db.execute("insert or ignore into fork values (?, ?, ?, ?, ?)", (*fork.log, fork.at, fork.raw))

    def applications(self, network: str) -> list[Application]:
        rows = self._db.execute("select * from application where network = ? order by at, name", (network,))
        return [Application(*row[:5], bool(row[5]), row[6]) for row in rows]  # type: ignore[call-arg]

    def put_application(self, application: Application) -> None:
        row = application._replace(invited=int(application.invited))  # type: ignore[arg-type]
        self._db.execute("insert or replace into application values (?, ?, ?, ?, ?, ?, ?)", row)

    def drop_application(self, network: str, name: str) -> None:
        self._db.execute("delete from application where network = ? and name = ?", (network, name))

    def invites(self, network: str) -> list[Invite]:
        rows = self._db.execute("select * from invite where network = ? order by made, hash", (network,))
        return [Invite(*row) for row in rows]

    def put_invite(self, invite: Invite) -> None:
        self._db.execute("insert or replace into invite values (?, ?, ?, ?, ?, ?)", invite)
