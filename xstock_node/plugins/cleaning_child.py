"""The child process that cleans a file to attach: `python -m xstock_node.plugins.cleaning_child`, bytes in, JSON out.

It limits itself first. What pypdf has to say of a file is silenced: a file's own words belong into no log.
"""

import logging
import os
import sys

import msgspec

from xstock_node.domain.attachments import cleaning
from xstock_node.domain.attachments.media import Media
from xstock_node.domain.fields import FieldError
from xstock_node.plugins.child import limit
from xstock_node.protocol import limits


class CleanAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The cleaned file; or what was `expected` of it, what `came` and what to `do`; or that pypdf is `missing`."""

    media: Media | None = None
    data: bytes = b""
    expected: str = ""
    came: str = ""
    do: str = ""
    missing: bool = False


def main() -> None:
    """Read the file, keep the limits, answer."""
    logging.disable()
    data = sys.stdin.buffer.read(limits.BLOB + 1)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    limit(limits.PDF_MEMORY, limits.PDF_SECONDS)
    answers.write(msgspec.json.encode(_answer(data)))
    answers.close()


def _answer(data: bytes) -> CleanAnswer:
    try:
        import pypdf  # noqa: F401
    except ImportError:
        return CleanAnswer(missing=True)
    try:
        cleaned = cleaning.clean(data)
    except FieldError as error:
        return CleanAnswer(expected=error.expected, came=error.came, do=error.do)
    return CleanAnswer(media=cleaned.media, data=cleaned.data)


if __name__ == "__main__":
    main()
