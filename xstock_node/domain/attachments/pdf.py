"""PDF (ISO 32000) without metadata: the pages as they were, written anew from what the catalogue reaches.

- gone are the information dictionary, XMP, private data of programs, authors and dates of annotations, what an older
  revision held, and the metadata of the JPEG pictures inside;
- refused is what is encrypted or signed (a signature would hold no longer), what runs by itself or opens another file,
  what carries files, and a picture as JPEG 2000 or coded twice, whose own metadata is out of reach;
- whoever calls this for a stranger's file bounds time and memory: pypdf reads it.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from xstock_node.domain.attachments import jpeg
from xstock_node.domain.attachments.media import Media, broken
from xstock_node.domain.fields import FieldError, need
from xstock_node.protocol import limits

if TYPE_CHECKING:
    from pypdf.generic import DictionaryObject

METADATA: Final = (
    *("/Metadata", "/PieceInfo", "/LastModified", "/SpiderInfo", "/Thumb", "/OpenAction"),
    *("/Author", "/Creator", "/Producer", "/CreationDate", "/ModDate", "/Keywords", "/Company"),
)
CATALOGUE: Final = frozenset(
    (
        *("/Type", "/Version", "/Extensions", "/Pages", "/PageLabels", "/Names", "/Dests", "/ViewerPreferences"),
        *("/PageLayout", "/PageMode", "/Outlines", "/Threads", "/URI", "/AcroForm", "/StructTreeRoot", "/MarkInfo"),
        *("/Lang", "/OutputIntents", "/OCProperties", "/Requirements"),
    )
)
"""What a catalogue may name (ISO 32000-1, table 28), less what is dropped or refused."""
OF_ANNOTATIONS: Final = ("/M", "/CreationDate", "/NM")
FILES: Final = frozenset({"/EF", "/EmbeddedFiles", "/AF", "/Collection", "/RichMediaContent", "/XFA"})
RUNS: Final = frozenset({"/JS", "/JavaScript", "/AA"})
ACTIONS: Final = frozenset(
    {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/GoToR", "/Rendition", "/Movie", "/Sound"}
)
PLAYED: Final = frozenset({"/FileAttachment", "/RichMedia", "/Movie", "/Sound", "/Screen", "/3D"})
PICTURES: Final = frozenset({"/DCTDecode", "/DCT", "/JPXDecode"})
"""Codings that carry a picture's own metadata; only one JPEG as it is can be cleaned."""
_END: Final = 2048


def clean(data: bytes) -> bytes:
    """The document without metadata; raises FieldError where it is no whole PDF or holds what is refused."""
    need(b"%%EOF" in data[-_END:], "a whole file of application/pdf", "an end in the middle", "save it anew")
    try:
        return _written_anew(data)
    except FieldError:
        raise
    except Exception as error:  # a hostile file may fail in any way; its own words are never passed on
        raise broken(Media.PDF, type(error).__name__) from None


def _written_anew(data: bytes) -> bytes:
    from pypdf import PdfReader, PdfWriter

    reader = PdfReader(BytesIO(data))
    need(not reader.is_encrypted, "a PDF that is not encrypted", "an encrypted one", "save it without a password")
    for key in set(reader.root_object) - CATALOGUE - FILES - RUNS - {"/OpenAction"}:
        del reader.root_object[key]
    for part in _parts(reader.root_object):
        _check(part)
        _strip(part)
    writer = PdfWriter()
    writer.clone_reader_document_root(reader)  # neither the information dictionary nor the identifiers
    need(len(writer.pages) > 0, "a PDF with pages", "none", "save it anew")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _parts(root: Any) -> Iterator["DictionaryObject"]:
    """Every dictionary and stream that is reached from the catalogue, each once."""
    from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

    seen: set[tuple[int, int]] = set()
    waiting, count = [root], 0
    while waiting:
        found = waiting.pop()
        if isinstance(found, IndirectObject):
            if (found.idnum, found.generation) in seen:
                continue
            seen.add((found.idnum, found.generation))
            found = found.get_object()
        if not isinstance(found, DictionaryObject | ArrayObject):
            continue
        count += 1
        if count > limits.PDF_OBJECTS:
            raise broken(Media.PDF, f"more than {limits.PDF_OBJECTS} objects")
        if isinstance(found, DictionaryObject):
            yield found  # before what it names: what is dropped from it is not walked
            waiting += [found.raw_get(key) for key in found]
        else:
            waiting += list.__iter__(found)


def _check(part: "DictionaryObject") -> None:
    """Raise FieldError where a dictionary stands for something that runs, carries files or is signed."""
    from pypdf.generic import StreamObject

    keys, kind, opens = set(part), _name(part, "/Subtype"), _at(part, "/OpenAction")
    starts = isinstance(opens, dict) and _name(opens, "/S") in ACTIONS
    runs = keys & RUNS or _name(part, "/S") in ACTIONS or starts
    need(not runs, "a PDF without actions", "one that runs a program or opens a file", "print it to PDF anew")
    carries = keys & FILES or kind in PLAYED or _name(part, "/Type") == "/EmbeddedFile"
    outside = isinstance(part, StreamObject) and "/F" in keys
    need(not carries and not outside, "a PDF without files inside", "one with files inside", "attach each by itself")
    signed = _name(part, "/Type") == "/Sig" or (_name(part, "/FT") == "/Sig" and "/V" in keys)
    need(not signed, "a PDF without a digital signature", "a signed one", "print it to PDF anew, and keep the original")


def _strip(part: "DictionaryObject") -> None:
    from pypdf.generic import StreamObject

    for key in METADATA:
        part.pop(key, None)
    if "/Rect" in part:
        for key in (*OF_ANNOTATIONS, *(() if _name(part, "/Subtype") == "/Widget" else ("/T",))):
            part.pop(key, None)
    if isinstance(part, StreamObject) and PICTURES & {*_filters(part)}:
        need(_filters(part) == ["/DCTDecode"], "pictures as plain JPEG", "one coded otherwise", "print it to PDF anew")
        part._data = jpeg.clean(part._data)


def _at(part: Any, key: str) -> Any:
    """The value of a key, followed where it stands elsewhere; `get` would not follow it."""
    return part[key] if key in part else None  # noqa: SIM401


def _name(part: Any, key: str) -> str:
    found = _at(part, key)
    return found if isinstance(found, str) else ""


def _filters(part: Any) -> list[str]:
    found = _at(part, "/Filter")
    return [str(one.get_object()) for one in (found if isinstance(found, list) else [found]) if one is not None]
