"""What is told beside a message: that it is refused and why, or what was read with a mark."""

from typing import Final, Literal

import msgspec

from xstock_node.plugins.interchange import Skipped

MANY: Final = 5000
"""As many lines, flags and skipped things as a neutral reading holds."""
Word = Literal["missing", "wrong-value", "wrong-time", "not-whole", "too-much"]


class Broken(Exception):
    """A message that breaks the standard, or cannot be said in it. `word` is closed."""

    def __init__(self, word: Word, expected: str, came: str, do: str) -> None:
        super().__init__(f"expected {expected}; came {came[:200]}; {do}")
        self.word = word


def broken(error: msgspec.ValidationError, expected: str) -> Broken:
    """What a value outside its type or bounds breaks."""
    said = str(error)
    word: Word = "missing" if "missing required" in said else "too-much" if "of length <=" in said else "wrong-value"
    return Broken(word, expected, said, "correct it")


class Told:
    """Collects flags and what was skipped, each once."""

    def __init__(self) -> None:
        self.flags: dict[str, None] = {}
        self.skipped: dict[Skipped, None] = {}

    def flag(self, word: str, what: str = "") -> None:
        """Something that was read all the same."""
        self.flags[f"{word}: {what[:200]}" if what else word] = None

    def skip(self, reason: str, what: str = "") -> None:
        """Something that says nothing to us."""
        self.skipped[Skipped(reason=reason, text=what[:200])] = None
