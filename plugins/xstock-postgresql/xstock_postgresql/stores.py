"""One transaction over all stores of a connection."""

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
from xstock_postgresql.cases import PostgresCases
from xstock_postgresql.connection import Line
from xstock_postgresql.governance import PostgresGovernance
from xstock_postgresql.journal import PostgresActs, PostgresJournal, PostgresPeers
from xstock_postgresql.logs import PostgresLogs
from xstock_postgresql.mail import PostgresMail, PostgresWitnesses
from xstock_postgresql.objects import PostgresObjects
from xstock_postgresql.offers import PostgresOffers
from xstock_postgresql.plugins import PostgresPluginStores
from xstock_postgresql.stock import PostgresStock


class PostgresTransaction:
    """See `Transaction`."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._logs = PostgresLogs(line)
        self.logs: Logs = self._logs
        self.offers: Offers = PostgresOffers(line, self._logs)
        self.journal: Journal = PostgresJournal(line)
        self.stock: Stock = PostgresStock(line)
        self.peers: Peers = PostgresPeers(line)
        self.governance: Governance = PostgresGovernance(line, self._logs)
        self.cases: Cases = PostgresCases(line)
        self.mail: Mail = PostgresMail(line)
        self.witnesses: Witnesses = PostgresWitnesses(line)
        self.acts: Acts = PostgresActs(line)
        self.objects: Objects = PostgresObjects(line)
        self.plugins: PluginStores = PostgresPluginStores(line)

    def forget(self) -> None:
        """Forget what was remembered of rows that were rolled back."""
        self._logs.forget()
