"""What is remarked while a document is read: flags on what was read all the same, and what says nothing to us."""

from typing import Final

import msgspec

from xstock_node.plugins.interchange import Alert, Skipped

TEXT: Final = 1000
MOST: Final = 500
"""Flags, and things skipped, of one reading; what is more is counted."""


class Refused(Exception):
    """A warning that cannot be taken in; `word` is closed, the text says what was expected and what came."""

    def __init__(self, word: str, text: str) -> None:
        super().__init__(text[:TEXT])
        self.word = word


class Notes:
    """Flags and skipped things of one reading, bounded."""

    def __init__(self) -> None:
        self._flags: list[str] = []
        self._skipped: list[Skipped] = []
        self.points = 0

    def flag(self, text: str) -> None:
        """A word on something that was read all the same."""
        self._flags.append(text[:TEXT])

    def skip(self, reason: str, text: str) -> None:
        """Something that was left out: a closed word, and what came."""
        self._skipped.append(Skipped(reason=reason, text=text[:TEXT]))

    def take(self, other: "Notes", about: str) -> None:
        """The notes of one warning, under its name."""
        for flag in other._flags:
            self.flag(f"{about}: {flag}")
        for one in other._skipped:
            self.skip(one.reason, f"{about}: {one.text}")

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags, each once, and how many more there were."""
        found = tuple(dict.fromkeys(self._flags))
        return found if len(found) <= MOST else (*found[:MOST], f"and-more: {len(found) - MOST}")

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What was left out, and how much more there was."""
        found = tuple(self._skipped)
        more = Skipped(reason="and-more", text=str(len(found) - MOST))
        return found if len(found) <= MOST else (*found[:MOST], more)


def within_limits(alert: Alert) -> Alert:
    """The alert, where the node takes it; raises `Refused` for one with more, or longer things, than it does."""
    try:
        return msgspec.msgpack.decode(msgspec.msgpack.encode(alert), type=Alert)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise Refused("over-limit", f"expected a warning within the limits of the node; came {error}") from None
