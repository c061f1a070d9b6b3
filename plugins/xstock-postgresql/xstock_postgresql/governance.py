"""Charters, statements of governors, forks, applications and invitations in PostgreSQL."""

from xstock_node.protocol.names import LogId, LogName
from xstock_node.storage.values import Application, Invite, StoredCharter, StoredFork, StoredStatement
from xstock_postgresql.connection import Line, upsert
from xstock_postgresql.logs import PostgresLogs

_CHARTER = upsert("charter", "network version", "heard raw conflict")
_APPLICATION = upsert("application", "network name", "at sponsor contact invited identity")
_INVITE = upsert("invite", "network hash", "made exp remark used")


class PostgresGovernance:
    """See `Governance`."""

    def __init__(self, line: Line, logs: PostgresLogs) -> None:
        self._db = line
        self._logs = logs

    def charters(self, network: str) -> list[StoredCharter]:
        query = "select network, version, heard, raw, conflict from charter where network = %s order by version"
        return [StoredCharter(*row) for row in self._db.rows(query, (network,))]

    def networks(self) -> list[str]:
        return self._db.column("select distinct network from charter order by network")

    def put_charter(self, charter: StoredCharter) -> None:
        self._db.execute(_CHARTER, charter)

    def statements(self, network: str) -> list[StoredStatement]:
        query = (
            "select l.node, l.log, s.idx, s.heard, s.line from statement s join log l on l.ref = s.log"
            " where l.network = %s order by l.node, s.idx"
        )
        rows = self._db.rows(query, (network,))
        return [StoredStatement(LogName(node, log), *rest) for node, log, *rest in rows]

    def put_statement(self, statement: StoredStatement) -> None:
        row = (self._logs.ref(statement.log), *statement[1:])
        self._db.execute("insert into statement values (%s, %s, %s, %s) on conflict do nothing", row)

    def cut_statements(self, log: LogName, size: int) -> None:
        self._db.execute("delete from statement where log = %s and idx >= %s", (self._logs.ref(log), size))

    def forks(self) -> list[StoredFork]:
        rows = self._db.rows("select node, log, epoch, at, raw from fork order by at, node, log, epoch")
        return [StoredFork(LogId(*row[:3]), *row[3:]) for row in rows]

    def put_fork(self, fork: StoredFork) -> None:
        query = "insert into fork values (%s, %s, %s, %s, %s) on conflict do nothing"
        self._db.execute(query, (*fork.log, fork.at, fork.raw))

    def applications(self, network: str) -> list[Application]:
        query = (
            "select network, name, at, sponsor, contact, invited, identity from application"
            " where network = %s order by at, name"
        )
        return [Application(*row) for row in self._db.rows(query, (network,))]

    def put_application(self, application: Application) -> None:
        network, name, *rest = application
        self._db.execute(_APPLICATION, (network, name, *rest[:3], bool(application.invited), application.identity))

    def drop_application(self, network: str, name: str) -> None:
        self._db.execute("delete from application where network = %s and name = %s", (network, name))

    def invites(self, network: str) -> list[Invite]:
        query = "select network, hash, made, exp, remark, used from invite where network = %s order by made, hash"
        return [Invite(*row) for row in self._db.rows(query, (network,))]

    def put_invite(self, invite: Invite) -> None:
        self._db.execute(_INVITE, invite)
