"""What a file truly is, told by its first bytes and, in a zip file, by its parts."""

import re
from enum import Enum, auto
from typing import Final

from xstock_spreadsheet.errors import FileRefused
from xstock_spreadsheet.package import Package, encrypted, unsound

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BARE_BIFF: Final = (
    b"\x09\x00\x04\x00",
    b"\x09\x02\x06\x00",
    b"\x09\x04\x06\x00",
    b"\x09\x08\x08\x00",
    b"\x09\x08\x10\x00",
)
_BINARIES: Final = {
    b"%PDF": "a pdf document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"BM": "a picture",
    b"II*\0": "a picture",
    b"MM\0*": "a picture",
    b"{\\rtf": "a text document (rtf)",
    b"\x1f\x8b": "a packed file",
    b"Rar!": "a packed file",
    b"7z\xbc\xaf": "a packed file",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
    b"SQLite format": "a database",
    b"MIME-Version:": "a web archive",
}
_HTML: Final = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table|meta|div|style)\b",
    re.IGNORECASE | re.DOTALL,
)
_XML: Final = re.compile(rb"\s*<(?:\?xml|\?mso-application|(?:ss:)?Workbook|office:document)\b")
_SHEET_XML: Final = b"urn:schemas-microsoft-com:office:spreadsheet"
_FLAT: Final = b"urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_ZIPPED: Final = {
    "xl/workbook.bin": "a binary workbook (xlsb)",
    "word/document.xml": "a text document (docx)",
    "ppt/presentation.xml": "slides (pptx)",
    "Index/Document.iwa": "a Numbers document",
}


class Form(Enum):
    """The forms that are read."""

    TEXT = auto()
    WORKBOOK = auto()
    OLD_WORKBOOK = auto()
    OPEN_DOCUMENT = auto()
    FLAT_DOCUMENT = auto()
    SHEET_XML = auto()
    WEB_PAGE = auto()


def form_of(raw: bytes) -> Form:
    """The form of `raw`, zip files not looked into; raises FileRefused for an empty file and for other kinds."""
    if not raw.strip(b"\0 \t\r\n"):
        raise FileRefused("empty_file", "a header and lines of stock", "no bytes", "save the list again")
    if raw.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Form.WORKBOOK
    if raw.startswith(_OLE):
        return _office_file(raw)
    if raw.startswith(_BARE_BIFF):
        return Form.OLD_WORKBOOK
    head = _plain(raw[:4096])
    if _HTML.match(head) and (b"<table" in raw.lower() or b"<\0t\0a\0b\0l\0e" in raw.lower()):
        return Form.WEB_PAGE
    if _XML.match(head):
        return _xml(head)
    if _HTML.match(head):
        raise refused("a web page without a table")
    for start, came in _BINARIES.items():
        if raw.startswith(start) and not (start == b"BM" and b"\0" not in raw[:64]):
            raise refused(came)
    return Form.TEXT


def _plain(head: bytes) -> bytes:
    """The head in one byte a letter, where it is UTF-16."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head[2:].replace(b"\0", b"")
    return head.removeprefix(b"\xef\xbb\xbf")


def _office_file(raw: bytes) -> Form:
    if _wide("EncryptedPackage") in raw or _wide("EncryptionInfo") in raw:
        raise encrypted()
    if _wide("WordDocument") in raw:
        raise refused("a text document (doc)")
    if _wide("PowerPoint Document") in raw:
        raise refused("slides (ppt)")
    return Form.OLD_WORKBOOK


def _wide(name: str) -> bytes:
    return name.encode("utf-16-le")


def _xml(head: bytes) -> Form:
    if _SHEET_XML in head:
        return Form.SHEET_XML
    if _FLAT in head:
        return Form.FLAT_DOCUMENT
    raise refused("an xml document")


def form_of_package(package: Package) -> Form:
    """Which workbook a zip file holds; raises FileRefused for other things."""
    names = package.names
    if any(name.lower().endswith("xl/workbook.xml") for name in names):
        return Form.WORKBOOK
    if package.start_of("mimetype").startswith(b"application/vnd.oasis.opendocument.spreadsheet") or (
        "mimetype" not in names and "content.xml" in names
    ):
        return Form.OPEN_DOCUMENT
    for part, came in _ZIPPED.items():
        if part in names:
            raise refused(came)
    if "mimetype" in names:
        raise refused("a document that is no spreadsheet")
    raise unsound("a zip file that holds no workbook")


def refused(came: str) -> FileRefused:
    """The refusal of a whole file of another kind."""
    return FileRefused(
        "unreadable_file", "a list as csv, xlsx, xls, ods or html", came,
        "open it in the program that it comes from and save the list as xlsx or csv",
    )  # fmt: skip
