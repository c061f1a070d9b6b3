"""Words of papers: one file a language with the same keys, two or three of them side by side on a sheet."""

import tomllib
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from xstock_node.domain.catalogue import speaks
from xstock_node.domain.fields import FieldError, need

FALLBACK: Final = "en"
MOST: Final = 3

Many = tuple[str, ...]


class WordFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of one language, by section and key."""

    language: str
    title: dict[str, str]
    say: dict[str, str]
    label: dict[str, str]
    role: dict[str, str]
    word: dict[str, str]
    terms: dict[str, str]
    regime: dict[str, str]
    unit: dict[str, str]
    handling: dict[str, str]
    mode: dict[str, str]
    event: dict[str, str]
    filing: dict[str, str]


def parse_words(data: bytes) -> WordFile:
    """The words of a TOML file; raises FieldError that names what is wrong."""
    try:
        return msgspec.convert(tomllib.loads(data.decode("utf-8")), WordFile)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as wrong:
        raise FieldError("the sections of a file of words", wrong, "compare with the English file") from wrong


class Words:
    """The words of the languages of one sheet, in their order."""

    def __init__(self, files: Mapping[str, WordFile], languages: Iterable[str]) -> None:
        """`languages` are wanted ones; one that no file speaks becomes English. At most three remain."""
        need(FALLBACK in files, "the English words", sorted(files), "restore that file")
        self.languages = tuple(dict.fromkeys(_found(files, wanted) for wanted in languages))[:MOST] or (FALLBACK,)
        self._files = [files[language] for language in self.languages]

    def say(self, section: str, key: str) -> Many:
        """The word of each language; a key that no section has is shown as it is."""
        return tuple(getattr(file, section).get(key, key) for file in self._files)

    def fill(self, key: str, values: Mapping[str, Many]) -> Many:
        """The declaration `key` of each language, filled with that language's values."""
        filled = []
        for place, text in enumerate(self.say("say", key)):
            own = {name: value[place % len(value)] for name, value in values.items()}
            filled.append(text.format_map(own))
        return tuple(filled)

    def name(self, names: Mapping[str, str], code: str) -> Many:
        """A thing's name in each language; one that is missing is its English name, marked, or its code."""
        return tuple(_name(names, language, code, f" [{FALLBACK}]") for language in self.languages)

    def legal_name(self, names: Mapping[str, str]) -> Many:
        """An organisation's name in each language; one that is missing is its English name, or the first it has."""
        own = next(iter(names.values()), "?")
        return tuple(_name(names, language, own, "") for language in self.languages)


def _found(files: Mapping[str, WordFile], wanted: str) -> str:
    if wanted in files:
        return wanted
    return next((own for own in files if speaks(own, wanted)), FALLBACK)


def _name(names: Mapping[str, str], language: str, code: str, mark: str) -> str:
    if language in names:
        return names[language]
    own = next((text for lang, text in names.items() if speaks(lang, language)), None)
    if own is not None:
        return own
    english = names.get(FALLBACK)
    return code if english is None else english + mark
