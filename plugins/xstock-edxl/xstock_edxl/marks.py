"""Names of our own for what EDXL-RM has no element for, and names of lists as URIs.

In a line they are keywords (`rmsg:Keyword`), of a message keywords of the content object (`de:contentKeyword`).
"""

import re
from typing import Final
from urllib.parse import quote, unquote

OURS: Final = "urn:xstock:rm:1#"
LIST: Final = OURS + "list="
ITEM: Final = OURS + "item"
RECIPIENT: Final = OURS + "recipient"
REC20: Final = "urn:un:unece:uncefact:codelist:standard:6:Recommendation20"
RAW: Final = "EDXL-RM/"
"""Before the name of an element of EDXL-RM that has no place of its own in a neutral line: kept as a code."""
PRICE: Final = RAW + "PriceQuote"
LINE: Final = frozenset(
    {"condition", "lot", "expiry", "terms", "unit", "said", "about", "answer", "reason", "owner", "schedule"}
)
UNSAID: Final = "not stated"
"""Stands where the standard wants words that nobody gave us; read as nothing."""
KIND, ORIGINATING, PRECEDING = (OURS + name for name in ("kind", "originating", "preceding"))
"""Of a message: which kind it is; that its first message was not said; what it follows, where the type has no place."""

_PLAIN: Final = re.compile(
    r"(?:https?://[A-Za-z0-9.-]+(?:/[A-Za-z0-9._~/-]*)?"
    r"|[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~][A-Za-z0-9._~:/=-]*"
    r"|[A-Za-z0-9._~][A-Za-z0-9._~/-]*)"
    r"(?:#[A-Za-z0-9._~:/=-]*)?"
)


def urn(scheme: str) -> str:
    """The name of a list as a URI: itself where it is plainly one, otherwise escaped in a URN of ours."""
    if _PLAIN.fullmatch(scheme) and not scheme.startswith(OURS):
        return scheme
    return LIST + quote(scheme, safe="")


def scheme(urn_: str) -> str:
    """The name of the list that `urn` was made from; of a stranger's, what came."""
    return unquote(urn_.removeprefix(LIST)) if urn_.startswith(LIST) else urn_


def mark(urn_: str) -> str:
    """Which mark of a line this is; empty where it is the name of a list."""
    name = urn_.removeprefix(OURS) if urn_.startswith(OURS) else ""
    return name if name in LINE else ""
