"""The reference of a shipment: the keys of its movements, each after its kind, such as `reserve:k1 issue:k2`.

`reserve`, `receive`, and an `issue` without a reservation begin a shipment; `release` and `issue` end a reserved one
and stand behind it.
"""

import re
from typing import get_args

from xstock_node.plugins.inventory import MovementKind

TOKEN = re.compile(rf"(?:^|\s)({'|'.join(get_args(MovementKind))}):([a-z0-9-]{{1,40}})(?=\s|$)")


def token(kind: str, key: str) -> str:
    """How a movement stands in a reference."""
    return f"{kind}:{key}"


def kind_of(reference: str | None, key: str) -> str | None:
    """The kind under which a key stands in a reference, or None."""
    return next((kind for kind, found in TOKEN.findall(reference or "") if found == key), None)


def begun_as(reference: str | None) -> str | None:
    """The kind of the movement that began a shipment."""
    found = TOKEN.search(reference or "")
    return found.group(1) if found else None
