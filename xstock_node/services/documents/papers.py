"""One door to papers: a document's code, an operation's facts and languages in; bytes and their hash out."""

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from xstock_node.domain.documents.composing import compose
from xstock_node.domain.documents.facts import OperationFacts
from xstock_node.domain.documents.labels import labels
from xstock_node.services.documents import library
from xstock_node.services.documents.drawing import draw_labels, draw_pdf, has_typst
from xstock_node.services.documents.plain import draw_html, draw_labels_html
from xstock_node.services.errors import Refusal

PDF, HTML = "application/pdf", "text/html; charset=utf-8"


class Drawn(NamedTuple):
    """A drawn paper: a name for its file, its media type, its bytes and their SHA-256 in hexadecimal digits."""

    name: str
    media_type: str
    data: bytes
    sha256: str


def make_paper(
    code: str,
    facts: OperationFacts,
    languages: Iterable[str],
    *,
    proof: str | None = None,
    evidence: bytes | None = None,
    logo: bytes | None = None,
    plain: bool = False,
) -> Drawn:
    """The paper `code` of an operation in two or three languages; HTML where `plain` or the extra is missing.

    `proof` is the text of the QR code, `evidence` the bundle that a PDF carries inside, `logo` a picture at its head.
    Raises FieldError for a document that does not exist, Refusal for a proof or logo that cannot be drawn.
    """
    sheet = compose(code, facts, library.words(languages), library.documents())
    if plain or not has_typst():
        return _drawn(f"{facts.operation}-{code}", HTML, draw_html(sheet, proof))
    data = draw_pdf(sheet, facts.made, proof=proof, evidence=evidence, logo=logo)
    return _drawn(f"{facts.operation}-{code}", PDF, data)


def make_labels(facts: OperationFacts, languages: Iterable[str], *, plain: bool = False) -> Drawn:
    """The labels of a consignment, four on a page; raises Refusal where there is no handling unit."""
    found = labels(facts, library.words(languages))
    if not found:
        raise Refusal("no-units", "a consignment with handling units", "none", "pick the goods first")
    if plain or not has_typst():
        return _drawn(f"{facts.operation}-labels", HTML, draw_labels_html(found))
    return _drawn(f"{facts.operation}-labels", PDF, draw_labels(found, facts.made))


def _drawn(stem: str, media_type: str, data: bytes) -> Drawn:
    safe = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "_" for sign in stem)
    ending = ".pdf" if media_type == PDF else ".html"
    return Drawn(safe + ending, media_type, data, sha256(data).hexdigest())
