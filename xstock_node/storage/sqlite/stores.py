"""One transaction over all stores of a connection."""

import sqlite3

from xstock_node.storage.interfaces import (
    Acts,
    Cases,
    Governance,
    Journal,
    Logs,
    Mail,
    Objects,
    Offers,
    Peers,
    PluginStores,
    Stock,
    Witnesses,
)
from xstock_node.storage.sqlite.cases import SqliteCases
from xstock_node.storage.sqlite.governance import SqliteGovernance
from xstock_node.storage.sqlite.journal import SqliteActs, SqliteJournal, SqlitePeers
from xstock_node.storage.sqlite.logs import SqliteLogs
from xstock_node.storage.sqlite.mail import SqliteMail, SqliteWitnesses
from xstock_node.storage.sqlite.objects import SqliteObjects
from xstock_node.storage.sqlite.offers import SqliteOffers
from xstock_node.storage.sqlite.plugins import SqlitePluginStores
from xstock_node.storage.sqlite.stock import SqliteStock
from xstock_node.storage.sqlite.vocabulary import Vocabulary


class SqliteTransaction:
    """See `Transaction`."""

    def __init__(self, connection: sqlite3.Connection, vocabulary: Vocabulary) -> None:
        self.connection = connection
        self._logs = SqliteLogs(connection)
        self.logs: Logs = self._logs
        self.offers: Offers = SqliteOffers(connection, self._logs, vocabulary)
        self.journal: Journal = SqliteJournal(connection)
        self.stock: Stock = SqliteStock(connection)
        self.peers: Peers = SqlitePeers(connection)
        self.governance: Governance = SqliteGovernance(connection, self._logs)
        self.cases: Cases = SqliteCases(connection)
        self.mail: Mail = SqliteMail(connection)
        self.witnesses: Witnesses = SqliteWitnesses(connection)
        self.acts: Acts = SqliteActs(connection)
        self.objects: Objects = SqliteObjects(connection)
        self.plugins: PluginStores = SqlitePluginStores(connection)

    def forget(self) -> None:
        """Forget what was remembered of rows that were rolled back."""
        self._logs.forget()
