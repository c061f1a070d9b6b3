"""How the calls of one adapter went: counts, times, the last error, and when it may be asked again."""

from dataclasses import dataclass, field

import msgspec

from xstock_node.plugins.adapters import NotCarried, Undeliverable
from xstock_node.plugins.calls import bounded
from xstock_node.plugins.errors import CursorExpired, Declined, Unauthorised, Unavailable
from xstock_node.protocol import limits

ANSWERS = (Declined, CursorExpired, NotCarried, Undeliverable)
"""Exceptions that are an answer: the system works."""
PUBLIC = ("route", "page", "identity-provider")
"""Kinds that do not wait after errors: whoever causes some would keep out all others."""


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """One adapter as `plugin list` shows it; times in unix seconds, `seconds` is the sum of all calls'."""

    kind: str
    name: str
    state: str
    calls: int
    errors: int
    seconds: float
    slowest: float
    last_error: str = ""
    last_error_at: int = 0
    next_at: int = 0


@dataclass
class Stop:
    """The mark of the settings with which a system refused us, and its words; one for all kinds of an adapter."""

    mark: str = field(default="", repr=False)
    why: str = ""


@dataclass
class Record:
    """One adapter's record."""

    kind: str
    name: str
    stop: Stop = field(default_factory=Stop)
    calls: int = 0
    errors: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    in_a_row: int = 0
    last_error: str = ""
    last_error_at: int = 0
    next_at: int = 0

    @property
    def stopped(self) -> str:
        """The mark of the settings with which the system refused us."""
        return self.stop.mark

    def refused(self, mark: str, why: str) -> None:
        """Ask no more with these settings."""
        self.stop.mark, self.stop.why = mark, why

    def went(self, seconds: float, error: BaseException | None, now: int, mark: str) -> None:
        """Note a call that ended; `mark` is that of the settings it used."""
        self.calls += 1
        self.seconds += seconds
        self.slowest = max(self.slowest, seconds)
        if error is None or isinstance(error, ANSWERS):
            self.in_a_row = self.next_at = 0
            return
        self.errors += 1
        self.in_a_row += 1
        self.last_error, self.last_error_at = f"{type(error).__name__}: {error}"[:500], now
        if isinstance(error, Unauthorised):
            self.refused(mark, self.last_error)
            self.next_at = 0  # it is asked with other settings only, and then at once
            return
        if self.kind in PUBLIC:
            return
        self.next_at = now + back_off(self.in_a_row, getattr(error, "retry_after", 0.0))

    def objection(self, now: int, mark: str) -> Exception | None:
        """Why the adapter is not to be asked now, or None."""
        if self.stopped and self.stopped == mark:
            return Unauthorised(
                f"stopped at the first refusal ({self.stop.why}); mend plugins/{self.name}.toml or the file of its "
                "password: it is tried once more as soon as one of them changes, or after `xstock plugin enable`"
            )
        if now < self.next_at:
            wait = self.next_at - now
            return Unavailable(f"waits {wait} s more after {self.in_a_row} errors; the last: {self.last_error}", wait)
        return None

    def forgive(self, stops: bool = True) -> None:
        """Let it be asked again at once; without `stops` not what was refused."""
        self.in_a_row = self.next_at = 0
        if stops:
            self.refused("", "")

    def tally(self, state: str, mark: str) -> Tally:
        """As `plugin list` shows it; `mark` is that of the settings as they are now."""
        return Tally(
            kind=self.kind,
            name=self.name,
            state="stopped" if state == "on" and self.stopped and self.stopped == mark else state,
            calls=self.calls,
            errors=self.errors,
            seconds=round(self.seconds, 3),
            slowest=round(self.slowest, 3),
            last_error=self.last_error or self.stop.why,
            last_error_at=self.last_error_at,
            next_at=self.next_at,
        )


def back_off(in_a_row: int, retry_after: float) -> int:
    """Seconds to wait after so many errors in a row: doubling, never longer than an hour by the system's own word."""
    own = min(limits.PLUGIN_BACK_OFF * 2.0 ** min(in_a_row - 1, 20), limits.PLUGIN_BACK_OFF_MAX)
    return int(max(own, bounded(retry_after)))
