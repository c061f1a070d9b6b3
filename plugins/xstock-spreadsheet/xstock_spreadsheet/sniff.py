"""What a file truly is, told by its first bytes."""

import re
from enum import Enum, auto

from xstock_spreadsheet.errors import FileRefused

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BINARIES = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x7fELF",
    b"MZ\x90",
    b"SQLite format",
)
_HTML = re.compile(
    rb"\s*(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|body|table|meta|div|script)\b", re.IGNORECASE | re.DOTALL
)
_XML = re.compile(rb"\s*<\?xml\b", re.IGNORECASE)


class Form(Enum):
    """The forms that are read."""

    TEXT = auto()
    WORKBOOK = auto()


def form_of(raw: bytes) -> Form:
    """The form of `raw`; raises FileRefused for an empty file and for what no reader here takes."""
    if not raw.strip():
        raise FileRefused("empty_file", "a header and lines of stock", "no bytes", "save the list again")
    if raw.startswith(b"PK\x03\x04") or raw.startswith(b"PK\x05\x06"):
        return Form.WORKBOOK
    if raw.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in raw or "EncryptionInfo".encode("utf-16-le") in raw:
            raise FileRefused(
                "encrypted_file", "a workbook without password", "one that needs a password", "save it without"
            )
        raise _refused("an old workbook (xls) or another Office file")
    head = raw[:4096].removeprefix(b"\xef\xbb\xbf")
    if _HTML.match(head):
        raise _refused("a web page")
    if _XML.match(head):
        raise _refused("an xml document")
    if raw.startswith(_BINARIES):
        raise _refused("a file of another kind")
    return Form.TEXT


def _refused(came: str) -> FileRefused:
    return FileRefused("unreadable_file", "a csv file or an xlsx workbook", came, "open it and save it as csv or xlsx")
