"""Doing what a route says, for a caller who is known: rights first, and what was asked under a key once.

The API does it for a request over HTTP, the console for a form; neither does anything else.
"""

from typing import Any

import msgspec

from xstock_node.api.idempotency import Idempotency
from xstock_node.api.route import Route
from xstock_node.services import branches
from xstock_node.services.office import Actor, Office
from xstock_node.storage.errors import StandsBy


async def look(office: Office, actor: Actor, route: Route, request: Any) -> Any:
    """The answer to what only looks; raises Refusal for who may not."""
    admitted = await branches.admit(office, actor, route.reach, route.right, request)
    return await route.handler(office, admitted, request)


async def do(office: Office, keys: Idempotency, asker: Actor, route: Route, request: Any) -> bytes:
    """The answer as JSON to what changes something; under the asker's key it is done once, and answered alike again.

    Raises Refusal for who may not, and for a key that was used for something else.
    """
    branches.expect(asker, route.reach, route.right, office.node.clock.now())
    if office.node.stands_by:
        raise StandsBy
    id_, before = await keys.begin(asker)
    if before is not None:
        return before
    answer: bytes | None = None
    try:
        admitted = await branches.admit(office, asker, route.reach, route.right, request)
        answer = msgspec.json.encode(await route.handler(office, admitted, request))
    finally:
        await keys.end(id_, asker, answer)
    return answer
