"""What storage raises; no error of a database library leaves the room."""


class StorageError(Exception):
    """Storage failed: what was expected, what came, what to do."""

    def __init__(self, expected: str, came: str, do: str) -> None:
        self.expected, self.came, self.do = expected, came, do
        super().__init__(f"expected {expected}; came {came}; {do}")


class StandsBy(StorageError):
    """Another process on the same database leads: this one reads, and writes nothing."""

    def __init__(self) -> None:
        super().__init__(
            "the process of this node that leads", "one that stands by", "ask the one that leads, or try again soon"
        )
