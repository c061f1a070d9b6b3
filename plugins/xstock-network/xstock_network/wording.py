"""What the pages say by themselves, in the languages of `words.toml`; other languages fall back to English."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from xstock_node.plugins import Table
from xstock_node.plugins.members import WarningTold

FALLBACK: Final = "en"
LEVELS: Final = frozenset({"green", "yellow", "orange", "red"})
NAMES: Final[Mapping[str, str]] = {
    "en": "English", "bg": "Български", "ro": "Română", "uk": "Українська", "ru": "Русский", "kk": "Қазақша",
    "sr": "Српски", "hr": "Hrvatski", "mk": "Македонски", "sq": "Shqip", "de": "Deutsch", "tr": "Türkçe",
}  # fmt: skip
_FILE: Final = Path(__file__).parent / "words.toml"


class Words:
    """The words of a page in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._own, self._english = _all().get(language, {}), _all()[FALLBACK]

    def __call__(self, name: str) -> str:
        """A word; KeyError for one that English does not have."""
        return self._own.get(name) or self._english[name]


def languages() -> tuple[str, ...]:
    """The languages that the pages speak by themselves."""
    return tuple(_all())


def name_of(language: str) -> str:
    """A language by its own name; its code where that is not known."""
    return NAMES.get(language, language)


def choose(wanted: Sequence[str]) -> str:
    """The first wanted language (BCP 47) that the pages speak, else English."""
    for one in wanted:
        if (primary := one.lower().partition("-")[0]) in _all():
            return primary
    return FALLBACK


def warnings_table(warnings: Sequence[WarningTold], words: Words) -> Table:
    """Open warnings, each with what is doubtful about it."""
    headers = [words(name) for name in ("event", "level", "areas", "until", "do", "source")]
    return Table(title=words("warnings"), headers=headers, rows=[_row(one, words) for one in warnings])


def _row(one: WarningTold, words: Words) -> list[str]:
    marks = [words("fallback")] if one.fallback else []
    marks += [words("unsure")] if one.unsure else []
    what = " - ".join(dict.fromkeys(text for text in (one.event, one.headline) if text))
    shown = f"{what} [{', '.join((one.language or '?', *marks))}]"
    until = f"{datetime.fromtimestamp(one.ends, UTC):%Y-%m-%d %H:%M} UTC"
    level = words(f"level_{one.level}") if one.level in LEVELS else one.level or words("unknown")
    return [shown, level, "; ".join(one.areas), until, one.instruction, one.source]


@lru_cache(maxsize=1)
def _all() -> Mapping[str, dict[str, str]]:
    return tomllib.loads(_FILE.read_text("utf-8"))
