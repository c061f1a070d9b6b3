"""What the node says in its own words (refusals, findings, reasons, settings, routes) in the reader's language.

Those words are English. A sentence is known again by its template, where `{0}` or `{name}` stands for what differs: of
`locale/told.txt`, or of the sentences of `domain/reasons.py`. Of several that fit, the one that says most counts. What
stands in a hole is never translated: it may be what somebody typed.
"""

import re
from functools import cache, lru_cache
from typing import Final, NamedTuple

from xstock_node.domain.code_words import STEP, TERM
from xstock_node.domain.reasons import MESSAGES
from xstock_node.i18n import FOLDER, catalogue

TOLD: Final = FOLDER / "told.txt"
LONGEST: Final = 600
_HOLE: Final = re.compile(r"\{(\w+)\}")


class _Template(NamedTuple):
    """A sentence with holes: the texts around them, one more than there are holes, and the names of these."""

    pieces: tuple[str, ...]
    holes: tuple[str, ...]
    source: str

    def parts_of(self, said: str) -> list[str] | None:
        """What stands in the holes of a sentence, each as short as it can be; None where it is another sentence."""
        first, *middle, last = self.pieces
        if not said.startswith(first) or not said.endswith(last):
            return None
        at, end, found = len(first), len(said) - len(last), []
        for piece in middle:
            place = said.find(piece, at + 1, end)
            if place < 0:
                return None
            found.append(said[at:place])
            at = place + len(piece)
        return [*found, said[at:end]] if at < end else None


def told(language: str, said: str, *, whole: bool = False) -> str:
    """A sentence of the node in a language; empty where it is not known or not translated. `whole`: only one without
    holes, where the text may be somebody's own.
    """
    found = _known(said) if language != "en" and len(said) <= LONGEST else None
    if found is None or (whole and found[1]):
        return ""
    source, parts = found
    translated = catalogue(language).gettext(source)
    if translated == source:
        return ""
    inner = {name: _inner(language, name, part) for name, part in parts}
    return _HOLE.sub(lambda hole: inner.get(hole[1], ""), translated)


def _inner(language: str, name: str, part: str) -> str:
    """What stands in a hole: a code of ours, where its name says so, in words; everything else as it is."""
    say = catalogue(language).gettext
    if name == "step" and part in STEP:
        return say(STEP[part])
    if name == "terms":
        return ", ".join(say(TERM[code]) if code in TERM else code for code in part.split(", "))
    return (told(language, part, whole=True) or part) if name == "source" else part


@lru_cache(maxsize=4096)
def _known(said: str) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    plain, holed = _templates()
    if said in plain:
        return said, ()
    for one in holed:
        if (parts := one.parts_of(said)) is not None:
            return one.source, tuple(zip(one.holes, parts, strict=True))
    return None


@cache
def _templates() -> tuple[frozenset[str], tuple[_Template, ...]]:
    sources = {*TOLD.read_text("utf-8").splitlines(), *MESSAGES.values()}
    holed = sorted((one for one in sources if _HOLE.search(one)), key=lambda one: (-len(_HOLE.sub("", one)), one))
    return frozenset(sources.difference(holed)), tuple(map(_template, holed))


def _template(source: str) -> _Template:
    parts = _HOLE.split(source)
    return _Template(tuple(parts[::2]), tuple(parts[1::2]), source)
