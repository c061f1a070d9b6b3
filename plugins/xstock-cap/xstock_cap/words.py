"""Lists inside one CAP element: words between white space, those of several words in quotes; references to alerts."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Final

from xstock_cap import bounds
from xstock_cap.times import read_time, write_time
from xstock_node.plugins.interchange import Reference

WHITE: Final = " \t\r\n"
_ITEM: Final = re.compile(r'"([^"]*)"|([^\s"]+)')


def read_words(text: str) -> tuple[str, ...]:
    """The items of `addresses` and `incidents` (clause 3.2.1); of very many, one more than the node takes."""
    items = (one[1] or one[2] for one in _ITEM.finditer(text))
    return tuple(islice((item for item in items if item), bounds.MANY + 1))


def write_words(items: Iterable[str]) -> str:
    """The items as one text; none of them has a quote in it."""
    return " ".join(f'"{item}"' if re.search(r"\s", item) else item for item in items)


def read_references(text: str) -> tuple[tuple[Reference, ...], tuple[str, ...]]:
    """The alerts of `references`, and what is none of the form `sender,identifier,sent`.

    An identifier may not have a comma, but some do: the first comma ends the sender, the last one begins the time.
    """
    found, wrong = [], []
    for triple in text.split():
        sender, _, rest = triple.partition(",")
        identifier, _, sent = rest.rpartition(",")
        if sender and identifier:
            found.append(Reference(sender=sender, identifier=identifier, sent=read_time(sent).at))
        else:
            wrong.append(triple)
    return tuple(found), tuple(wrong)


def write_references(references: Iterable[Reference]) -> str:
    """The alerts as one text."""
    return " ".join(f"{one.sender},{one.identifier},{write_time(one.sent)}" for one in references)
