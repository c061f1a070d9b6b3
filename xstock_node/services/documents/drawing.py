"""Drawing with typst: a sheet becomes a PDF that carries its proof, the same bytes for the same input.

Everything that people wrote goes in as data; the template is a file of ours, and it can read nothing but what is laid
beside it. Only typst's own fonts are used, so that a paper is the same on every machine.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, Final

import msgspec

from xstock_node.domain.documents.labels import Label
from xstock_node.domain.documents.sheets import Sheet
from xstock_node.services.documents.barcodes import gs1_128_svg
from xstock_node.services.errors import Refusal

EVIDENCE: Final = "evidence.xs1"
STATEMENT: Final = "statement.txt"
INSIDE: Final = {EVIDENCE: "evidence", STATEMENT: "statement"}
LOGOS: Final = {b"\x89PNG": "logo.png", b"\xff\xd8\xff": "logo.jpg"}
# a code on paper gets wet and folded: a quarter of it may be lost
ERROR_LEVEL: Final = "q"
DO: Final = "`pip install 'xstock-node[documents]'`, or take the paper as HTML"


def has_typst() -> bool:
    """Whether the extra `documents` is installed."""
    try:
        import segno  # noqa: F401
        import typst  # noqa: F401
    except ImportError:
        return False
    return True


def draw_pdf(
    sheet: Sheet,
    made: datetime,
    *,
    proof: str | None = None,
    evidence: bytes | None = None,
    logo: bytes | None = None,
) -> bytes:
    """The PDF of a sheet. `proof` becomes the QR code and a file inside the PDF, `evidence` another one, `logo` (PNG
    or JPEG) stands at its head. `made` is the date in the PDF.

    Raises Refusal when the extra is not installed, the proof is too long for a code, or the logo no picture.
    """
    drawn = _draw("sheet.typ", _inputs(sheet, proof), _files(evidence, proof, logo), "pdf", made)
    assert isinstance(drawn, bytes)
    return drawn


def draw_pages(sheet: Sheet, made: datetime, *, proof: str | None = None, ppi: float = 110) -> list[bytes]:
    """The same pages as PNG pictures, for a preview."""
    drawn = _draw("sheet.typ", _inputs(sheet, proof), {}, "png", made, ppi)
    return drawn if isinstance(drawn, list) else [drawn]


def draw_labels(labels: Iterable[Label], made: datetime) -> bytes:
    """The PDF of labels, four A6 on a page; each carries a GS1-128 and a QR code of the same digits."""
    drawn = _draw("labels.typ", _label_inputs(labels), {}, "pdf", made)
    assert isinstance(drawn, bytes)
    return drawn


def draw_label_pages(labels: Iterable[Label], made: datetime, ppi: float = 200) -> list[bytes]:
    """The same pages as PNG pictures."""
    drawn = _draw("labels.typ", _label_inputs(labels), {}, "png", made, ppi)
    return drawn if isinstance(drawn, list) else [drawn]


def qr_svg(payload: str) -> str:
    """A QR code (ISO/IEC 18004) of `payload` as SVG, its quiet zone included."""
    segno = _segno()
    try:
        code = segno.make(payload, error=ERROR_LEVEL, micro=False, boost_error=False)
    except segno.DataOverflowError:
        expected = "a proof that one QR code holds (about 1,600 letters)"
        raise Refusal("proof-too-long", expected, f"{len(payload)}", "point to the bundle instead") from None
    out = BytesIO()
    code.save(out, kind="svg", border=4, xmldecl=False)
    return out.getvalue().decode()


def _inputs(sheet: Sheet, proof: str | None) -> dict[str, str]:
    return {"sheet": msgspec.json.encode(sheet).decode(), "qr": qr_svg(proof) if proof else ""}


def _label_inputs(labels: Iterable[Label]) -> dict[str, str]:
    labels = tuple(labels)
    codes = [{"bars": gs1_128_svg(label.content), "qr": qr_svg(label.content)} for label in labels]
    return {"labels": msgspec.json.encode(labels).decode(), "codes": msgspec.json.encode(codes).decode()}


def _files(evidence: bytes | None, proof: str | None, logo: bytes | None) -> dict[str, bytes]:
    files = {} if evidence is None else {EVIDENCE: evidence}
    if proof:
        files[STATEMENT] = proof.encode()
    if logo is not None:
        name = next((name for start, name in LOGOS.items() if logo.startswith(start)), None)
        if name is None:
            raise Refusal("no-logo", "a logo as PNG or JPEG", f"bytes that begin with {logo[:4]!r}", "convert it")
        files[name] = logo
    return files


def _draw(
    template: str,
    inputs: dict[str, str],
    files: Mapping[str, bytes],
    kind: str,
    made: datetime,
    ppi: float | None = None,
) -> bytes | list[bytes]:
    typst = _typst()
    named = {INSIDE.get(name, "logo"): name for name in files}
    source = resources.files(__package__).joinpath(template).read_bytes()
    with TemporaryDirectory(prefix="xstock-paper-") as folder:
        for name, data in files.items():
            Path(folder, name).write_bytes(data)
        try:
            drawn: bytes | list[bytes] = typst.compile(
                source, root=folder, font_paths=_fonts(), ignore_system_fonts=True, format=kind, ppi=ppi,
                sys_inputs=inputs | named, timestamp=int(made.timestamp()),
            )  # fmt: skip
        except typst.TypstError as wrong:
            raise Refusal("not-drawn", "a paper that can be drawn", str(wrong)[:200], "take it as HTML") from wrong
    return drawn


@cache
def _fonts() -> Any:
    return _typst().Fonts(include_system_fonts=False)


def _typst() -> ModuleType:
    try:
        import typst
    except ImportError:
        raise Refusal("no-typst", "the extra `documents`", "it is not installed", DO, 2) from None
    return typst


def _segno() -> ModuleType:
    try:
        import segno
    except ImportError:
        raise Refusal("no-typst", "the extra `documents`", "it is not installed", DO, 2) from None
    return segno
