"""How checks read a case."""

import base64
from collections.abc import Callable
from typing import Any

Given = dict[str, Any]
Check = Callable[[bytes, Given], Any]


def data(value: Any) -> bytes:
    """Bytes of a case: text as it is, or `{"base64": ...}` where they are no text."""
    if isinstance(value, str):
        return value.encode()
    return base64.b64decode(value["base64"], validate=True) if value else b""


def b64(value: bytes) -> str:
    """Bytes in a derived value."""
    return base64.b64encode(value).decode()


def unb64(value: str) -> bytes:
    """Bytes of a given value."""
    return base64.b64decode(value, validate=True)


def lines_of(given: Given) -> list[bytes]:
    """Record lines: `lines`, or `count` lines `{"i":0}`, `{"i":1}` and so on."""
    if "count" in given:
        return [b'{"i":%d}' % i for i in range(given["count"])]
    return [data(line) for line in given["lines"]]
