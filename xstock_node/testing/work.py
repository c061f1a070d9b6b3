"""What people do at their nodes in a simulation: offers with short and long leases, changes, ends, checked stores."""

from collections.abc import Sequence
from random import Random

from xstock_node.protocol import records
from xstock_node.protocol.keys import to_base64
from xstock_node.protocol.names import record_id
from xstock_node.protocol.records import Audience, Known, Offer, Still, Withdraw
from xstock_node.testing.nodes import make_offer

MINUTE, HOUR, DAY = 60, 3600, 86_400
CANARY = "Canary tent"
SOURCES = ("stock", "depot", "hand")


class Work:
    """Records for one world; every offer has its own number."""

    def __init__(self) -> None:
        self._number = 0
        self._live: dict[str, dict[str, Offer]] = {}

    def some(self, name: str, now: int, random: Random) -> list[bytes]:
        """One to four records of a node: mostly new offers, sometimes changes, ends, or a store that was checked."""
        live = self._live.setdefault(name, {})
        found: list[Known] = []
        for _ in range(random.randint(1, 4)):
            old = [offer for offer in live.values() if offer.ts < now]
            act = random.choices(("new", "change", "end", "still"), (6, 2, 2, 1))[0]
            if act == "still":
                found.append(_still(now, random))
            elif act == "new" or not old:
                found.append(self._offer(now, random))
            else:
                found.append(_ended(random.choice(old), now, random, act))
            last = found[-1]
            if isinstance(last, Offer):
                live[last.id] = last
            elif isinstance(last, Withdraw):
                live.pop(last.id, None)
        return [records.encode(record) for record in found]

    def offers(self, now: int, count: int) -> list[bytes]:
        """Many new offers at once, with a lease of an hour."""
        return [records.encode(make_offer(self._next(), now, exp=now + HOUR)) for _ in range(count)]

    def secret(self, readers: Sequence[str], now: int) -> list[bytes]:
        """The list of an audience, and an offer for it alone."""
        number = self._next()
        subject = record_id(number.to_bytes(10, "big"))
        audience = Audience(id=subject, ts=now, exp=now + 30 * DAY, n=to_base64(bytes(12)), names=tuple(readers))
        return [records.encode(audience), records.encode(make_offer(number, now, name=CANARY, exp=now + 30 * DAY))]

    def _offer(self, now: int, random: Random) -> Offer:
        lease = random.choice((10 * MINUTE, 40 * MINUTE, 2 * HOUR, 5 * HOUR, 30 * DAY))
        quantity = (random.randint(1, 99), 0)
        return make_offer(self._next(), now, exp=now + lease, qty=quantity, src=random.choice(SOURCES))

    def _next(self) -> int:
        self._number += 1
        return self._number


def _ended(offer: Offer, now: int, random: Random, act: str) -> Known:
    salt = to_base64(random.randbytes(12))
    if act == "end":
        return Withdraw(id=offer.id, ts=now, exp=max(offer.exp, now), n=salt)
    return make_offer(0, now, id=offer.id, n=salt, exp=now + 3 * HOUR, qty=(random.randint(1, 99), 0), src=offer.src)


def _still(now: int, random: Random) -> Still:
    subject, salt = record_id(random.randbytes(10)), to_base64(random.randbytes(12))
    return Still(id=subject, ts=now, exp=now + random.choice((HOUR, 4 * HOUR)), n=salt, src=random.choice(SOURCES))
