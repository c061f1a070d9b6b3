"""PDF: the pages stay, what tells who and where goes, what runs, hides files or is signed is refused."""

import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from tests.attached import GPS, WHO, jpeg, pdf, telling_jpeg
from xstock_node.domain.attachments.cleaning import clean
from xstock_node.domain.attachments.media import Media
from xstock_node.domain.fields import FieldError

Change = Callable[[PdfWriter], Any]
NAME = NameObject


def changed(change: Change) -> bytes:
    """A PDF of two pages with something done to it."""
    writer = PdfWriter(clone_from=BytesIO(pdf(pages=2)))
    change(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def action(kind: str) -> DictionaryObject:
    return DictionaryObject({NAME("/S"): NAME(kind), NAME("/F"): TextStringObject("cmd.exe")})


def opened(writer: PdfWriter, kind: str, *, elsewhere: bool = False) -> None:
    found = action(kind)
    if elsewhere:  # a name that stands in an object of its own
        found[NAME("/S")] = writer._add_object(NAME(kind))
    writer.root_object[NAME("/OpenAction")] = writer._add_object(found)


def annotate(writer: PdfWriter, kind: str, more: dict[str, Any]) -> None:
    entry = DictionaryObject({NAME("/Subtype"): NAME(kind), NAME("/Rect"): ArrayObject([NumberObject(0)] * 4)})
    entry.update({NAME(key): value for key, value in more.items()})
    writer.pages[0][NAME("/Annots")] = ArrayObject([writer._add_object(entry)])


def test_a_clean_document_opens_with_all_pages_and_tells_nothing() -> None:
    data = pdf(pages=3, told=True, inside=telling_jpeg())
    assert GPS in data and WHO in data and b"/Author" in data
    cleaned = clean(data)
    found = PdfReader(BytesIO(cleaned.data), strict=True)
    assert cleaned.media is Media.PDF and len(found.pages) == 3
    assert found.metadata is None and found.xmp_metadata is None
    told = (GPS, WHO, b"/Metadata", b"/PieceInfo", b"/Info", b"/ID", b"pypdf", b"/Producer")
    assert [word for word in told if word in cleaned.data] == []
    assert found.pages[0]["/Picture"].get_data() == clean(telling_jpeg()).data


def test_what_an_older_revision_held_is_gone() -> None:
    old = pdf(told=True)
    writer = PdfWriter(fileobj=BytesIO(old), incremental=True)
    writer.pages[0].rotate(90)
    out = BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(old) and len(out.getvalue()) > len(old)
    cleaned = clean(out.getvalue()).data
    assert WHO not in cleaned and GPS not in cleaned
    assert PdfReader(BytesIO(cleaned)).pages[0].rotation == 90


def test_a_remark_stays_without_its_author_and_day() -> None:
    said = {"/Contents": "wet", "/T": "Ana Horvat", "/M": "D:2027", "/CreationDate": "D:2026", "/NM": "7"}
    cleaned = clean(changed(lambda w: annotate(w, "/Text", {k: TextStringObject(v) for k, v in said.items()}))).data
    entry = PdfReader(BytesIO(cleaned)).pages[0]["/Annots"][0].get_object()
    assert entry["/Contents"] == "wet" and not {"/T", "/M", "/CreationDate", "/NM"} & set(entry)


def test_a_place_to_open_at_goes_and_is_no_reason_to_refuse() -> None:
    def open_at(writer: PdfWriter) -> None:
        writer.root_object[NAME("/OpenAction")] = ArrayObject([writer.pages[1].indirect_reference, NAME("/Fit")])

    assert b"/OpenAction" not in clean(changed(open_at)).data


def signed(writer: PdfWriter) -> None:
    annotate(writer, "/Widget", {"/FT": NAME("/Sig"), "/V": DictionaryObject({NAME("/Type"): NAME("/Sig")})})


def outside(writer: PdfWriter) -> None:
    stream = DecodedStreamObject()
    stream[NAME("/F")] = TextStringObject("other.bin")
    writer.root_object[NAME("/Outlines")] = writer._add_object(stream)


REFUSED: dict[str, Change] = {
    "encrypted": lambda w: w.encrypt("secret"),
    "encrypted for all": lambda w: w.encrypt("", "owner"),
    "script of the document": lambda w: w.root_object.update(
        {NAME("/Names"): DictionaryObject({NAME("/JavaScript"): DictionaryObject()})}
    ),
    "launch at opening": lambda w: opened(w, "/Launch"),
    "launch under an indirect name": lambda w: opened(w, "/Launch", elsewhere=True),
    "script at opening": lambda w: opened(w, "/JavaScript"),
    "another file": lambda w: opened(w, "/GoToR"),
    "a form that is sent": lambda w: opened(w, "/SubmitForm"),
    "an action of a page": lambda w: w.pages[0].update({NAME("/AA"): DictionaryObject()}),
    "a file inside": lambda w: w.add_attachment("list.csv", b"a;b"),
    "a file on the page": lambda w: annotate(w, "/FileAttachment", {}),
    "a film": lambda w: annotate(w, "/RichMedia", {}),
    "a launch behind a link": lambda w: annotate(w, "/Link", {"/A": action("/Launch")}),
    "a form of the other kind": lambda w: w.root_object.update(
        {NAME("/AcroForm"): DictionaryObject({NAME("/XFA"): ArrayObject()})}
    ),
    "a stream that lies elsewhere": outside,
    "signed": signed,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_runs_hides_or_would_lose_its_signature_is_refused(name: str) -> None:
    with pytest.raises(FieldError) as refused:
        clean(changed(REFUSED[name]))
    assert refused.value.expected.startswith("a PDF ")


@pytest.mark.parametrize(
    "coding",
    ["/FlateDecode /DCTDecode", "/ASCII85Decode /DCTDecode", "/ASCIIHexDecode /DCTDecode", "/DCT", "/JPXDecode"],
)
def test_a_picture_whose_metadata_is_out_of_reach_is_refused(coding: str) -> None:
    def coded(writer: PdfWriter) -> None:
        stream = DecodedStreamObject()
        stream[NAME("/Subtype")] = NAME("/Image")
        stream[NAME("/Filter")] = ArrayObject(NAME(one) for one in coding.split())
        stream._data = telling_jpeg()
        writer.root_object[NAME("/Outlines")] = writer._add_object(stream)

    with pytest.raises(FieldError) as refused:
        clean(changed(coded))
    assert refused.value.expected == "pictures as plain JPEG"


def test_what_a_program_hung_on_the_catalogue_is_gone() -> None:
    def told(writer: PdfWriter) -> None:
        own = DictionaryObject({NAME("/Person"): TextStringObject("Ana Horvat")})
        writer.root_object[NAME("/MyInfo")] = writer._add_object(own)
        outlines = DictionaryObject({NAME("/Author"): TextStringObject("Ana Horvat"), NAME("/Count"): NumberObject(0)})
        writer.root_object[NAME("/Outlines")] = writer._add_object(outlines)

    assert b"Ana Horvat" in changed(told) and b"Ana Horvat" not in clean(changed(told))


def test_a_picture_inside_that_is_none_is_refused() -> None:
    with pytest.raises(FieldError):
        clean(pdf(inside=jpeg()[:-20]))


BROKEN = {
    "cut": pdf()[:-60],
    "header alone": b"%PDF-1.7\n%%EOF\n",
    "a jpeg in its clothes": b"%PDF-1.7\n" + jpeg() + b"%%EOF",
    "something before it": b"GIF89a" + pdf(),
    "no pages": changed(lambda w: w.root_object.update({NAME("/Pages"): DictionaryObject()})),
    "deep brackets": b"%PDF-1.7\n1 0 obj\n" + b"[" * 50_000 + b"\ntrailer<</Root 1 0 R>>\n%%EOF",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_one_is_refused_soon_and_its_words_are_not_repeated(name: str) -> None:
    began = time.process_time()
    with pytest.raises(FieldError) as refused:
        clean(BROKEN[name])
    assert time.process_time() - began < 5 and len(str(refused.value)) < 200


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=6), st.integers(0, 40))
def test_changed_bytes_give_a_document_with_pages_or_the_refusal(changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(pdf(told=True, inside=telling_jpeg()))
    for place, value in changes:
        data[place % len(data)] = value
    try:
        cleaned = clean(bytes(data[: len(data) - cut]))
    except FieldError:
        return
    assert len(PdfReader(BytesIO(cleaned.data)).pages) > 0
