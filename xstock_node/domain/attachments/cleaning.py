"""One entrance to cleaning, whatever the file is."""

from xstock_node.domain.attachments import jpeg, pdf, png
from xstock_node.domain.attachments.media import Cleaned, Media, check_size, media_of


def clean(data: bytes) -> Cleaned:
    """A file without its metadata; raises FieldError where it may not be attached, and nothing else."""
    media = media_of(data)
    cleaned = {Media.PNG: png.clean, Media.JPEG: jpeg.clean, Media.PDF: pdf.clean}[media](data)
    check_size(len(cleaned))
    return Cleaned(media, cleaned)
