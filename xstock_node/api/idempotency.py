"""Idempotency keys: a request that was answered is answered the same again, and not done twice.

An answer is kept for a day with the hash of what was asked, by whom. A key is one person's own.
"""

from typing import Any

import msgspec
from aiohttp import web

from xstock_node.services import once
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.once import DAY, DONE, Once
from xstock_node.services.shelf import Shelf

HEADER = "Idempotency-Key"


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that was given: to which request (hash of route and body), its status and body."""

    asked: str
    at: int
    body: bytes


ANSWERED: Shelf[Answered] = Shelf("answered", Answered)


class Idempotency:
    """The keys of one node; two requests with one key at the same time: the second is told to wait."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._busy: set[str] = set()

    async def begin(self, actor: Actor) -> tuple[str, bytes | None]:
        """The key's id and the answer that was given before, if any; raises Refusal for a key used otherwise."""
        asks = actor.once
        if asks is None:
            return "", None
        id_ = f"{actor.name} {asks.key}"
        held = await self._office.node.engine.read(lambda tx: ANSWERED.get(tx, id_))
        if held is not None and held.at + DAY > self._office.node.clock.now():
            if held.asked != asks.asked:
                raise once.used()
            return id_, held.body
        if id_ in self._busy:
            raise Refusal("key-busy", "the first request with this key to end", "a second", "ask again in a moment", 1)
        self._busy.add(id_)
        return id_, None

    async def end(self, id_: str, actor: Actor, answer: bytes | None) -> None:
        """Keep an answer; None where there was a problem, so that the same key may be tried again."""
        self._busy.discard(id_)
        if actor.once is None or answer is None:
            return
        now = self._office.node.clock.now()
        found = Answered(asked=actor.once.asked, at=now, body=answer)

        def work(tx: Any) -> None:
            ANSWERED.drop_older(tx, now - DAY)
            DONE.drop_older(tx, now - DAY)
            ANSWERED.put(tx, id_, found, now)

        await self._office.node.engine.write(work, durable=True)


def asked_once(request: web.Request, actor: Actor, route: str, body: bytes) -> Actor:
    """The actor with the key under which it asks, if there is one; raises Refusal `bad-key`."""
    key = request.headers.get(HEADER, "")
    return actor._replace(once=Once.of(key, route, body)) if key else actor
