"""What the node says in its own words (refusals, findings, reasons, settings, routes) in the reader's language.

Those words are English. A sentence is known again by its template, where `{0}` or `{name}` stands for what differs: of
`locale/told.txt`, or of the sentences of `domain/reasons.py`. Of several that fit, the one that says most counts.
"""

import re
from functools import cache, lru_cache
from typing import Final, NamedTuple

from xstock_node.domain.code_words import STEP
from xstock_node.domain.reasons import MESSAGES
from xstock_node.i18n import FOLDER, catalogue

TOLD: Final = FOLDER / "told.txt"
LONGEST: Final = 2000
_HOLE: Final = re.compile(r"\{(\w+)\}")


class _Template(NamedTuple):
    pattern: re.Pattern[str]
    holes: tuple[str, ...]
    source: str


def told(language: str, said: str) -> str:
    """A sentence of the node in a language; empty where it is not known or not translated."""
    found = _known(said[:LONGEST]) if language != "en" else None
    if found is None:
        return ""
    source, parts = found
    translated = catalogue(language).gettext(source)
    if translated == source:
        return ""
    inner = {name: _inner(language, name, part) for name, part in parts}
    return _HOLE.sub(lambda hole: inner.get(hole[1], ""), translated)


def _inner(language: str, name: str, part: str) -> str:
    if name == "step" and part in STEP:
        return catalogue(language).gettext(STEP[part])
    return told(language, part) or part


@lru_cache(maxsize=4096)
def _known(said: str) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    plain, holed = _templates()
    if said in plain:
        return said, ()
    for one in holed:
        if found := one.pattern.fullmatch(said):
            return one.source, tuple(zip(one.holes, found.groups(), strict=True))
    return None


@cache
def _templates() -> tuple[frozenset[str], tuple[_Template, ...]]:
    sources = {*TOLD.read_text("utf-8").splitlines(), *MESSAGES.values()}
    holed = sorted((one for one in sources if _HOLE.search(one)), key=lambda one: (-len(_HOLE.sub("", one)), one))
    return frozenset(sources.difference(holed)), tuple(map(_template, holed))


def _template(source: str) -> _Template:
    parts = _HOLE.split(source)
    return _Template(re.compile("(.+?)".join(map(re.escape, parts[::2])), re.S), tuple(parts[1::2]), source)
