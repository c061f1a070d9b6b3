"""How much the node takes in one reading; a test sees that it is no more than that."""

from typing import Final

MANY: Final = 5000
"""Warnings of a reading, blocks, areas, codes of a warning."""
POINTS: Final = 5000
"""Of one polygon, its last included."""
ALL_POINTS: Final = 100_000
"""Of all polygons of a reading."""
SIZE: Final = 3 * 1024 * 1024
"""Bytes of warnings in a reading, with room for the notes on them."""
FULL: Final = 2 * 1024 * 1024
"""Bytes of warnings after which a poll asks for no other document."""
VALUES: Final = 240_000
"""Values in a feed of JSON: it has a few dozen in each warning."""
NOTES: Final = 300
"""Flags, and things skipped, of a reading, and the characters of each; what is more is counted."""
NAME: Final = 1000
PROSE: Final = 20_000
"""Characters of a text for people; what is longer is shortened."""
