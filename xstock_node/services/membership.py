"""Membership: who belongs to one network here, and what each may read and give.

Without a charter the pinned peers are the members. With one, the governors' statements decide, and a pin only keeps
the line open to who has no standing.
"""

from collections.abc import Callable, Iterable

from xstock_node.protocol import charter, limits, records
from xstock_node.protocol.charter import Charter
from xstock_node.protocol.errors import Fork, NotFound
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.membership import Standing, Statement, fold, may_read, root_hash
from xstock_node.protocol.names import GOVERNANCE, LogName
from xstock_node.protocol.records import Audience, Revoke, Vouch
from xstock_node.storage.interfaces import Engine, Transaction
from xstock_node.storage.values import StoredCharter
from xstock_node.trace import Trace

FOLD_SECONDS = 60
FAR = 2**53 - 1


class Membership:
    """One network's charters and standings. `changed` is told when somebody's standing changed."""

    def __init__(
        self,
        engine: Engine,
        network: str,
        own: Identity,
        pinned: Iterable[Identity],
        now: Callable[[], int],
        trace: Trace,
    ) -> None:
        self.network = network
        self.charters: list[Charter] = []
        self.conflicts: dict[int, bytes] = {}
        self.changed: Callable[[], None] = lambda: None
        self.objections: Callable[[str], tuple[str, ...]] = lambda name: ()
        self._engine, self._now, self._trace = engine, now, trace
        self.own = own
        self._pinned = {found.name: root_hash(found.root) for found in (*pinned, own)}
        self._audiences: dict[LogName, Audience] = {}
        self._statements: list[Statement] = []
        self._standings: dict[str, Standing] = {}
        self._folded = -FOLD_SECONDS

    async def load(self) -> None:
        """Read charters and statements from storage."""
        for stored in await self._engine.read(lambda tx: tx.governance.charters(self.network)):
            self.charters.append(charter.parse(stored.raw))
            if stored.conflict:
                self.conflicts[stored.version] = stored.conflict
        await self.refresh()

    @property
    def charter(self) -> Charter | None:
        """The newest charter, or None where this network has none here."""
        return self.charters[-1] if self.charters else None

    @property
    def live_records(self) -> int:
        """How many live offers the newest charter allows a member (xs1 21.5)."""
        return self.charter.terms.records if self.charter else limits.LIVE_RECORDS

    def standings(self) -> dict[str, Standing]:
        """Everybody's standing now."""
        if not 0 <= self._now() - self._folded < FOLD_SECONDS:
            self._fold()
        return self._standings

    def standing(self, name: str) -> Standing | None:
        """Where a name stands, or None for a stranger."""
        return self.standings().get(name)

    def is_member(self, name: str) -> bool:
        """Whether what this name says that is new is taken (xs1 14.6)."""
        found = self.standing(name)
        return found is not None and found.is_member

    def admits(self, identity: Identity) -> bool:
        """Whether the governors, or a pin, stand for this name under this root key."""
        found = self.standing(identity.name)
        return found is not None and found.root == root_hash(identity.root)

    def contests(self, identity: Identity) -> bool:
        """Whether the owner of an identity objects to the root key that governors vouched for it."""
        found = self.standing(identity.name)
        return found is not None and bool(found.next_root) and found.next_root in identity.statement.objects

    def takes(self, log: LogName) -> bool:
        """Whether a log of this network is replicated here; nothing is said of whose signature it bears."""
        if log.log.partition(".")[0] != self.network or not self.is_member(log.node):
            return False
        if log.label == GOVERNANCE:  # xs1 14.11
            return any(c.governor(log.node) for c in self.charters)
        return True

    def sees(self, name: str, log: LogName) -> bool:
        """Whether a caller may read a log held here (xs1 14.12, 15.2)."""
        if log.network != self.network:
            return False
        if name == log.node:
            return True
        if log.is_for_all:
            return self.standing(name) is not None
        ruling = self._audiences.get(log)  # xs1 15.3
        return ruling is not None and may_read(self.standing(name), ruling.names, ruling.tiers)

    def rules(self, log: LogName, line: str) -> None:
        """The ruling audience record of a log held here."""
        found = records.interpret(line.encode())
        if isinstance(found, Audience):
            self._audiences[log] = found

    def is_ruled(self, log: LogName) -> bool:
        """Whether it is an audience log whose ruling record is held."""
        return log in self._audiences

    def has_audiences(self) -> bool:
        """Whether what peers may see differs from one to another."""
        return bool(self._audiences)

    async def learn_charter(self, raw: bytes) -> bool:
        """Take a charter that follows the newest one held; True when it is new. Two texts of one version: keep both."""
        new = charter.parse(raw)
        if new.network != self.network:
            raise NotFound(f"a charter of {self.network}", new.network)
        held = self.charter
        if held is None:
            raise NotFound("a charter that this node's operator took", new.hash(), "run `xstock peer join`")
        same = next((c for c in self.charters if c.version == new.version), None)
        if same is not None and same.note.text != new.note.text:
            await self._keep_conflict(new)
        if new.version <= held.version:
            return False
        charter.check_successor(held, new)
        await self.put_charter(new)
        return True

    async def put_charter(self, new: Charter) -> None:
        """Keep a charter that was checked, and journal it for the peers."""
        stored = StoredCharter(self.network, new.version, self._now(), new.raw)

        def work(tx: Transaction) -> None:
            tx.governance.put_charter(stored)
            tx.journal.put(f"charter {self.network} {new.version}", new.raw)

        await self._engine.write(work, durable=True)
        self.charters.append(new)
        self.charters.sort(key=lambda c: c.version)
        self._trace.info("charter", network=self.network, version=new.version, hash=new.hash())
        await self.refresh()

    async def _keep_conflict(self, new: Charter) -> None:
        held = next(c for c in self.charters if c.version == new.version)
        if new.version not in self.conflicts:
            self.conflicts[new.version] = new.raw
            stored = StoredCharter(self.network, held.version, self._now(), held.raw, new.raw)

            def work(tx: Transaction) -> None:
                tx.governance.put_charter(stored)
                tx.journal.put(f"charter {self.network} {new.version} second", new.raw)

            await self._engine.write(work, durable=True)
            self._trace.error("two-charters", network=self.network, version=new.version, hash=new.hash())
        raise Fork("one text a version", f"two of version {new.version}", "the first is kept; telephone the governors")

    async def refresh(self) -> None:
        """Fold again after charters or `net` logs changed."""
        stored = await self._engine.read(lambda tx: tx.governance.statements(self.network))
        self._statements = []
        for row in stored:
            record = records.interpret(row.line)
            if isinstance(record, Vouch | Revoke):
                self._statements.append(Statement(row.log.node, row.index, record, row.heard))
        self._fold()

    def _fold(self) -> None:
        before = self._standings
        self._folded = self._now()
        found = fold(self.charters, self._statements, self._folded, self.objections)
        for name, root in self._pinned.items():
            if name not in found:
                found[name] = Standing(name, "member", "live", root, FAR)
        self._standings = found
        if _gist(before) != _gist(found):
            self.changed()


def _gist(standings: dict[str, Standing]) -> dict[str, tuple[str, str, str]]:
    return {name: (found.state, found.root, found.tier) for name, found in standings.items()}
