"""What a person settled about the lists of a source, remembered for the next one: columns, and encodings that came."""

from typing import Final

import msgspec

from xstock_node.plugins.adapters import FileReading
from xstock_node.services.shelf import Shelf

SURE: Final = ("utf-8", "utf-8-sig", "utf-16")
MOST: Final = 100


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Columns that a person named (header to field), and old encodings in the order in which they are tried."""

    columns: dict[str, str] = {}
    encodings: tuple[str, ...] = ()


PROFILES: Shelf[Profile] = Shelf("profile", Profile)


def learnt(profile: Profile, columns: dict[str, str], reading: FileReading) -> Profile:
    """The profile after a list that was taken: only what a person said, never what was guessed."""
    came = () if reading.encoding is None or reading.encoding.lower() in SURE else (reading.encoding,)
    encodings = tuple(dict.fromkeys((*came, *profile.encodings)))[:5]
    return Profile(columns=dict([*(profile.columns | columns).items()][-MOST:]), encodings=encodings)
