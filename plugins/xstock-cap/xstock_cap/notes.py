"""What is remarked while a document is read: flags on what was read all the same, and what says nothing to us."""

import msgspec

from xstock_cap import bounds
from xstock_node.plugins.interchange import Alert, Skipped


class Refused(Exception):
    """A warning that cannot be taken in; `word` is closed, the text says what was expected and what came."""

    def __init__(self, word: str, text: str) -> None:
        super().__init__(text[: bounds.NAME])
        self.word = word


class Notes:
    """Flags and skipped things of one reading, bounded."""

    def __init__(self) -> None:
        self._flags: dict[str, None] = {}
        self._skipped: list[Skipped] = []
        self._more_flags = self._more_skipped = 0
        self.points = 0

    def flag(self, text: str) -> None:
        """A word on something that was read all the same; the same word again says nothing more."""
        if len(self._flags) < bounds.NOTES:
            self._flags[text[: bounds.NOTES]] = None
        else:
            self._more_flags += 1

    def skip(self, reason: str, text: str) -> None:
        """Something that was left out: a closed word, and what came."""
        if len(self._skipped) < bounds.NOTES:
            self._skipped.append(Skipped(reason=reason, text=text[: bounds.NOTES]))
        else:
            self._more_skipped += 1

    def take(self, other: "Notes", about: str) -> None:
        """The notes of one warning, under its name."""
        for flag in other._flags:
            self.flag(f"{about}: {flag}")
        for one in other._skipped:
            self.skip(one.reason, f"{about}: {one.text}")
        self._more_flags += other._more_flags
        self._more_skipped += other._more_skipped

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags, and how many more there were."""
        return (*self._flags, *([f"and-more: {self._more_flags}"] if self._more_flags else []))

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What was left out, and how much more there was."""
        more = [Skipped(reason="and-more", text=str(self._more_skipped))] if self._more_skipped else []
        return (*self._skipped, *more)


def within_limits(alert: Alert) -> Alert:
    """The alert, where the node takes it; raises `Refused` for one with more, or longer things, than it does."""
    try:
        raw = msgspec.msgpack.encode(alert)
        if len(raw) > bounds.SIZE:
            raise Refused("over-limit", f"expected a warning of at most {bounds.SIZE} bytes; came {len(raw)}")
        return msgspec.msgpack.decode(raw, type=Alert)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise Refused("over-limit", f"expected a warning within the limits of the node; came {error}") from None
