"""How much room text takes, before any browser has seen it: wrapped, never cut.

Widths are those of DejaVu Sans, rounded up to a twentieth of the size; it is among the widest fonts that a system falls
back to, so that what fits here fits everywhere.
"""

import re
import unicodedata
from typing import Final

_GROUPS: Final = {
    0.35: " ',.:;ijlI|/\\fіїјІЇЈ·‘’!\u00a0\u2009\u202f",
    0.5: '()[]-rt"*_‐‑‚“”„',
    0.6: "csz?kvxyFJLгзсєѕкуўҳғтхчьвэё",
    0.65: "0123456789adeghnopqubабдеоп",
    0.75: "NUИЙЌкѝдмцбќ",
    0.8: "&DGHOQЂЋЏДЛНОПЦмыҚҢҒ",
    0.9: "+<>=^~MwМФЫфњъҰ→±×",
    0.95: "жшщљюө",
    1.0: "@mWœæÆ%–—…№",
    1.15: "ЊЉЖШЩЮŒ",
}
_WIDTHS: Final = {letter: width for width, letters in _GROUPS.items() for letter in letters}
_BLANKS: Final = re.compile(r"[ \t\r\n]+")  # no-break spaces keep together what they join
_SMALL, _LARGE, _OTHER, _BOLD = 0.68, 0.8, 1.0, 1.12
_LAST_OF_ALPHABETS = "\u058f"
LINE: Final = 1.3
"""Height of a line, in sizes."""


def width(text: str, size: float, bold: bool = False) -> float:
    """The most room that a line of text takes, in the units of `size`."""
    return sum(_width(letter) for letter in unicodedata.normalize("NFC", text)) * size * (_BOLD if bold else 1.0)


def wrapped(text: str, room: float, size: float, bold: bool = False) -> list[str]:
    """The text in lines that fit into `room`; a word that is longer than a line goes on in the next one."""
    lines: list[str] = []
    line = ""
    for word in filter(None, _BLANKS.split(text)):
        longer = f"{line} {word}" if line else word
        if width(longer, size, bold) <= room:
            line = longer
            continue
        lines += [line] if line else []
        *full, line = _pieces(word, room, size, bold)
        lines += full
    return [*lines, line] if line else lines


def height(lines: int, size: float) -> float:
    """The room of so many lines, from top to bottom."""
    return lines * size * LINE


def _pieces(word: str, room: float, size: float, bold: bool) -> list[str]:
    """A word cut where a line ends, after a no-break space, hyphen or dot if there is one in its last part."""
    pieces = []
    while width(word, size, bold) > room and len(word) > 1:
        most = next((n for n in range(len(word) - 1, 1, -1) if width(word[:n], size, bold) <= room), 1)
        mark = max(word.rfind(sign, 0, most) for sign in "\u00a0-./_") + 1
        end = mark if mark > most // 2 else most
        pieces.append(word[:end].rstrip("\u00a0"))
        word = word[end:]
    return [*pieces, word]


def _width(letter: str) -> float:
    known = _WIDTHS.get(letter)
    if known is not None:
        return known
    if unicodedata.combining(letter):
        return 0.0
    base = unicodedata.normalize("NFD", letter)[0]
    if base in _WIDTHS and base != letter and letter < _LAST_OF_ALPHABETS:
        return _WIDTHS[base]
    if letter > _LAST_OF_ALPHABETS:
        return _OTHER
    return _LARGE if letter.isupper() else _SMALL
