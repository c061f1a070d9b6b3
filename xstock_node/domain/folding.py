"""One search key for the same word in any script: sator, šator and шатор meet.

The key is what a person types without accents: lower-case ASCII letters and digits, words parted by single spaces.

- Cyrillic follows the Serbian transliteration with the accents dropped (ш and š are `s`, ч ћ ц are `c`, ж is `z`,
  х is `h`, й is `j`); every other script goes through anyascii.
- đ, ђ, ѓ and the written-out `dj` are one letter, `d`; џ, dž, дж and ѕ are `dz`.
- Digits keep their place ("16 m²" is `16 m2`); punctuation parts words, an apostrophe does not; the cross between
  two figures (4x6, 4 × 6, 4х6) is left out, for every list writes it differently.
- `fold(fold(x)) == fold(x)`, and where Latin text begins another, so does its key, save between a `d` and its `j`.

The key serves finding only: it is not shown, and two different words may share one.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from anyascii import anyascii

# Where languages differ the Balkan reading wins: ъ and щ are read as in Bulgarian.
_OWN: Final = {
    "ђ": "d", "ѓ": "d", "ѕ": "dz", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "ќ": "c", "џ": "dz",
    "ж": "z", "й": "j", "х": "h", "ц": "c", "ч": "c", "ш": "s", "щ": "st", "ъ": "a", "ы": "y", "ь": "",
    "э": "e", "ё": "e", "ю": "ju", "я": "ja", "ѝ": "i", "ѐ": "e", "і": "i", "ї": "ji", "є": "je", "ґ": "g",
    "ў": "u", "×": "x", "°": " ", "ә": "a", "ғ": "g", "қ": "k", "ң": "n", "ө": "o", "ұ": "u", "ү": "u", "һ": "h",
}  # fmt: skip
_APOSTROPHES: Final = "'`´‘’‛ʹʻʼʽˈ′"
_NOT_KEY: Final = re.compile(r"[^a-z0-9]+")
_CACHED_BELOW: Final = 0x3000


class _Letters(dict[int, str]):
    """Code point to key text, filled when first met; rare scripts are not kept, so that it stays small."""

    def __missing__(self, codepoint: int) -> str:
        key = _NOT_KEY.sub(" ", anyascii(chr(codepoint)).replace("'", "").lower())
        if not key and not _silent(codepoint):
            key = " "
        if codepoint < _CACHED_BELOW:
            self[codepoint] = key
        return key


def _silent(codepoint: int) -> bool:
    """Accents and invisible marks vanish; anything else that has no ASCII parts words."""
    return unicodedata.category(chr(codepoint)) in ("Mn", "Me", "Cf", "Lm")


def _letters() -> _Letters:
    table = _Letters({ord(letter): key for letter, key in _OWN.items()})
    table.update({ord(mark): "" for mark in _APOSTROPHES})
    return table


_LETTERS: Final = _letters()
_DJ: Final = re.compile("dj+")
_CROSS: Final = re.compile(r"(?<=[0-9]) *[xh] *(?=[0-9])")


@lru_cache(maxsize=16384)
def fold(text: str) -> str:
    """The search key of `text`; empty when nothing of it can be typed."""
    key = " ".join(filter(None, map(_word_key, text.split())))
    return _CROSS.sub(" ", key) if "x" in key or "h" in key else key


@lru_cache(maxsize=16384)
def _word_key(word: str) -> str:
    """The key of what stands between two spaces, which may hold several words; lists repeat few of them."""
    key = unicodedata.normalize("NFC", word.casefold()).translate(_LETTERS)
    if "dj" in key:
        key = _DJ.sub("d", key)
    return " ".join(key.split())


def words(text: str) -> list[str]:
    """The folded words of `text`, in order, repeats kept."""
    return fold(text).split()
