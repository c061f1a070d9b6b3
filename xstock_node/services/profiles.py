"""What a person settled about the lists of a source, remembered for the next one: which column holds what,
and in which language it is written.

Nothing that was found out about a list is kept, its encoding least of all: bytes of one old code page are valid in the
next, so a remembered guess would turn another list's letters into wrong ones without a word.
"""

from typing import Final

import msgspec

from xstock_node.services.shelf import Shelf

MOST: Final = 100


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Columns that a person named (header as written to field of the stock line), and the list's language (BCP 47)."""

    columns: dict[str, str] = {}
    language: str = ""


PROFILES: Shelf[Profile] = Shelf("profile", Profile)


def learnt(profile: Profile, columns: dict[str, str], language: str) -> Profile:
    """The profile after a list that was taken with these words of a person; the last MOST columns are kept."""
    known = dict([*(profile.columns | columns).items()][-MOST:])
    return Profile(columns=known, language=language or profile.language)
