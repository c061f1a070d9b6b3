"""Names: nodes, networks, labels, logs. Names are names, not keys."""

import base64
import re
from typing import NamedTuple

from xstock_node.protocol import limits
from xstock_node.protocol.errors import ProtocolError

_NODE = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
_LABEL = re.compile(r"[a-z0-9-]{1,32}")
_RECORD_ID = re.compile(r"[a-z2-7]{16}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
_HEX32 = re.compile(r"[0-9a-f]{64}")

PUBLIC, GOVERNANCE, AUDIT = "pub", "net", "audit"  # xs1 2.6


def node_name(text: str) -> str:
    """A node name as `redcross.bg`: lower-case labels with dots, at least two, at most 100 characters (xs1 2.1)."""
    if len(text) > limits.NODE_NAME or not _NODE.fullmatch(text):
        raise ProtocolError("a node name such as redcross.bg (a-z, 0-9, '-', at least one dot)", text)
    return text


def label(text: str) -> str:
    """A network or label: 1 to 32 of a-z, 0-9 and '-' (xs1 2.2)."""
    if not _LABEL.fullmatch(text):
        raise ProtocolError("1 to 32 of a-z, 0-9 and '-'", text)
    return text


def record_id(entropy: bytes) -> str:
    """The 16 characters of `a-z2-7` that 10 random bytes make."""
    if len(entropy) != 10:
        raise ValueError("a record id is made of 10 bytes")
    return base64.b32encode(entropy).decode().lower()


def is_record_id(text: str) -> bool:
    """Whether `text` is a record id (xs1 2.5)."""
    return _RECORD_ID.fullmatch(text) is not None


def hex_hash(text: str) -> str:
    """A SHA-256 in 64 lower-case hexadecimal digits (xs1 1.7)."""
    if not _HEX32.fullmatch(text):
        raise ProtocolError("64 hexadecimal digits in lower case", text)
    return text


def number(text: str) -> int:
    """A decimal number without sign or leading zero, as signed text writes it (xs1 1.3)."""
    if not _NUMBER.fullmatch(text) or int(text) > limits.INTEGER:
        raise ProtocolError("a decimal number without leading zeros, below 2^53", text)
    return int(text)


class LogName(NamedTuple):
    """`<node>` and `<network>.<label>`: one log through all its epochs."""

    node: str
    log: str

    @property
    def network(self) -> str:
        """The network's name; empty for a log that names none (the format vector)."""
        return self.log.partition(".")[0] if "." in self.log else ""

    @property
    def label(self) -> str:
        """What follows the network: `pub`, `net`, `audit`, an exercise or an audience."""
        return self.log.rpartition(".")[2]

    @property
    def is_exercise(self) -> bool:
        """An exercise is a log whose label begins with `x`, and nothing real begins so (xs1 2.8)."""
        return self.label.startswith("x")

    @property
    def is_for_all(self) -> bool:
        """Whether every member may read it; any other label is an audience's (xs1 2.9)."""
        return self.label in (PUBLIC, GOVERNANCE, AUDIT) or self.label.startswith("x-")

    def epoch(self, epoch: int) -> "LogId":
        """This log in one epoch."""
        return LogId(self.node, self.log, epoch)

    def __str__(self) -> str:
        return f"{self.node}/{self.log}"


class LogId(NamedTuple):
    """`<node>/xs1/<log>/<epoch>`."""

    node: str
    log: str
    epoch: int

    @property
    def name(self) -> LogName:
        """The log without its epoch."""
        return LogName(self.node, self.log)

    def __str__(self) -> str:
        return f"{self.node}/xs1/{self.log}/{self.epoch}"


def log_name(network: str, log_label: str) -> str:
    """`see` and `pub` make `see.pub`."""
    return f"{label(network)}.{label(log_label)}"


def parse_log_id(text: str) -> LogId:
    """A log id; the log's name is `<network>.<label>`, or one label where no network is named (xs1 2.3)."""
    parts = text.split("/")
    if len(parts) != 4 or parts[1] != "xs1":
        raise ProtocolError("a log id <node>/xs1/<network>.<label>/<epoch>", text)
    labels = parts[2].split(".")
    if len(labels) > 2:
        raise ProtocolError("a log name <network>.<label>", parts[2])
    for part in labels:
        label(part)
    return LogId(node_name(parts[0]), parts[2], number(parts[3]))
