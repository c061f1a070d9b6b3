"""What is known of each peer while the node runs: cursors, sizes it showed, refusals; saved now and then."""

from collections import defaultdict
from collections.abc import Callable

from xstock_node.protocol import limits
from xstock_node.protocol.errors import Full, Held, NotFound, ProtocolError, Quota, Unreachable
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import LogName
from xstock_node.protocol.quota import TokenBucket
from xstock_node.storage.interfaces import Engine, Transaction
from xstock_node.storage.values import PeerState
from xstock_node.trace import Trace


class Peering:
    """The book about peers in one network. Who sends what is refused spends an allowance, and then is not heard."""

    def __init__(
        self, engine: Engine, network: str, now: Callable[[], int], steady: Callable[[], float], trace: Trace
    ) -> None:
        self._engine, self._network, self._now, self.steady, self._trace = engine, network, now, steady, trace
        self._states: dict[str, PeerState] = {}
        self._unsaved: set[str] = set()
        self._shown: defaultdict[str, dict[LogName, tuple[tuple[int, int], float]]] = defaultdict(dict)
        self._told: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self._known: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self._asides: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self._allowance: dict[str, TokenBucket] = {}

    async def state(self, name: str) -> PeerState:
        """The state of a peer, from memory or storage."""
        if name not in self._states:
            self._states[name] = await self._engine.read(lambda tx: tx.peers.get(self._network, name))
        return self._states[name]

    def update(self, state: PeerState) -> None:
        """Remember; written to storage by `save`."""
        self._states[state.name] = state
        self._unsaved.add(state.name)

    async def save(self) -> None:
        """Write what changed; a lost state only costs notes sent twice."""
        states = [self._states[name] for name in sorted(self._unsaved)]
        self._unsaved.clear()
        if states:
            await self._engine.write(lambda tx: _put_all(tx, states), durable=False)

    async def called(self, name: str, now: int) -> None:
        """The peer made a round to this node."""
        self.update((await self.state(name))._replace(last_in=now))

    def acknowledged(self, name: str, cursor: str, position: int, now: int) -> None:
        """The peer answered a round: it holds our notes up to `position` and gave a new cursor."""
        state = self._states.get(name, PeerState(self._network, name))
        self.update(state._replace(cursor=cursor, acked=max(state.acked, position), last_out=now))

    def forget(self, name: str) -> None:
        """Begin anew with a peer: everything may be sent and asked for again."""
        self.update(self._states.get(name, PeerState(self._network, name))._replace(cursor="", acked=0))
        self.forget_known(name)

    def forget_known(self, name: str) -> None:
        """Take nothing as known to a peer."""
        for book in (self._known, self._told, self._shown, self._asides):
            book.pop(name, None)

    def forget_asides(self, name: str) -> None:
        """Tell the peer again what is kept aside for it."""
        self._asides.pop(name, None)

    def aside_is_due(self, name: str, subject: str) -> bool:
        """Whether to tell a peer of what is kept aside for it, which an answer that got lost did not: now and then."""
        last, now = self._asides[name].get(subject), self.steady()
        if last is not None and now - last < limits.ROUND_MAX:
            return False
        self._asides[name][subject] = now
        return True

    def showed(self, name: str, head: Head) -> None:
        """The peer holds this head."""
        newest = (head.log.epoch, head.size)
        if newest > (self.shown_by(name, head.log.name) or (0, 0)):
            self._shown[name][head.log.name] = (newest, self.steady())

    def forget_shown(self, origin: str) -> None:
        """What peers showed of an origin's logs may be void now: an older epoch of its is no replay (xs1 7.9)."""
        for book in self._shown.values():
            for log in [log for log in book if log.node == origin]:
                del book[log]

    def shown_by(self, name: str, log: LogName) -> tuple[int, int] | None:
        """The newest (epoch, size) of a log that the peer is known to hold."""
        found = self._shown[name].get(log)
        return None if found is None else found[0]

    def went_back(self, name: str, head: Head) -> bool:
        """Whether the peer shows less than it showed a while ago; answers that overtake each other are no replay."""
        newest, at = self._shown[name].get(head.log.name, ((0, 0), 0.0))
        return (head.log.epoch, head.size) < newest and self.steady() - at > limits.REORDERED

    def has(self, name: str, subject: str, raw: bytes) -> bool:
        """Whether the peer is known to hold this note, or was told it in an answer."""
        return self.holds(name, subject, raw) or self._told[name].get(subject) == raw

    def holds(self, name: str, subject: str, raw: bytes) -> bool:
        """Whether the peer is known to hold this note."""
        return self._known[name].get(subject) == raw

    def told(self, name: str, subject: str, raw: bytes) -> None:
        """The note stood in an answer to the peer; its next cursor shows whether that arrived."""
        self._told[name][subject] = raw

    def gave(self, name: str, subject: str, raw: bytes) -> None:
        """The peer sent this note or acknowledged it."""
        self._known[name][subject] = raw

    def refuse(self, name: str, error: ProtocolError, about: str) -> None:
        """Write down what was refused and charge the peer for it. Silence and our own full disk are no fault of its."""
        if isinstance(error, Unreachable | Quota | NotFound | Held | Full):
            self._trace.info("not-answered", peer=name, code=error.code, about=about, why=error.sentence())
            return
        self._trace.counts.add("refused_total", error.code)
        state = self._states.get(name, PeerState(self._network, name))
        sentence = f"{about}: {error.sentence()}"
        self.update(state._replace(refusals=state.refusals + 1, last_refusal=sentence))
        self._trace.warning("refused", peer=name, code=error.code, about=about, why=error.sentence())
        self._bucket(name).spend(1, self.steady())

    def check(self, name: str) -> None:
        """Raise `Quota` while the peer has no allowance left for being refused."""
        wait = self._bucket(name).take(0.5, self.steady())
        if wait:
            raise Quota("fewer messages that have to be refused", f"{name} is out of allowance", retry_after=wait)
        self._bucket(name).spend(-0.5, self.steady())

    def _bucket(self, name: str) -> TokenBucket:
        if name not in self._allowance:
            self._allowance[name] = TokenBucket(limits.REFUSALS_A_SECOND, limits.REFUSALS_BURST)
        return self._allowance[name]


def _put_all(tx: Transaction, states: list[PeerState]) -> None:
    for state in states:
        tx.peers.put(state)
