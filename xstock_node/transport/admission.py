"""Who may ask how much: buckets by address before any cryptography, by name once a signature holds (xs1 21.3)."""

import re
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from xstock_node.protocol import limits
from xstock_node.protocol.errors import Quota
from xstock_node.protocol.quota import TokenBucket

REMEMBERED = 4096
_KEY_ID = re.compile(r'keyid="([^"]{1,110})"')


class Admission:
    """Counts requests and bytes. `steady` gives monotonic seconds."""

    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady = steady
        self._open: OrderedDict[str, TokenBucket] = OrderedDict()
        self._claimed: OrderedDict[str, TokenBucket] = OrderedDict()
        self._refused: OrderedDict[str, TokenBucket] = OrderedDict()
        self._requests: dict[str, TokenBucket] = {}
        self._bytes: dict[str, TokenBucket] = {}
        self._running: defaultdict[str, int] = defaultdict(int)
        self._held: Counter[str] = Counter()

    def open_path(self, address: str) -> None:
        """A request to an open path: one a second an address."""
        _take(self._bucket(self._open, address, limits.OPEN_REQUESTS_A_SECOND, limits.OPEN_BURST), self._steady())

    def before_checking(self, address: str, claimed: str) -> None:
        """A request that claims to be signed, before its signature costs anything; counted by the key it names."""
        named = _KEY_ID.search(claimed)
        key = f"{address} {named[1] if named else ''}"
        rate, burst = limits.REQUESTS_A_SECOND * 4, limits.REQUESTS_BURST * 4
        _take(self._bucket(self._claimed, key, rate, burst), self._steady())

    def refused(self, address: str) -> float:
        """Seconds that a refusal of nobody known waits: a flood that has to wait for its answers floods no more."""
        rate, burst = limits.UNKNOWN_REFUSALS_A_SECOND, limits.UNKNOWN_REFUSALS_BURST
        over = self._bucket(self._refused, address, rate, burst).take(1, self._steady())
        return limits.UNKNOWN_REFUSED_AFTER if over else 0.0

    def member(self, name: str) -> None:
        """A request whose signature holds: 10 a second, 50 at once."""
        bucket = self._requests.setdefault(name, TokenBucket(limits.REQUESTS_A_SECOND, limits.REQUESTS_BURST))
        _take(bucket, self._steady())
        traffic = self._bytes.setdefault(name, TokenBucket(limits.BYTES_A_MINUTE / 60, limits.BYTES_A_MINUTE))
        traffic.spend(0, self._steady())
        if traffic.level < 0:
            wait = -traffic.level / traffic.rate
            raise Quota("at most 64 MiB a minute", name, "come back later", retry_after=wait)

    def used(self, name: str, size: int) -> None:
        """Bytes on the wire for a member, both ways."""
        bucket = self._bytes.get(name)
        if bucket is not None:
            bucket.spend(size, self._steady())

    def enter(self, name: str) -> None:
        """One more request of a member under way."""
        if self._running[name] >= limits.REQUESTS_AT_ONCE:
            raise Quota(f"at most {limits.REQUESTS_AT_ONCE} requests at once", name, "wait for answers", retry_after=1)
        self._running[name] += 1

    def leave(self, name: str) -> None:
        """One request of a member ended."""
        self._running[name] -= 1

    @property
    def waiting(self) -> int:
        """How many requests wait for news."""
        return self._held.total()

    @contextmanager
    def holding(self, name: str, wait: float) -> Iterator[float]:
        """How long a member's request may wait for news: not at all where too many wait, of its own or of all."""
        full = self._held[name] >= limits.HELD_A_MEMBER or self.waiting >= limits.HELD_REQUESTS
        if not wait or full:
            yield 0.0
            return
        self._held[name] += 1
        try:
            yield wait
        finally:
            self._held[name] -= 1
            if not self._held[name]:
                del self._held[name]

    def _bucket(self, buckets: OrderedDict[str, TokenBucket], key: str, rate: float, burst: float) -> TokenBucket:
        bucket = buckets.get(key)
        if bucket is None:
            bucket = buckets[key] = TokenBucket(rate, burst)
            if len(buckets) > REMEMBERED:
                buckets.popitem(last=False)
        else:
            buckets.move_to_end(key)
        return bucket


def _take(bucket: TokenBucket, now: float) -> None:
    wait = bucket.take(1, now)
    if wait:
        raise Quota("fewer requests", "too many", "slow down", retry_after=wait)
