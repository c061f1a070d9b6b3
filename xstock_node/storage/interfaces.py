"""The interfaces of storage: typed values in and out, no SQL, row or sqlite type beyond them.

An engine gives transactions; a transaction gives one small store a subject. A write is atomic: all of its work or
none. A durable write has reached the disk when it returns (what we sign or acknowledge); one that is not may be
lost in a power cut, never torn (replicas of others, found again by digest).
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol, TypeVar

from xstock_node.domain.mapping import Mapping
from xstock_node.domain.search import OfferQuery
from xstock_node.domain.stock import StockLine
from xstock_node.protocol.merkle import Frontier
from xstock_node.protocol.messages import Link
from xstock_node.protocol.names import LogId, LogName
from xstock_node.protocol.records import Offer

T = TypeVar("T")


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
    """An offer with its index in the log and its folded search key."""

    index: int
    offer: Offer
    key: str


class StoredOffer(NamedTuple):
    """An offer of a replica as it stands now: `asof` and `exp` include what `still` records refreshed."""

    log: LogName
    index: int
    line: bytes
    asof: int
    exp: int
    heard: int


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
    index: int
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


class Outgoing(NamedTuple):
    """A message of ours that waits for its receipt: when it is tried again, how often it was, and what went wrong."""

    case: str
    recipient: str
    link: Link
    due: int
    tries: int = 0
    relayed: bool = False
    trouble: str = ""


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


class Logs(Protocol):
    """Logs, own and replicas: states, records as received, leaf hashes, what was cut off."""

    def state(self, log: LogName) -> LogState | None: ...
    def states(self) -> list[LogState]: ...
    def put(self, state: LogState) -> None: ...
    def append(self, log: LogName, start: int, lines: Sequence[bytes], segments: dict[int, bytes]) -> None:
        """Store record or `#` lines from index `start` on, and the roots of segments they complete."""
        ...

    def lines(self, log: LogName, start: int, count: int) -> list[bytes]:
        """Stored lines in order; an erased record is its `#` line. Ends early where nothing more is stored."""
        ...

    def leaves(self, log: LogName, start: int, end: int) -> list[bytes]: ...
    def range_root(self, log: LogName, start: int, end: int) -> bytes: ...
    def segment_roots(self, log: LogName, first: int, count: int) -> list[bytes]: ...
    def cut(self, log: LogName, size: int, head: bytes, epoch: int) -> None:
        """Move the records from `size` on aside, with the head of `epoch` that covered them."""
        ...

    def erase(self, log: LogName, index: int) -> bool:
        """Replace a record by its `#` line, and remember that it may be so; False where there is none to replace."""
        ...

    def give_up(self, log: LogName, start: int, end: int, keep: Callable[[bytes], bool]) -> None:
        """Replace the records [start, end) by their `#` lines, but for those to keep. Nobody is owed their content."""
        ...

    def fill(self, log: LogName, index: int, line: bytes) -> None:
        """Put the content of a record into the place of its `#` line."""
        ...

    def erased(self, log: LogName) -> set[int]:
        """The indexes that erase records of this log name."""
        ...

    def holes(self, log: LogName) -> list[int]:
        """Indexes of `#` lines that a peer gave without a right to: their content is still to be found."""
        ...

    def put_holes(self, log: LogName, indexes: Iterable[int]) -> None: ...
    def close_holes(self, log: LogName, indexes: Iterable[int]) -> None: ...

    def asides(self, log: LogName | None = None) -> list[Aside]: ...
    def aside_lines(self, log: LogName, epoch: int, start: int, count: int) -> list[bytes]: ...
    def drop_aside(self, log: LogName, epoch: int) -> None: ...


class Offers(Protocol):
    """The searchable index of live offers, own and others'."""

    def put(self, log: LogName, offers: Sequence[Indexed]) -> None:
        """Index offers; one with an id known in this log replaces it."""
        ...

    def end(self, log: LogName, ids: Iterable[str]) -> None: ...
    def refresh(self, log: LogName, source: str, asof: int, exp: int) -> None: ...
    def clear(self, log: LogName) -> None: ...
    def get(self, log: LogName, offer_id: str) -> StoredOffer | None: ...
    def of_log(self, log: LogName) -> list[StoredOffer]: ...
    def search(self, query: OfferQuery) -> list[StoredOffer]: ...
    def count(self, log: LogName, now: int) -> int: ...


class Journal(Protocol):
    """Notes in the order in which this node learned them; the newest of a subject replaces the older."""

    def id(self) -> str:
        """Random, and new with every new database."""
        ...

    def renew(self) -> str:
        """A new id: cursors that were given for this journal are void, because the database is an older copy."""
        ...

    def put(self, subject: str, raw: bytes) -> int: ...
    def since(self, position: int, most: int) -> list[StoredNote]: ...
    def last(self) -> int: ...


