"""What is held of one network: the newest head of every log in memory, what is frozen, and the digest of it all."""

from collections import defaultdict
from collections.abc import Callable

from xstock_node.protocol import gossip, heads, limits
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import LogName
from xstock_node.services.directory import Directory
from xstock_node.services.membership import Membership
from xstock_node.storage.interfaces import Engine


class Held:
    """The newest heads of one network, own ones included. `changed` is called with a log whose records grew or whose
    epoch is new.
    """

    def __init__(self, engine: Engine, directory: Directory, membership: Membership) -> None:
        self.heads: dict[LogName, Head] = {}
        self.raw: dict[LogName, bytes] = {}
        self.frozen: set[LogName] = set()
        self.changed: Callable[[LogName, bool], None] = lambda log, grown: None
        self._engine, self._directory, self._membership = engine, directory, membership
        self._digests: dict[str, str] = {}
        self._logs_of: defaultdict[str, set[LogName]] = defaultdict(set)

    async def load(self) -> None:
        """Read the heads held from storage."""
        for state in await self._engine.read(lambda tx: tx.logs.states()):
            if state.log.network != self._membership.network:
                continue
            if state.audience:
                self._membership.rules(state.log, state.audience)
            if state.head:
                self.note(heads.parse(state.head)[0], state.head, changed=False)
            if state.frozen:
                self.frozen.add(state.log)

    def note(self, head: Head, raw: bytes, changed: bool = True) -> None:
        """Remember a head that is stored, and tell who listens."""
        log = head.log.name
        before = self.heads.get(log)
        if before is not None and (head.log.epoch, head.size, head.time) < (before.log.epoch, before.size, before.time):
            return
        if before is not None and head.log.epoch > before.log.epoch:
            self.thaw(log)
        self.heads[log], self.raw[log] = head, raw
        self._logs_of[log.node].add(log)
        if before is None or before[:3] != head[:3]:  # a heartbeat says nothing new but its time
            self._digests.clear()
        if changed:
            grown = before is None or (before.size, before.log.epoch) != (head.size, head.log.epoch)
            self.changed(log, grown)

    def forget_digest(self) -> None:
        """Somebody's standing changed: what counts is not what counted."""
        self._digests.clear()

    def digest(self, name: str = "") -> str:
        """The digest of everything held that `name` may see too: newest epochs, without frozen and greyed logs."""
        name = name if self._membership.has_audiences() else ""
        found = self._digests.get(name)
        if found is None:
            counted = self.shared_with(name) if name else [head for _, head in self._counted()]
            found = self._digests[name] = gossip.digest((head.log, head.size, head.root) for head in counted)
        return found

    def shared_with(self, name: str) -> list[Head]:
        """The heads that `name` may see, as `all` counts them."""
        sees = self._membership.sees
        return [head for log, head in self._counted() if sees(name, log)]

    def _counted(self) -> list[tuple[LogName, Head]]:
        members = {name for name, found in self._membership.standings().items() if found.is_member}
        frozen = self.frozen
        return [(log, head) for log, head in self.heads.items() if log.node in members and log not in frozen]

    def concerns(self, head: Head) -> bool:
        """Whether a head is of a log that this node replicates, of an origin that is known (xs1 2.7)."""
        log = head.log.name
        if not self._membership.takes(log) or self._directory.get(log.node) is None:
            return False
        others = self._logs_of[log.node] - {log}
        return len(others) < limits.LOGS_A_MEMBER

    def freeze(self, log: LogName) -> None:
        """Two histories of a log are known: it counts no more until a newer epoch comes."""
        self.frozen.add(log)
        self._digests.clear()

    def thaw(self, log: LogName) -> None:
        """One history of a log holds again."""
        if log in self.frozen:
            self.frozen.discard(log)
            self._digests.clear()

    def drop(self, log: LogName) -> None:
        """Hold no head of a log any more."""
        self.heads.pop(log, None)
        self.raw.pop(log, None)
        self._logs_of[log.node].discard(log)
        self._digests.clear()

    def tell_of(self, log: LogName) -> None:
        """Something is proved about a log, which concerns who holds its newest head too."""
        self.changed(LogName(log.node, "") if log.is_for_all else log, True)
