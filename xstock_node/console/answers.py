"""The answer of an act as people read it: what is a list, a time, a state or a sentence of the node, in words."""

from collections.abc import Iterator
from typing import Any

import msgspec
from markupsafe import Markup

from xstock_node.console.vocabulary import WORDS
from xstock_node.console.words import Words

SENTENCES = frozenset({"check", "found", "do"})
TIMES = frozenset({"exp", "expires", "begins", "ends"})
CODES = frozenset({"invite", "digits", "own_digits", "sponsor_digits", "code", "token", "text", "address"})
"""What is read out, copied or typed elsewhere, letter by letter."""
Pair = tuple[str, str, Markup]


def pairs_of(answer: Any, words: Words) -> list[list[Pair]]:
    """Name, label and value of each field of an answer that says something; several answers one after the other."""
    rows = answer if isinstance(answer, list | tuple) else [answer]
    return [list(_pairs(row, words)) for row in rows]


def _pairs(row: msgspec.Struct, words: Words) -> Iterator[Pair]:
    for name in row.__struct_fields__:
        value = getattr(row, name)
        if value not in ("", None, [], {}, ()):
            yield name, words.word("answer", name), _shown(name, value, words)


def _shown(name: str, value: Any, words: Words) -> Markup:
    if name in TIMES:
        return words.due(value)
    if name in CODES:
        return Markup("<code>{}</code>").format(value)
    if name in SENTENCES:
        return words.told(value)
    if name == "state":
        kind = next((kind for kind in ("finding", "application", "state") if value in WORDS[kind]), "state")
        return Markup("{}").format(words.word(kind, value))
    if isinstance(value, bool):
        return Markup("{}").format(words.say("yes") if value else words.say("no"))
    if isinstance(value, int | float):
        return Markup("{}").format(words.number(str(value)))
    if isinstance(value, dict):
        parts = (Markup("{}: {}").format(words.word("state", key), _inner(one, words)) for key, one in value.items())
        return Markup("<br>").join(parts)
    if isinstance(value, list | tuple):
        texts = [one for one in value if isinstance(one, str)]
        return Markup("{}").format(", ".join(map(words.node, texts)) if texts else words.number(len(value)))
    return Markup("{}").format(value)


def _inner(value: Any, words: Words) -> Markup:
    return words.told(value) if isinstance(value, str) else Markup("{}").format(words.number(str(value)))
