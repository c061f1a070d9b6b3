"""What storage raises; no error of a database library leaves the room."""

from xstock_node.protocol.names import LogName


class StorageError(Exception):
    """Storage failed: what was expected, what came, what to do."""

    def __init__(self, expected: str, came: str, do: str) -> None:
        self.expected, self.came, self.do = expected, came, do
        super().__init__(f"expected {expected}; came {came}; {do}")


class DamagedRecord(StorageError):
    """A record is not on disk as it was written: it is neither served nor shown, until a peer gave it again."""

    def __init__(self, log: LogName, index: int) -> None:
        self.log, self.index = log, index
        super().__init__("a record as it was written", f"record {index} of {log}, damaged on disk", "`xstock db check`")


class StandsBy(StorageError):
    """Another process on the same database leads: this one reads, and writes nothing."""

    def __init__(self) -> None:
        super().__init__(
            "the process of this node that leads", "one that stands by", "ask the one that leads, or try again soon"
        )
