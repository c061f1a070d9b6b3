"""One transaction over all stores of a connection."""

import sqlite3

from xstock_node.storage.sqlite.cases import SqliteCases
from xstock_node.storage.sqlite.governance import SqliteGovernance
from xstock_node.storage.sqlite.journal import SqliteActs, SqliteJournal, SqlitePeers
from xstock_node.storage.sqlite.logs import SqliteLogs
from xstock_node.storage.sqlite.mail import SqliteMail, SqliteWitnesses
from xstock_node.storage.sqlite.objects import SqliteObjects
from xstock_node.storage.sqlite.offers import SqliteOffers
from xstock_node.storage.sqlite.stock import SqliteStock


class SqliteTransaction:
    """See `Transaction`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.logs = SqliteLogs(connection)
        self.offers = SqliteOffers(connection, self.logs)
        self.journal = SqliteJournal(connection)
        self.stock = SqliteStock(connection)
        self.peers = SqlitePeers(connection)
        self.governance = SqliteGovernance(connection, self.logs)
        self.cases = SqliteCases(connection)
        self.mail = SqliteMail(connection)
        self.witnesses = SqliteWitnesses(connection)
        self.acts = SqliteActs(connection)
        self.objects = SqliteObjects(connection)

    def forget(self) -> None:
        """Forget what was remembered of rows that were rolled back."""
        self.logs.forget()
