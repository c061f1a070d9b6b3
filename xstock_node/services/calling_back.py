"""Calling back: a peer asks whether it can be reached at its identity's URL, and is told what was seen (xs1 10.5)."""

import msgspec

from xstock_node.protocol import limits
from xstock_node.protocol.decode import strict_json
from xstock_node.protocol.errors import NotFound, ProtocolError, Quota
from xstock_node.services.site import Site, Small

ONCE_IN = 60.0


class CallbackAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the caller was reached, the name seen there, and why not."""

    reached: bool
    saw: str = ""
    why: str = ""


def desks(node: Site) -> dict[str, Small]:
    """The path on which peers ask to be called."""
    called: dict[str, float] = {}

    async def answer(caller: str, args: dict[str, str], body: bytes) -> bytes:
        known = node.directory.get(caller)
        if known is None or not any(n.membership.standing(caller) for n in node.networks.values()):
            raise NotFound("a network of this node", caller)
        now = node.clock.steady()
        left = called.get(caller, -ONCE_IN) + ONCE_IN - now
        if left > 0:
            raise Quota("one call back a minute", caller, "wait", retry_after=left)
        called[caller] = now
        if not known.url():
            return msgspec.json.encode(CallbackAnswer(reached=False, why="its identity names no URL"))
        try:
            raw = await node.outside.ask_openly("GET", f"{known.url()}/.well-known/xstock", most=limits.SMALL_BODY)
            found = strict_json(raw)
            saw = str(found.get("name", "")) if isinstance(found, dict) else ""
        except ProtocolError as error:
            return msgspec.json.encode(CallbackAnswer(reached=False, why=error.sentence()))
        why = "" if saw == caller else f"another node answers there: {saw[:100]}"
        return msgspec.json.encode(CallbackAnswer(reached=saw == caller, saw=saw[:100], why=why))

    return {"callback": answer}
