"""Cases in PostgreSQL: messages, receipts, side lines, attachments, the outbox."""

from collections.abc import Sequence
from itertools import chain

from xstock_node.protocol.messages import Link
from xstock_node.storage.sound import damaged_messages, is_sound_part
from xstock_node.storage.values import DamagedMessage, DamagedPart, Outgoing, StoredCase, StoredMessage
from xstock_postgresql.connection import Line, upsert

_OUTGOING = (
    "insert into outbox (id, recipient, start, n, due, tries, relayed, trouble) values (%s, %s, %s, %s, %s, %s, %s, %s)"
    " on conflict (id, start, n) do update set due = excluded.due, tries = excluded.tries,"
    " relayed = excluded.relayed, trouble = excluded.trouble"
)
_MESSAGES = "select id, writer, start, n, hash, at, void, raw, receipt from message"


class PostgresCases:
    """See `Cases`."""

    def __init__(self, line: Line) -> None:
        self._db = line

    def get(self, case: str) -> StoredCase | None:
        row = self._db.one("select * from case_of where id = %s", (case,))
        return None if row is None else StoredCase(*row)

    def all(self, network: str) -> list[StoredCase]:
        rows = self._db.rows("select * from case_of where network = %s order by opened, id", (network,))
        return [StoredCase(*row) for row in rows]

    def put(self, case: StoredCase) -> None:
        self._db.execute("insert into case_of values (%s, %s, %s, %s, %s) on conflict do nothing", case)

    def messages(self, case: str) -> list[StoredMessage]:
        rows = self._db.rows(f"{_MESSAGES} where id = %s order by at, start, n, writer", (case,))
        return [StoredMessage.of_row(*row) for row in rows]

    def damaged(self) -> list[DamagedMessage | DamagedPart]:
        unlike = "select id, hash from {} where encode(sha256({}), 'hex') <> hash"  # hashed where the bytes are
        parts = chain(self._db.rows(unlike.format("side", "line")), self._db.rows(unlike.format("blob", "data")))
        cases = self._db.column("select distinct id from message")
        found = (one for case in cases for one in damaged_messages(self.messages(case)))
        return [*found, *(DamagedPart(*row) for row in parts)]

    def mend(self, damaged: StoredMessage, right: StoredMessage) -> None:
        key = (damaged.case, damaged.writer, damaged.link.start, damaged.link.n)
        self._db.execute("delete from message where id = %s and writer = %s and start = %s and n = %s", key)
        self.put_message(right)

    def start_of(self, network: str, name: str) -> int:
        row = self._db.one("select start from start_of where network = %s and name = %s", (network, name))
        return 0 if row is None else int(row[0])

    def note_start(self, network: str, name: str, start: int) -> None:
        self._db.execute(
            "insert into start_of values (%s, %s, %s) on conflict (network, name) do update"
            " set start = greatest(start_of.start, excluded.start)",
            (network, name, start),
        )

    def put_message(self, message: StoredMessage) -> None:
        link = message.link
        self._db.execute(
            "insert into message values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                message.case,
                message.writer,
                link.start,
                link.n,
                link.hash,
                message.at,
                bool(message.void),
                message.raw,
                message.receipt,
            ),
        )

    def void(self, case: str, writer: str, links: Sequence[Link]) -> None:
        self._db.many(
            "update message set void = true where id = %s and writer = %s and start = %s and n = %s",
            [(case, writer, link.start, link.n) for link in links],
        )

    def put_receipt(self, case: str, writer: str, link: Link, receipt: bytes) -> None:
        self._db.execute(
            "update message set receipt = %s where id = %s and writer = %s and start = %s and n = %s",
            (receipt, case, writer, link.start, link.n),
        )

    def put_fork(self, case: str, writer: str, hash_: str, at: int, raw: bytes) -> None:
        query = "insert into message_fork values (%s, %s, %s, %s, %s) on conflict do nothing"
        self._db.execute(query, (case, writer, hash_, at, raw))

    def forks(self, case: str) -> list[bytes]:
        return self._db.column("select raw from message_fork where id = %s order by at", (case,))

    def side_lines(self, case: str) -> dict[str, bytes]:
        rows = self._db.rows("select hash, line from side where id = %s", (case,))
        return {hash_: line for hash_, line in rows if is_sound_part(line, hash_)}

    def put_side_line(self, case: str, hash_: str, line: bytes) -> None:
        self._db.execute(upsert("side", "hash id", "line"), (hash_, case, line))

    def erase_side_lines(self, case: str) -> int:
        return self._db.count("delete from side where id = %s", (case,))

    def blob(self, case: str, hash_: str) -> bytes | None:
        row = self._db.one("select data from blob where id = %s and hash = %s", (case, hash_))
        data = None if row is None else bytes(row[0])
        return data if is_sound_part(data, hash_) else None

    def put_blob(self, case: str, hash_: str, data: bytes) -> None:
        self._db.execute(upsert("blob", "hash id", "data"), (hash_, case, data))

    def blob_sizes(self, case: str) -> dict[str, int]:
        return dict(self._db.rows("select hash, length(data) from blob where id = %s order by hash", (case,)))

    def erase_blob(self, case: str, hash_: str) -> bool:
        return self._db.count("delete from blob where id = %s and hash = %s", (case, hash_)) > 0

    def cases_with_blob(self, hash_: str) -> list[str]:
        return self._db.column("select id from blob where hash = %s order by id", (hash_,))

    def outbox(self, due: int | None = None) -> list[Outgoing]:
        query = (
            "select o.id, o.recipient, o.start, o.n, m.hash, o.due, o.tries, o.relayed, o.trouble"
            " from outbox o left join message m on m.id = o.id and m.start = o.start and m.n = o.n"
            " and m.writer <> o.recipient where %s::bigint is null or o.due <= %s::bigint order by o.seq"
        )
        return [
            Outgoing(id_, recipient, Link(start, n, hash_ or ""), when, tries, relayed, trouble)
            for id_, recipient, start, n, hash_, when, tries, relayed, trouble in self._db.rows(query, (due, due))
        ]

    def put_outgoing(self, outgoing: Outgoing) -> None:
        values = (*outgoing[:2], *outgoing.link[:2], *outgoing[3:5], bool(outgoing.relayed), outgoing.trouble)
        self._db.execute(_OUTGOING, values)

    def drop_outgoing(self, case: str, link: Link) -> None:
        self._db.execute("delete from outbox where id = %s and start = %s and n = %s", (case, link.start, link.n))
