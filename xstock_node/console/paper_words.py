"""What the papers of an operation are called in the reader's language: the words that the papers themselves use."""

from collections.abc import Callable

import msgspec

from xstock_node.services.documents import library
from xstock_node.services.paperwork import PapersView, PaperView

Named = Callable[[str, str], tuple[str, ...]]


def in_words(papers: PapersView, language: str) -> PapersView:
    """The same papers with their titles and signers (`side.role`) in words; English where no paper speaks it."""
    named, english = library.words((language,)).say, library.words(("en",)).say
    return msgspec.structs.replace(papers, papers=[_paper(one, named, english) for one in papers.papers])


def _paper(paper: PaperView, named: Named, english: Named) -> PaperView:
    known = paper.title == english("title", paper.document)[0]
    title = named("title", paper.document)[0] if known else paper.title
    return msgspec.structs.replace(paper, title=title, signs=[_signer(one, named) for one in paper.signs])


def _signer(name: str, named: Named) -> str:
    side, _, role = name.rpartition(".")
    said = named("role", role)[0]
    return f"{named('label', side)[0]}: {said}" if side else said
