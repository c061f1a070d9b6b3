"""The contract of providers of accounts, checked with what their authors recorded."""

from collections.abc import Awaitable, Callable
from typing import Final

from xstock_node.plugins.errors import Declined
from xstock_node.plugins.host import Adapter
from xstock_node.plugins.identity import Answer, Question, Way
from xstock_node.testing.recorded import RecordedServer

Work = Callable[[], Awaitable[str]]
BACK: Final = "http://localhost:8080/sign-in/with"
STATE: Final = "check-state"
SECRET: Final = "c0ffee00" * 8


def identity_checks(adapter: Adapter, server: RecordedServer) -> dict[str, Work]:
    """The checks of a provider."""
    return {
        "it says what people call it and asks nobody": lambda: _describes(adapter, server),
        "it sends the browser on with the state and without the secret": lambda: _begins(adapter),
        "an answer that proves nothing is declined": lambda: _declines(adapter),
    }


async def _describes(adapter: Adapter, server: RecordedServer) -> str:
    before = len(server.requests)
    await adapter.plugin.call(adapter.kind, adapter.name, "describe")
    return "" if len(server.requests) == before else "expected no request for a label; the recorded server saw one"


async def _begins(adapter: Adapter) -> str:
    way: Way = await adapter.plugin.call(adapter.kind, adapter.name, "begin", _question())
    if STATE not in way.url:
        return f"expected the state {STATE} in the address; came {way.url[:200]}"
    return f"expected an address without the secret of the question; came {way.url[:200]}" if SECRET in way.url else ""


async def _declines(adapter: Adapter) -> str:
    try:
        await adapter.plugin.call(adapter.kind, adapter.name, "finish", Answer(back=BACK, query={}, secret=SECRET))
    except Declined:
        return ""
    return "expected Declined for an empty answer; came an account"


def _question() -> Question:
    return Question(back=BACK, state=STATE, secret=SECRET)
