"""Which files may be attached, told by their first bytes; a name or suffix counts for nothing.

- what is not PNG, JPEG or PDF from its first byte is refused, so that no file is two things at once;
- cleaning keeps what is needed to show the picture or page, and drops what tells who made it, where, when and by what.
"""

from enum import StrEnum
from typing import Final, NamedTuple

from xstock_node.domain.fields import FieldError, need
from xstock_node.protocol import limits


class Kind(StrEnum):
    """What an attachment is for; a node that knows another kind may say so."""

    DAMAGE = "damage"
    CUSTOMS = "customs"
    LIABILITY = "liability"
    OTHER = "other"


class Media(StrEnum):
    """A media type (RFC 6838) that may be attached."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    PDF = "application/pdf"


class Cleaned(NamedTuple):
    """A file without its metadata."""

    media: Media
    data: bytes


SUFFIXES: Final = {Media.PNG: ".png", Media.JPEG: ".jpg", Media.PDF: ".pdf"}
_FIRST: Final = {b"\x89PNG\r\n\x1a\n": Media.PNG, b"\xff\xd8\xff": Media.JPEG, b"%PDF-": Media.PDF}
WANTED: Final = "a PNG, JPEG or PDF file"


def media_of(data: bytes) -> Media:
    """The type of a file by its first bytes; raises FieldError for another one, and for one that is too long."""
    check_size(len(data))
    for first, media in _FIRST.items():
        if data.startswith(first):
            return media
    raise FieldError(WANTED, "an empty file" if not data else "other content", "save or scan it as one of them")


def check_size(size: int) -> None:
    """Raise FieldError unless so many bytes may be one attachment."""
    most = limits.BLOB
    need(size <= most, f"at most {most} bytes (5 MiB) an attachment", f"{size} bytes", "save it smaller or split it")


def broken(media: Media, came: str) -> FieldError:
    """The refusal of a file that begins like `media` and then is none."""
    return FieldError(f"a whole file of {media}", came, "save it anew")
