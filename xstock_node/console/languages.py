"""The languages of the console: their own names, the locale that writes their numbers, and which one a reader wants.

CLDR knows no Montenegrin, so that every language carries its own name and names its locale.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from xstock_node.domain.catalogue import speaks


class Language(NamedTuple):
    """A language by its code: its own name, its CLDR locale, and whether every page is meant to speak it."""

    code: str
    name: str
    locale: str
    complete: bool = True


LANGUAGES: Final = (
    Language("en", "English", "en_GB"),
    Language("bg", "Български", "bg_BG"),
    Language("hr", "Hrvatski", "hr_HR"),
    Language("cnr", "Crnogorski", "sr_Latn_ME"),
    Language("mk", "Македонски", "mk_MK"),
    Language("sr-Cyrl", "Српски", "sr_Cyrl_RS"),
    Language("sr-Latn", "Srpski", "sr_Latn_RS"),
    Language("de", "Deutsch", "de_AT"),
    Language("sq", "Shqip", "sq_AL", complete=False),
    Language("bs", "Bosanski", "bs_Latn_BA", complete=False),
    Language("ro", "Română", "ro_RO", complete=False),
    Language("sl", "Slovenščina", "sl_SI", complete=False),
    Language("uk", "Українська", "uk_UA", complete=False),
    Language("ru", "Русский", "ru_RU", complete=False),
    Language("tr", "Türkçe", "tr_TR", complete=False),
    Language("kk", "Қазақша", "kk_KZ", complete=False),
    Language("ky", "Кыргызча", "ky_KG", complete=False),
)
BY_CODE: Final = {one.code: one for one in LANGUAGES}
ENGLISH: Final = BY_CODE["en"]
MOST_WANTED: Final = 20


def language_of(*wanted: str, header: str = "", default: Iterable[str] = ()) -> Language:
    """The first language that is spoken: of `wanted` codes, then of an Accept-Language `header`, then of the node's."""
    for code in (*wanted, *_of_header(header), *default):
        if code in BY_CODE:
            return BY_CODE[code]
        if code and (found := next((one for one in LANGUAGES if speaks(one.code, code)), None)):
            return found
    return ENGLISH


def _of_header(header: str) -> list[str]:
    """The codes of an Accept-Language header, the most wanted first; what is malformed counts for nothing."""
    found = []
    for place, part in enumerate(header.split(",")[:MOST_WANTED]):
        code, _, quality = part.partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        found.append((-weight, place, code.strip()[:35]))
    return [code for _, _, code in sorted(found)]
