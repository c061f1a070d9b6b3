"""Token buckets: how much of a thing one caller may use. `now` is an argument, in seconds of any steady clock."""


class TokenBucket:
    """Holds at most `burst` tokens and gains `rate` a second."""

    __slots__ = ("burst", "level", "rate", "updated")

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self.level = burst
        self.updated: float | None = None

    def take(self, amount: float, now: float) -> float:
        """Take `amount` and return 0.0, or take nothing and return the seconds until it would be there."""
        if self.updated is not None:
            self.level = min(self.burst, self.level + (now - self.updated) * self.rate)
        self.updated = now
        if amount <= self.level:
            self.level -= amount
            return 0.0
        return (min(amount, self.burst) - self.level) / self.rate

    def spend(self, amount: float, now: float) -> None:
        """Take `amount` that was used already, below zero where it must be."""
        self.take(0, now)
        self.level -= amount
