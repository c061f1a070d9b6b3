"""Every text for people: a stable code, an English source string and parameters, through gettext.

A translation is looked up by the source string; the code is for machines and tests. Catalogues are the `.po` files of
`locale/`, one a language; they are read when the language is first spoken.
"""

import gettext
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "locale"
REVIEWED = "reviewed:"
"""How the comment of a translator begins who has read a string; behind it stand who and when."""


class Text(NamedTuple):
    """One text: `code` for machines, `source` in English with {names}, `params` that fill it."""

    code: str
    source: str
    params: Mapping[str, object] = {}

    def say(self, language: str = "en") -> str:
        """The text in a language, in English where no translation exists."""
        translated = catalogue(language).gettext(self.source)
        return translated.format_map(self.params) if self.params else translated


def mark(source: str) -> str:
    """A source string that is translated when it is shown."""
    return source


def text(code: str, source: str, /, **params: object) -> Text:
    """A text with its parameters."""
    return Text(code, source, params)


class _Spoken(NamedTuple):
    translations: gettext.NullTranslations
    reviewed: frozenset[str]
    whole: bool


def catalogue(language: str) -> gettext.NullTranslations:
    """The translations into a language; English where there are none."""
    return _spoken(language).translations


def is_spoken(language: str) -> bool:
    """Whether there is a catalogue of a language."""
    return all(sign.isalnum() or sign == "-" for sign in language) and (FOLDER / f"{language}.po").is_file()


def is_reviewed(language: str, source: str = "") -> bool:
    """Whether somebody who speaks a language has read the translation of a source string, or of all of them."""
    spoken = _spoken(language)
    return source in spoken.reviewed if source else spoken.whole


@cache
def _spoken(language: str) -> _Spoken:
    path = FOLDER / f"{language}.po"
    if not path.is_file():
        return _Spoken(gettext.NullTranslations(), frozenset(), language == "en")
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with path.open("rb") as file:
        held = read_po(file, locale=None)
    write_mo(compiled, held)
    compiled.seek(0)
    texts = [message for message in held if message.id and message.string]
    read = [one for one in texts if any(said.startswith(REVIEWED) for said in one.user_comments)]
    sources = frozenset(str(one.id[0] if isinstance(one.id, list | tuple) else one.id) for one in read)
    return _Spoken(gettext.GNUTranslations(compiled), sources, bool(texts) and len(read) == len(texts))
