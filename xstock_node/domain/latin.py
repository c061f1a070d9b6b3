"""Serbian Cyrillic in Latin letters, each letter as the standard of both scripts pairs them; all else stays."""

from typing import Final

_PAIRS: Final = dict(
    zip("абвгдђежзијклмнопрстћуфхцчш", "abvgdđežzijklmnoprstćufhcčš", strict=True), љ="lj", њ="nj", џ="dž"
)


def to_latin(text: str) -> str:
    """A text in Latin letters: a capital digraph is `Lj` before small letters and `LJ` between capitals."""
    made = []
    for place, sign in enumerate(text):
        latin = _PAIRS.get(sign.lower(), sign)
        if sign.isupper() and sign.lower() in _PAIRS:
            beside = text[place + 1 : place + 2] or text[max(place - 1, 0) : place]
            latin = latin.upper() if beside.isupper() else latin.capitalize()
        made.append(latin)
    return "".join(made)
