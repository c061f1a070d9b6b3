"""Every text for people: a stable code, an English source string and parameters, through gettext.

A catalogue of translations is looked up by the source string; the code is for machines and tests.
"""

import gettext
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

DOMAIN = "xstock_node"
FOLDER = Path(__file__).parent / "locale"


class Text(NamedTuple):
    """One text: `code` for machines, `source` in English with {names}, `params` that fill it."""

    code: str
    source: str
    params: Mapping[str, object] = {}

    def say(self, language: str = "en") -> str:
        """The text in a language, in English where no translation exists."""
        translated = _catalogue(language).gettext(self.source)
        return translated.format_map(self.params) if self.params else translated


def text(code: str, source: str, /, **params: object) -> Text:
    """A text with its parameters."""
    return Text(code, source, params)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, FOLDER, [language], fallback=True)
