"""Whose word the language of a list is: a person's, the list's own, or only the default of the society."""

from xstock_node.domain.folding import fold
from xstock_node.plugins.adapters import ReadHints
from xstock_spreadsheet import words
from xstock_spreadsheet.columns import Head
from xstock_spreadsheet.figures import language_mark


def languages(head: Head, hints: ReadHints) -> tuple[str | None, str | None]:
    """(the language that a person or the list's own header words say, the one that nobody said of this list)."""
    if hints.said_language:
        return hints.said_language, None
    return (hints.language, None) if hints.language and _shows(head, hints.language) else (None, hints.language)


def _shows(head: Head, language: str) -> bool:
    """True when the header words are of `language`, as far as the order of figures and days goes.

    All languages of the word tables but English write both alike, so that English words are told from all others.
    """
    english = other = 0
    for title, match in zip(head.titles, head.matches, strict=False):
        if match:
            known = title.isascii() and all(part in words.phrases("english") for part in fold(title).split())
            english, other = english + known, other + (not known)
    if language.replace("_", "-").split("-")[0].casefold() == "en":
        return english > other
    return other >= max(english, 1) and language_mark(language) is not None