class Stock(Protocol):
    """Stock lines by source, mappings, minimum levels, and what a person released."""

    def replace(self, source: Source, lines: Sequence[tuple[str, StockLine]]) -> None: ...
    def put_line(self, source: str, ref: str, line: StockLine) -> None: ...
    def remove_line(self, source: str, ref: str) -> bool: ...
    def lines(self) -> list[tuple[str, str, StockLine]]: ...
    def sources(self) -> list[Source]: ...
    def mappings(self) -> list[Mapping]: ...
    def put_mapping(self, mapping: Mapping) -> None: ...
    def minimums(self) -> dict[tuple[str, str], Decimal]: ...
    def replace_minimums(self, minimums: dict[tuple[str, str], Decimal]) -> None: ...
    def released(self) -> dict[str, Decimal]: ...
    def release(self, code: str, quantity: Decimal) -> None: ...
    def catalogue_items(self) -> list[bytes]: ...
    def put_catalogue_items(self, items: Sequence[tuple[str, bytes]]) -> None: ...


class Peers(Protocol):
    """What is remembered of peers."""

    def get(self, network: str, name: str) -> PeerState: ...
    def put(self, state: PeerState) -> None: ...


class Governance(Protocol):
    """Charters, statements of governors, forks, applications and invitations."""

    def charters(self, network: str) -> list[StoredCharter]:
        """Every version held, the oldest first."""
        ...

    def networks(self) -> list[str]:
        """The networks of which a charter is held."""
        ...

    def put_charter(self, charter: StoredCharter) -> None: ...
    def statements(self, network: str) -> list[StoredStatement]: ...
    def put_statement(self, statement: StoredStatement) -> None: ...
    def cut_statements(self, log: LogName, size: int) -> None:
        """Forget the statements from index `size` on."""
        ...

    def forks(self) -> list[StoredFork]: ...
    def put_fork(self, fork: StoredFork) -> None: ...
    def applications(self, network: str) -> list[Application]: ...
    def put_application(self, application: Application) -> None: ...
    def drop_application(self, network: str, name: str) -> None: ...
    def invites(self, network: str) -> list[Invite]: ...
    def put_invite(self, invite: Invite) -> None: ...


class Cases(Protocol):
    """Cases with their messages, receipts, side lines and attachments, and what waits to be sent."""

    def get(self, case: str) -> StoredCase | None: ...
    def all(self, network: str) -> list[StoredCase]: ...
    def put(self, case: StoredCase) -> None: ...
    def messages(self, case: str) -> list[StoredMessage]:
        """All messages of a case in the order in which they were stored here, void ones included."""
        ...

    def start_of(self, network: str, name: str) -> int:
        """The newest start number that a node told in an exchange of cases; 0 for none."""
        ...

    def note_start(self, network: str, name: str, start: int) -> None: ...
    def put_message(self, message: StoredMessage) -> None: ...
    def void(self, case: str, writer: str, links: Sequence[Link]) -> None:
        """Mark messages that a newer start does not link to: they count no longer."""
        ...

    def put_receipt(self, case: str, writer: str, link: Link, receipt: bytes) -> None: ...
    def put_fork(self, case: str, writer: str, hash_: str, at: int, raw: bytes) -> None: ...
    def forks(self, case: str) -> list[bytes]: ...
    def side_lines(self, case: str) -> dict[str, bytes]: ...
    def put_side_line(self, case: str, hash_: str, line: bytes) -> None: ...
    def erase_side_lines(self, case: str) -> int: ...
    def blob(self, case: str, hash_: str) -> bytes | None: ...
    def put_blob(self, case: str, hash_: str, data: bytes) -> None: ...
    def cases_with_blob(self, hash_: str) -> list[str]: ...
    def outbox(self, due: int | None = None) -> list[Outgoing]:
        """What waits to be sent; with `due` only what is due by then."""
        ...

    def put_outgoing(self, outgoing: Outgoing) -> None: ...
    def drop_outgoing(self, case: str, link: Link) -> None: ...


class Mail(Protocol):
    """Sealed blobs kept here for others."""

    def list(self, recipient: str) -> list[SealedMail]:
        """Without their data."""
        ...

    def get(self, recipient: str, hash_: str) -> SealedMail | None: ...
    def put(self, mail: SealedMail) -> None: ...
    def delete(self, recipient: str, hash_: str) -> None: ...
    def expire(self, before: int) -> None: ...


class Witnesses(Protocol):
    """Audit heads that this node witnessed, and cosignatures under its own."""

    def held(self, log: LogName) -> bytes: ...
    def hold(self, log: LogName, at: int, head: bytes) -> None: ...
    def cosignatures(self, log: LogName) -> list[StoredCosignature]: ...
    def put_cosignature(self, cosignature: StoredCosignature) -> None: ...


class Acts(Protocol):
    """The list of acts, append-only."""

    def add(self, act: Act) -> None: ...
    def last(self, count: int) -> list[Act]: ...


class Transaction(Protocol):
    """One consistent view, or one atomic change, of all stores."""

    logs: Logs
    offers: Offers
    journal: Journal
    stock: Stock
    peers: Peers
    governance: Governance
    cases: Cases
    mail: Mail
    witnesses: Witnesses
    acts: Acts


class Engine(Protocol):
    """A database of one node."""

    async def write(self, work: Callable[[Transaction], T], durable: bool) -> T:
        """Run `work` in the one writer; an exception undoes all of it and is raised here."""
        ...

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` over a consistent view, beside the writer."""
        ...

    async def checkpoint(self) -> None:
        """Make all that was written so far durable; what ends a long catch-up."""
        ...

    async def compact(self) -> None:
        """Leave no copy of what was erased: in free pages, in the index, in what was written ahead."""
        ...

    async def close(self) -> None: ...

    def size(self) -> int:
        """Bytes on disk."""
        ...
