"""How likely bytes are text in one of the old code pages of the region: known words first, then letters.

A generic detector confuses the code pages of short lists; our header, unit and total words do not.
"""

import re
from collections import Counter
from typing import Final

from xstock_node.domain.folding import fold
from xstock_spreadsheet import words

CANDIDATES: Final = (
    "cp1251", "cp1252", "cp1250", "cp1253", "cp1254", "iso8859-5", "koi8-u", "cp866", "iso8859-2", "iso8859-7", "cp852",
)  # fmt: skip
_WORD: Final = re.compile(r"[^\W\d_]+")
_ODD_CASE: Final = re.compile(r"[^\W\d_]*[а-яёђ-џα-ωά-ώ][А-ЯЁЂ-ЏΑ-Ω][^\W\d_]*")
_SCRIPTS: Final = (re.compile("[а-яёђ-џґА-ЯЁЂ-ЏҐ]"), re.compile("[α-ωά-ώΑ-ΩΆΈΉΊΌΎΏ]"), re.compile("[a-zà-žA-ZÀ-Ž]"))

# Shares in a hundred letters, roughly, over Bulgarian, Serbian, Macedonian, Ukrainian and Russian text.
_COMMON: Final = {
    **dict.fromkeys("оаеинтр", 6.0), **dict.fromkeys("слвкмдпу", 3.5), **dict.fromkeys("зябгчйьыжхшцюіјєї", 1.2),
    **dict.fromkeys("щфъљњћђџѓќѕґёэ", 0.2),
    **dict.fromkeys("αοιετσνηυρπκμλς", 4.0), **dict.fromkeys("άέίόήώύγδθωφχβξζψ", 0.9),
    **dict.fromkeys("čćžšđČĆŽŠĐ", 3.0), **dict.fromkeys("łążźŁĄŻŹľĽťŤ", 3.0), **dict.fromkeys("ęśěůňőűĘŚĚŮŇŐŰ", 2.0),
    **dict.fromkeys("ńřďŃŘĎ", 1.0), **dict.fromkeys("ăâîşţțșŞŢÎ", 3.0), **dict.fromkeys("éèêàçùûôëïœÉÈÀÇ", 2.5),
    **dict.fromkeys("äöüßÄÖÜ", 3.0), **dict.fromkeys("ğışİĞŞ", 3.0), **dict.fromkeys("ñáíóúã", 0.3),
    **dict.fromkeys("°²³µ½–—„“”’×№€«»…§Øø±", 1.0),
}  # fmt: skip
_RARE: Final = -4.0
_PUNISHED: Final = -12.0


def likeliness(sample: bytes, head: bytes, encoding: str) -> float:
    """A score; at most zero when `sample` is not text in `encoding`. `head` is where known words are sought."""
    try:
        text = sample.decode(encoding)
        top = head.decode(encoding, "replace")
    except UnicodeDecodeError:
        return -1000.0
    if encoding == "cp1250" and any(letter in text for letter in "šžŠŽ"):
        text += "č"  # š and ž stand alike in cp1252, whose languages do not write them
    return _letters(text) + 8.0 * _known_words(top) - 6.0 * _odd_words(text) - _foreign(text)


def _foreign(text: str) -> float:
    """A few Cyrillic or Greek letters among many Latin ones are rather signs and accents of a Latin code page."""
    latin = sum(1 for letter in text if letter.isascii() and letter.isalpha())
    others = sum(1 for script in _SCRIPTS[:2] for _ in script.finditer(text))
    return 6.0 if others and others * 10 < latin else 0.0


def _letters(text: str) -> float:
    """The mean weight of the letters beyond ASCII."""
    counted = Counter(letter for letter in text if letter > "\x7f")
    total = sum(counted.values())
    if not total:
        return 0.0
    return sum(_weight(letter) * times for letter, times in counted.items()) / total


def _weight(letter: str) -> float:
    if letter in _COMMON:
        return _COMMON[letter]
    lower = letter.lower()
    if lower != letter and lower in _COMMON:
        return min(_COMMON[lower], 1.5)
    if letter in "\u00a0\u202f":
        return 0.0
    return _RARE if letter.isalpha() else _PUNISHED


def _known_words(text: str) -> int:
    """How many cells of the first lines are whole words of our tables, counting those beyond ASCII only."""
    known, measures = words.headers(), words.units()
    cells = {cell.strip(' "') for cell in re.split(r"[;,\t|\n\r]", text[:8000])}
    beyond = [cell for cell in cells if cell and not cell.isascii()]
    return sum(1 for cell in beyond if (key := fold(cell)) in known or key in measures)


def _odd_words(text: str) -> float:
    """The share of words beyond ASCII that mix scripts, or have capitals after small letters."""
    found = [word for word in _WORD.findall(text) if not word.isascii()]
    if not found:
        return 0.0
    odd = sum(1 for word in found if _ODD_CASE.fullmatch(word) or sum(1 for s in _SCRIPTS if s.search(word)) > 1)
    return odd / len(found)
