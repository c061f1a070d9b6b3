"""What a person says of a list beside it, its columns and its language, refused where it makes no sense."""

import re
from collections.abc import Mapping
from typing import Final

from xstock_node.plugins.adapters import COLUMN_FIELDS, FileReading
from xstock_node.services.errors import Refusal

LANGUAGE: Final = r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?(?!\n)$"


def check(columns: Mapping[str, str], language: str) -> None:
    """Raise Refusal for a field that no column can hold, or a language that is no tag of BCP 47."""
    wrong = next(((header, field) for header, field in columns.items() if field not in COLUMN_FIELDS), None)
    if wrong:
        expected, do = "HEADER=FIELD with one of the fields", "the fields are " + ", ".join(sorted(COLUMN_FIELDS))
        raise Refusal("bad-column", expected, "=".join(wrong), do, 2)
    if not re.search(LANGUAGE, language):
        do = "say for instance de, en-GB (day before month) or en-US (month before day)"
        raise Refusal("bad-language", "a language tag (BCP 47)", language, do, 2)


def check_headers(columns: Mapping[str, str], reading: FileReading) -> None:
    """Raise Refusal where a person named a header that the list does not have."""
    missing = [header for header in columns if header in reading.unknown_columns]
    if missing:
        expected, came = "headers as they are written in the list", f"{', '.join(missing)}, which it does not have"
        raise Refusal("unknown-column", expected, came, "nothing was changed; copy the header from the list", 2)
