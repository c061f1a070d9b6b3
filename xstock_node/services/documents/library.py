"""The data of papers as it ships: documents, words of every language, customs facts; read once."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import xstock_node.domain
from xstock_node.domain.corridors import Facts, parse_facts
from xstock_node.domain.documents.choosing import Choice, parse_choice
from xstock_node.domain.documents.composing import Library, parse_documents
from xstock_node.domain.documents.words import WordFile, Words, parse_words

DATA = Path(xstock_node.domain.__file__).parent / "data"


@cache
def documents() -> Library:
    """Every document and table."""
    return parse_documents((DATA / "documents.toml").read_bytes())


@cache
def word_files() -> Mapping[str, WordFile]:
    """The words of every language by its code (BCP 47)."""
    return {path.stem: parse_words(path.read_bytes()) for path in sorted((DATA / "words").glob("*.toml"))}


def words(languages: Iterable[str]) -> Words:
    """The words of a paper in these languages, at most three."""
    return Words(word_files(), languages)


@cache
def customs_facts() -> Facts:
    """Countries, regimes and the rules of papers."""
    return parse_facts((DATA / "papers.toml").read_bytes())


@cache
def choice() -> Choice:
    """Which document each paper of a step is."""
    return parse_choice((DATA / "paper_choice.toml").read_bytes(), documents())
