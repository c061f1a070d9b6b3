"""What storage raises; no error of a database library leaves the room."""


class StorageError(Exception):
    """Storage failed: what was expected, what came, what to do."""

    def __init__(self, expected: str, came: str, do: str) -> None:
        self.expected, self.came, self.do = expected, came, do
        super().__init__(f"expected {expected}; came {came}; {do}")
