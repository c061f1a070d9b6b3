"""What the node finds when it looks at itself, and what it found last, for the metrics."""

import msgspec

STATES = ("ok", "warning", "error")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One check: `ok`, `warning` or `error`, what was found, and what to do. `code` names the kind of check."""

    check: str
    state: str
    found: str
    do: str = ""
    code: str = ""


class Looked:
    """The last look of the node at itself: nothing before the first."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def states(self) -> dict[str, int]:
        """How many findings there are of each state."""
        if not self.findings:
            return {}
        return {state: sum(one.state == state for one in self.findings) for state in STATES}
