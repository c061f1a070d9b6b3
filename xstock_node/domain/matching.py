"""Which items a line of a foreign list may mean: a few candidates with reasons, for a person to choose from.

Nothing here is a decision. Likeness of letters alone is unsafe ("mosquito net" is as near to "mosquito coil" as to
"mosquito nets"), so that words are compared one by one and the noun that says what a thing is has to be there.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from xstock_node.domain.catalogue import Catalogue, Spoken
from xstock_node.domain.crosswalks import Crosswalks
from xstock_node.domain.folding import fold
from xstock_node.domain.reasons import Reason
from xstock_node.domain.stock import StockLine

SAME_CODE: Final = 100
WALKED: Final = 99
SAME_NAME: Final = 98
SAME_SYNONYM: Final = 94
ALL_WORDS: Final = 88
ALIKE_AT_MOST: Final = 84
HEAD_DIFFERS_AT_MOST: Final = 55
WORTH_SHOWING: Final = 40
LIKE_CODE: Final = 4
NO_CROSSWALKS: Final = Crosswalks()

_PRESELECTED: Final = 60
_WORDS_ALIKE: Final = 78
_HEAD_LAST: Final = frozenset({"en", "tr", "kk"})
_SMALL: Final = 0.3
_BREAK: Final = re.compile(r"[,;:(/]")
_FIGURE_UNIT: Final = re.compile(r"(?<=[0-9])(?=[a-z])")
_PREPOSITIONS: Final = frozenset({"with", "without", "for", "of", "and", "in", "on", "from", "per"})


class Candidate(msgspec.Struct, frozen=True):
    """An item that a line may mean; `score` 0 to 100 orders candidates and is no probability."""

    code: str
    score: int
    reason: Reason


def candidates(
    line: StockLine, catalogue: Catalogue, limit: int = 5, crosswalks: Crosswalks = NO_CROSSWALKS
) -> list[Candidate]:
    """At most `limit` items that `line` may mean, the best first; ties in the order of the catalogue."""
    best: dict[str, Candidate] = {}
    for found in _found(line, catalogue, crosswalks):
        held = best.get(found.code)
        if held is None or found.score > held.score:
            best[found.code] = found
    place = {code: index for index, code in enumerate(item.code for item in catalogue.all())}
    return sorted(best.values(), key=lambda found: (-found.score, place[found.code]))[:limit]


def _found(line: StockLine, catalogue: Catalogue, crosswalks: Crosswalks) -> Iterator[Candidate]:
    code = (line.item_code or "").strip()
    for spelling in dict.fromkeys((code, code.upper())):
        if spelling in catalogue:
            yield Candidate(spelling, SAME_CODE, Reason("same_code", {"code": spelling}))
    for scheme, walk in crosswalks.find(code):
        if walk.item in catalogue:
            yield Candidate(walk.item, WALKED, Reason("crosswalk", {"code": code, "scheme": scheme}))
    yield from _like_code(code, catalogue)
    key = fold(line.item_name or "")
    if not key:
        return
    for spoken in catalogue.vocabulary:
        if spoken.key == key:
            yield _candidate(spoken, *(("same_synonym", SAME_SYNONYM) if spoken.synonym else ("same_name", SAME_NAME)))
    yield from _alike(key, catalogue)


def _alike_from_left(one: str, other: str) -> int:
    """How many letters two codes share from the left."""
    return next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other))
    )


def _like_code(code: str, catalogue: Catalogue) -> Iterator[Candidate]:
    """Items whose codes begin as this one does: the first letters of a standard code say the family."""
    if len(code) < LIKE_CODE or code in catalogue:
        return
    for item in catalogue.all():
        same = _alike_from_left(code.upper(), item.code)
        if same >= LIKE_CODE:
            yield Candidate(item.code, WORTH_SHOWING + min(same, 12), Reason("like_code", {"code": item.code[:same]}))


def _alike(key: str, catalogue: Catalogue) -> Iterator[Candidate]:
    from rapidfuzz import fuzz, process  # three megabytes that a node at rest does without

    vocabulary = catalogue.vocabulary
    keys = [spoken.key for spoken in vocabulary]
    wanted = _split(key)
    for _, _, index in process.extract(key, keys, scorer=fuzz.token_set_ratio, limit=_PRESELECTED):
        spoken = vocabulary[index]
        score = likeness(wanted, spoken)
        if not _same_thing(wanted, spoken):
            score, reason = min(score, HEAD_DIFFERS_AT_MOST), "head_differs"
        elif all(any(own.startswith(word) for own in _split(spoken.key)) for word in wanted):
            score, reason = min(ALL_WORDS, 60 + score * 28 // 100), "all_words"
        else:
            score, reason = min(score, ALIKE_AT_MOST), "alike"
        if score >= WORTH_SHOWING:
            yield _candidate(spoken, reason, score)


def _split(key: str) -> list[str]:
    """The words of a key with figures apart from their units: 30kva and 30 kva are the same."""
    return _FIGURE_UNIT.sub(" ", key).split()


def likeness(wanted: list[str], spoken: Spoken) -> int:
    """0 to 100: how much of the wanted words is in the name (two thirds) and of the name in them (one third)."""
    own = _split(spoken.key)
    return round((2 * _covered(wanted, own) + _covered(own, wanted)) / 3)


def _covered(these: list[str], those: list[str]) -> float:
    """Which share of `these` words has a like one among `those`, 0 to 100; figures and short words weigh little."""
    weights = [1.0 if _is_word(word) else _SMALL for word in these]
    hits = [max((_word_likeness(word, other) for other in those), default=0.0) for word in these]
    return sum(weight * hit for weight, hit in zip(weights, hits, strict=True)) / sum(weights) if these else 0.0


def _word_likeness(one: str, other: str) -> float:
    if one == other:
        return 100.0
    if not (_is_word(one) and _is_word(other)):
        return 0.0
    from rapidfuzz import fuzz

    alike = fuzz.ratio(one, other)
    return alike if alike >= _WORDS_ALIKE else 0.0


def _is_word(word: str) -> bool:
    return len(word) > 2 and word.isalpha()


def _same_thing(wanted: list[str], spoken: Spoken) -> bool:
    """Where the language puts the noun last, the name's noun is among the wanted words and theirs in the name."""
    if spoken.lang not in _HEAD_LAST:
        return True
    return _has(wanted, _head(_first_part(spoken.text))) and _has(_split(spoken.key), _head(wanted))


def _has(those: list[str], head: str | None) -> bool:
    return head is None or any(_word_likeness(head, word) for word in those)


def _head(these: list[str]) -> str | None:
    """The last proper word before a preposition: the net of "mosquito net for 5 persons"."""
    noun = None
    for word in these:
        if word in _PREPOSITIONS:
            break
        if _is_word(word):
            noun = word
    return noun


def _first_part(text: str) -> list[str]:
    """Lists write "NET, mosquito" and "Mosquito net, large": what a thing is stands before the first comma."""
    return _split(fold(_BREAK.split(text, maxsplit=1)[0]))


def _candidate(spoken: Spoken, code: str, score: int) -> Candidate:
    return Candidate(spoken.code, score, Reason(code, {"name": spoken.text, "lang": spoken.lang}))
