"""The profile of a source: what one file's reading settled about the next file from the same place.

A profile is a `ReadHints`, so whoever keeps it needs no form of its own for it; a header that no longer comes is
simply not met. Several headers that hold quantities are the places of a pivot and are recognised as such again.
"""

import msgspec

from xstock_node.plugins.adapters import FileReading, ReadHints

_UTF_8 = ("utf-8", "utf-8-sig", "utf-16")


def profile_of(reading: FileReading, hints: ReadHints) -> ReadHints:
    """`hints` with the columns and the encoding of a reading that a person accepted; theirs win over its guesses."""
    learnt = () if reading.encoding is None or reading.encoding in _UTF_8 else (reading.encoding,)
    encodings = tuple(dict.fromkeys((*hints.encodings, *learnt)))
    return msgspec.structs.replace(hints, columns=reading.columns | hints.columns, encodings=encodings)


def told_columns(columns: dict[str, str]) -> dict[str, str]:
    """The columns without the places of a pivot."""
    several = sum(1 for field in columns.values() if field == "quantity") > 1
    return {header: field for header, field in columns.items() if not (several and field == "quantity")}
