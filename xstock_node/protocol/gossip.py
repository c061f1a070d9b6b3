"""Gossip: push-pull in one POST. A cursor per peer, one digest of everything, and the notes that are new (xs1 11.1)."""

import hashlib
from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.protocol import limits
from xstock_node.protocol.keys import to_base64
from xstock_node.protocol.names import LogId

Cursor = Annotated[str, Meta(max_length=limits.CURSOR, pattern=r"^[A-Za-z0-9.-]*(?!\n)$")]
Digest = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?(?!\n)$")]
Notes = Annotated[tuple[str, ...], Meta(max_length=limits.GOSSIP_NOTES)]
Count = Annotated[int, Meta(ge=0, le=limits.INTEGER)]


class GossipRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`cursor` is what the answering peer gave last; `all` our digest; `frames` small new records beside heads."""

    network: Annotated[str, Meta(max_length=32)]
    cursor: Cursor = ""
    all: Digest = ""
    notes: Notes = ()
    frames: Annotated[str, Meta(max_length=limits.FRAMES_BODY)] = ""


class Want(msgspec.Struct, frozen=True):
    """Records of `log` from index `start` on, whose head stood in this request."""

    log: Annotated[str, Meta(max_length=200)]
    start: Count


class GossipResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`cursor` replaces the one sent; `more` says that notes remain beyond this page; `frames` as in the request."""

    cursor: Cursor = ""
    all: Digest = ""
    notes: Notes = ()
    want: Annotated[tuple[Want, ...], Meta(max_length=limits.STREAM_LOGS)] = ()
    more: bool = False
    mail: Count = 0
    frames: Annotated[str, Meta(max_length=limits.FRAMES_BODY)] = ""


class Range(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Records [start, start + count) of a log, or the roots of whole segments that begin there, or a `proof`.

    A proof is the root of the first `start` records and the consistency path to the tree of `start + count`.
    """

    log: Annotated[str, Meta(max_length=200)]
    start: Count
    count: Annotated[int, Meta(ge=0, le=limits.GROWTH_BURST * 1000)]
    roots: bool = False
    proof: bool = False


class PullRequest(msgspec.Struct, frozen=True):
    """Up to 256 ranges."""

    ranges: Annotated[tuple[Range, ...], Meta(max_length=limits.STREAM_LOGS)]


class BucketRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The digests of all buckets of a network, or with `bucket` the lines of one (xs1 11.12)."""

    network: Annotated[str, Meta(max_length=32)]
    bucket: Annotated[int, Meta(ge=0, le=255)] | None = None


class BucketResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """256 digests, or lines `<log id> <size> <root>`."""

    digests: Annotated[tuple[Digest, ...], Meta(max_length=256)] = ()
    logs: Annotated[tuple[str, ...], Meta(max_length=limits.BUCKET_LOGS)] = ()


class PushResponse(msgspec.Struct, frozen=True):
    """How many records were taken."""

    taken: Count


def line_of(log: LogId, size: int, root: bytes) -> str:
    """The line of a log that digests are made of, without its newline."""
    return f"{log} {size} {to_base64(root)}"


def bucket_of(log: LogId) -> int:
    """The first byte of the hash of a log id."""
    return hashlib.sha256(str(log).encode()).digest()[0]


def cursor(journal: str, position: int) -> str:
    """An opaque text for others: the journal's id and a position in it."""
    return f"{journal}.{position}"


def position_in(journal: str, text: str) -> int:
    """The position of a cursor of this journal; -1 for one of another journal, or none (xs1 11.3)."""
    name, _, number = text.rpartition(".")
    return int(number) if name == journal and number.isascii() and number.isdigit() and len(number) < 16 else -1


def digest(logs: Iterable[tuple[LogId, int, bytes]]) -> str:
    """SHA-256 hex over the bytewise sorted lines `<log id> <size> <root>` with newline, root in base64 (xs1 11.4)."""
    lines = sorted(f"{log} {size} {to_base64(root)}\n".encode() for log, size, root in logs)
    return hashlib.sha256(b"".join(lines)).hexdigest()
