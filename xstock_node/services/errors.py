"""What a service refuses, in the manner of the protocol's errors: expected, came, do, and a stable code."""


class Refusal(Exception):
    """A request of a person or program that cannot be done; `exit_code` is what the command line ends with."""

    def __init__(self, code: str, expected: str, came: str = "", do: str = "", exit_code: int = 1) -> None:
        self.code, self.expected, self.came, self.do, self.exit_code = code, expected, came, do, exit_code
        super().__init__("; ".join(p for p in (f"expected {expected}", f"came {came}" if came else "", do) if p))
