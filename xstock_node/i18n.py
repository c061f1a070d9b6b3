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


class Text(NamedTuple):
    """One text: `code` for machines, `source` in English with {names}, `params` that fill it."""

    code: str
    source: str
    params: Mapping[str, object] = {}

    def say(self, language: str = "en") -> str:
        """The text in a language, in English where no translation exists."""
        translated = catalogue(language).gettext(self.source)
        return translated.format_map(self.params) if self.params else translated


def text(code: str, source: str, /, **params: object) -> Text:
    """A text with its parameters."""
    return Text(code, source, params)


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The translations into a language; English where there are none."""
    path = FOLDER / f"{language}.po"
    if not path.is_file():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=None))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
