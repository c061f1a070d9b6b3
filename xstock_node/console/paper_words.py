"""What the papers of an operation are called in the reader's language: the words that the papers themselves use."""

import msgspec

from xstock_node.domain.documents.words import Words
from xstock_node.services.documents import library
from xstock_node.services.paperwork import PapersView, PaperView


def in_words(papers: PapersView, language: str) -> PapersView:
    """The same papers with their titles and signers (`side.role`) in words; English where no paper speaks it."""
    words = library.words((language,))
    return msgspec.structs.replace(papers, papers=[_paper(one, words) for one in papers.papers])


def _paper(paper: PaperView, words: Words) -> PaperView:
    known = paper.title == library.words(("en",)).say("title", paper.document)[0]
    title = words.say("title", paper.document)[0] if known else paper.title
    return msgspec.structs.replace(paper, title=title, signs=[_signer(one, words) for one in paper.signs])


def _signer(name: str, words: Words) -> str:
    side, _, role = name.rpartition(".")
    said = words.say("role", role)[0]
    return f"{words.say('label', side)[0]}: {said}" if side else said
