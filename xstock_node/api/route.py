"""What a route is: data, from which the application, OpenAPI and the rights matrix are made."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from xstock_node.services.branches import Reach
from xstock_node.services.office import Actor, Office

Handler = Callable[[Office, Actor, Any], Awaitable[Any]]


class Route(NamedTuple):
    """One thing that may be asked of a node. `request` is None where there is nothing to say.

    `reach` says where the right has to hold: in the whole organisation where nothing else is said.
    With `raw` (a bound in bytes) the `content` of the request (POST) or answer (GET) travels as it is, and the other
    fields of the request in the query: a file of one of the `media` types, never shown by a browser.
    The answer to a `secret` is shown once and kept nowhere: asked again, with whatever key, it is done again.
    """

    name: str
    method: str
    path: str
    right: str
    request: Any
    response: Any
    handler: Handler
    summary: str
    reach: Reach = Reach.WHOLE
    raw: int = 0
    media: tuple[str, ...] = ()
    secret: bool = False
