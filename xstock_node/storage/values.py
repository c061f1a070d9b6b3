"""What storage takes and gives: one typed value a row, without SQL."""

from typing import NamedTuple

from xstock_node.protocol.merkle import Frontier
from xstock_node.protocol.messages import Link
from xstock_node.protocol.names import LogId, LogName
from xstock_node.protocol.plain_offers import PlainOffer
from xstock_node.protocol.records import Offer


class LogState(NamedTuple):
    """What this node holds of one log.

    `frontier` covers every stored record; `head` is the newest note all of whose records are stored, `target` the
    note being caught up with (then the frontier may be ahead of `head`). Times are unix seconds. `first_size` and
    `first_time` are those of the first head held, from which growth is counted. `frozen` says why no further head
    of this epoch is taken, or is empty. `audience` is the ruling audience record of an audience log.
    """

    log: LogName
    epoch: int = 0
    frontier: Frontier = Frontier(0, ())
    minimum: int = 0
    head: bytes = b""
    head_size: int = 0
    head_time: int = 0
    target: bytes = b""
    heard: int = 0
    first_size: int = 0
    first_time: int = 0
    defects: int = 0
    frozen: str = ""
    audience: str = ""


class Aside(NamedTuple):
    """Records of an older epoch beyond the base of a newer one: kept as "not confirmed", handed to their origin."""

    log: LogName
    epoch: int
    start: int
    size: int
    head: bytes


class Indexed(NamedTuple):
    """What the index keeps of an offer: its index in the log, what is asked for, its folded search key.

    `amount` orders and filters; what is shown comes from the exact pair in the record. `twin` is the public offer
    that this one tells exactly.
    """

    index: int  # type: ignore[assignment]
    id: str
    item: str
    amount: float
    ready: int
    lat: int | None
    lon: int | None
    src: str
    asof: int
    exp: int
    key: str
    twin: str | None

    @classmethod
    def of(cls, index: int, offer: Offer, key: str) -> "Indexed":
        """That of an offer at an index of its log."""
        amount, (lat, lon) = offer.qty[0] * 10.0 ** offer.qty[1], offer.at or (None, None)
        about = (offer.ready, lat, lon, offer.src, offer.asof, offer.exp)
        return cls(index, offer.id, offer.item, amount, *about, key, offer.of)

    @classmethod
    def of_plain(cls, index: int, offer: PlainOffer, key: str) -> "Indexed":
        """The same of an offer that was read by one pattern."""
        id_, _, exp, item, _, _, quantity, power, _, ready, _, _, lat, lon, asof, src, twin = offer
        return cls(index, id_, item, quantity * 10.0**power, ready, lat, lon, src, asof, exp, key, twin)


class StoredOffer(NamedTuple):
    """An offer of a replica as it stands now: `asof` and `exp` include what `still` records refreshed."""

    log: LogName
    index: int  # type: ignore[assignment]
    line: bytes
    asof: int
    exp: int
    heard: int


class OffersAt(NamedTuple):
    """So many offers of a log at one coarse place (microdegrees, None where none is told), the newest one's line, and
    in how many hours the first of them is ready.
    """

    log: LogName
    at: tuple[int, int] | None
    offers: int
    ready: int
    line: bytes


class StoredNote(NamedTuple):
    """A note of the journal at its position; `subject` is its kind and what it is about, such as `head <log>`."""

    position: int
    subject: str
    raw: bytes


class Source(NamedTuple):
    """Where stock lines came from: a file read, or the list kept by hand. Times are unix seconds."""

    name: str
    reader: str
    as_of: str
    read_at: int
    lines: int
    rejected: int


class PeerState(NamedTuple):
    """What is remembered of a peer in a network between starts. `cursor` is theirs, `acked` our position they hold."""

    network: str
    name: str
    cursor: str = ""
    acked: int = 0
    last_in: int = 0
    last_out: int = 0
    refusals: int = 0
    last_refusal: str = ""


class StoredCharter(NamedTuple):
    """One version of a network's charter; `conflict` is another text of that version, or empty."""

    network: str
    version: int
    heard: int
    raw: bytes
    conflict: bytes = b""


class StoredStatement(NamedTuple):
    """A vouch or revocation as it stands in a `net` log, and when this node first held it."""

    log: LogName
    index: int  # type: ignore[assignment]
    heard: int
    line: bytes


class StoredFork(NamedTuple):
    """A fork statement whose proof and signatures hold; it stays after the log went on in a newer epoch."""

    log: LogId
    at: int
    raw: bytes


class Application(NamedTuple):
    """Who wants to join: its identity note, who shall sponsor it, a contact as a function, whether it was invited."""

    network: str
    name: str
    at: int
    sponsor: str
    contact: str
    invited: bool
    identity: bytes


class Invite(NamedTuple):
    """An invitation: the hash of its token, until when it holds, a remark of whoever made it, who used it."""

    network: str
    hash: str
    made: int
    exp: int
    remark: str
    used: str


class StoredCase(NamedTuple):
    """A case and its two parties; `opened` unix seconds."""

    id: str
    network: str
    requester: str
    supplier: str
    opened: int


class StoredMessage(NamedTuple):
    """A message as received or sent; `receipt` of its recipient, empty while there is none."""

    case: str
    writer: str
    link: Link
    at: int
    void: bool
    raw: bytes
    receipt: bytes = b""

    @classmethod
    def of_row(
        cls, case: str, writer: str, start: int, n: int, hash_: str, at: int, void: int, raw: bytes, receipt: bytes
    ) -> "StoredMessage":
        """The message of a row of a database."""
        return cls(case, writer, Link(start, n, hash_), at, bool(void), raw, receipt)


class DamagedMessage(NamedTuple):
    """A message that is not on disk as it was stored."""

    found: StoredMessage

    def words(self) -> str:
        """Which one it is."""
        one = self.found
        return f"message {one.link.start} {one.link.n} of {one.writer} in case {one.case}"


class DamagedPart(NamedTuple):
    """A side line or an attachment of a case that is not on disk as it was stored: nobody reads it any more."""

    case: str
    hash: str

    def words(self) -> str:
        """Which one it is."""
        return f"what hashes to {self.hash} in case {self.case}"


class Outgoing(NamedTuple):
    """A message of ours that waits for its receipt: when it is tried again, how often it was, and what went wrong."""

    case: str
    recipient: str
    link: Link
    due: int
    tries: int = 0
    relayed: bool = False
    trouble: str = ""


class StoredObject(NamedTuple):
    """Something that people keep: which kind, its id, when it was changed, its JSON."""

    kind: str
    id: str
    changed: int
    body: bytes


class SealedMail(NamedTuple):
    """A sealed blob for a recipient who cannot be reached."""

    recipient: str
    hash: str
    sender: str
    at: int
    size: int
    data: bytes = b""


class StoredCosignature(NamedTuple):
    """What a witness signed under an own audit head of `epoch` and `size`; `at` unix seconds by the witness."""

    log: LogName
    epoch: int
    size: int
    witness: str
    at: int
    line: str


class Act(NamedTuple):
    """One act: when, who, what (a dotted verb), about what, and why or with which figures."""

    at: int
    actor: str
    verb: str
    subject: str
    detail: str

    def text(self) -> bytes:
        """The act as one line, whose hash stands in the audit log."""
        return "\t".join((str(self.at), self.actor, self.verb, self.subject, self.detail)).encode()
