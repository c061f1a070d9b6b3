"""What a paper of ours carries inside: the evidence, and the statement of its QR code."""

from io import BytesIO
from typing import Final, NamedTuple

from xstock_node.services.documents.drawing import EVIDENCE, STATEMENT
from xstock_node.services.errors import Refusal

PDF: Final = b"%PDF-"
MOST: Final = 64 * 1024 * 1024


class Inside(NamedTuple):
    """The files inside a paper."""

    evidence: bytes
    statement: str


def paper_of(data: bytes) -> Inside:
    """The files inside a PDF; raises Refusal where it is no paper of ours, or the extra is not installed."""
    try:
        from pypdf import PdfReader
    except ImportError:
        do = "`pip install 'xstock-node[documents]'`, or verify the evidence file"
        raise Refusal("no-pypdf", "the extra `documents`", "it is not installed", do, 2) from None
    try:
        held = PdfReader(BytesIO(data), strict=True).attachments
        evidence, statement = held[EVIDENCE], held[STATEMENT]
        (one,), (line,) = evidence, statement
        return Inside(one, line.decode("ascii"))
    except Exception as error:  # a file that somebody changed may fail in any way
        came = f"{type(error).__name__}: {error}"[:200]
        raise Refusal("bad-paper", f"a paper with {EVIDENCE} and {STATEMENT} inside", came, "it was changed") from None
