"""Names of our own for what EMSI has no element for.

Of a message they stand in CONTEXT.EXTERNAL_INFO (the URI is the mark, FREETEXT its value), of a line in
RTYPE.CHARACTERISTICS as mark=value, of a moment in RGEO.ID, of a place in LOC_ID.
"""

from typing import Final
from urllib.parse import quote, unquote

OURS: Final = "urn:xstock:emsi:1#"
MESSAGE: Final = frozenset({"kind", "originating", "contact", "no-incident"})
LINE: Final = frozenset(
    {"item", "code", "about", "answer", "condition", "expiry", "lot", "resource", "said", "terms", "unit", "unnamed"}
)
UNSAID: Final = "not stated"
"""Stands where the standard wants words that nobody gave us; read as nothing."""


def line_mark(name: str, value: str) -> str:
    """One thing about a line."""
    return f"{OURS}{name}={value}"


def code_mark(scheme: str, value: str) -> str:
    """A code of another list than those of EMSI."""
    return line_mark("code", f"{quote(scheme, safe=':/#.')}={value}")


def read_code(said: str) -> tuple[str, str]:
    """List and code of such a mark."""
    scheme, _, value = said.partition("=")
    return unquote(scheme), value


def split(said: str) -> tuple[str, str] | None:
    """Name and value of a mark of a line; None for what is none of ours."""
    if not said.startswith(OURS):
        return None
    name, found, value = said.removeprefix(OURS).partition("=")
    return (name, value) if found and name in LINE else None
