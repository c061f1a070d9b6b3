"""Cases in SQLite: messages, receipts, side lines, attachments, the outbox."""

import sqlite3
from collections.abc import Sequence
from itertools import chain

from xstock_node.protocol.messages import Link
from xstock_node.storage.sound import damaged_messages, damaged_parts, is_sound_part
from xstock_node.storage.values import DamagedMessage, DamagedPart, Outgoing, StoredCase, StoredMessage

# Cast, as a flipped bit may have made a text of what was bytes, which Python would refuse to read.
_MESSAGES = "select id, writer, start, n, hash, at, void, cast(raw as blob), cast(receipt as blob) from message"


class SqliteCases:
    """See `Cases`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, case: str) -> StoredCase | None:
        row = self._db.execute("select * from case_of where id = ?", (case,)).fetchone()
        return None if row is None else StoredCase(*row)

    def all(self, network: str) -> list[StoredCase]:
        rows = self._db.execute("select * from case_of where network = ? order by opened, id", (network,))
        return [StoredCase(*row) for row in rows]

    def put(self, case: StoredCase) -> None:
        self._db.execute("insert or ignore into case_of values (?, ?, ?, ?, ?)", case)

    def messages(self, case: str) -> list[StoredMessage]:
        rows = self._db.execute(f"{_MESSAGES} where id = ? order by at, start, n, writer", (case,))
        return [StoredMessage.of_row(*row) for row in rows]

    def damaged(self) -> list[DamagedMessage | DamagedPart]:
        parts = chain(
            self._db.execute("select id, hash, cast(line as blob) from side"),
            self._db.execute("select id, hash, cast(data as blob) from blob"),
        )
        found = damaged_messages(StoredMessage.of_row(*row) for row in self._db.execute(_MESSAGES))
        return [*found, *damaged_parts(parts)]

    def mend(self, damaged: StoredMessage, right: StoredMessage) -> None:
        key = (damaged.case, damaged.writer, damaged.link.start, damaged.link.n)
        self._db.execute("delete from message where id = ? and writer = ? and start = ? and n = ?", key)
        self.put_message(right)

    def start_of(self, network: str, name: str) -> int:
        row = self._db.execute("select start from start_of where network = ? and name = ?", (network, name)).fetchone()
        return 0 if row is None else int(row[0])

    def note_start(self, network: str, name: str, start: int) -> None:
        self._db.execute(
            "insert into start_of values (?, ?, ?) on conflict (network, name) do update"
            " set start = max(start, excluded.start)",
            (network, name, start),
        )

    def put_message(self, message: StoredMessage) -> None:
        link = message.link
        self._db.execute(
            "insert into message values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                message.case,
                message.writer,
                link.start,
                link.n,
                link.hash,
                message.at,
                int(message.void),
                message.raw,
                message.receipt,
            ),
        )

    def void(self, case: str, writer: str, links: Sequence[Link]) -> None:
        self._db.executemany(
            "update message set void = 1 where id = ? and writer = ? and start = ? and n = ?",
            [(case, writer, link.start, link.n) for link in links],
        )

    def put_receipt(self, case: str, writer: str, link: Link, receipt: bytes) -> None:
        self._db.execute(
            "update message set receipt = ? where id = ? and writer = ? and start = ? and n = ?",
            (receipt, case, writer, link.start, link.n),
        )

    def put_fork(self, case: str, writer: str, hash_: str, at: int, raw: bytes) -> None:
        self._db.execute("insert or ignore into message_fork values (?, ?, ?, ?, ?)", (case, writer, hash_, at, raw))

    def forks(self, case: str) -> list[bytes]:
        return [row[0] for row in self._db.execute("select raw from message_fork where id = ? order by at", (case,))]

    def side_lines(self, case: str) -> dict[str, bytes]:
        rows = self._db.execute("select hash, cast(line as blob) from side where id = ?", (case,))
        return {hash_: line for hash_, line in rows if is_sound_part(line, hash_)}

    def put_side_line(self, case: str, hash_: str, line: bytes) -> None:
        self._db.execute("insert or replace into side values (?, ?, ?)", (hash_, case, line))

    def erase_side_lines(self, case: str) -> int:
        return self._db.execute("delete from side where id = ?", (case,)).rowcount

    def blob(self, case: str, hash_: str) -> bytes | None:
        row = self._db.execute(
            "select cast(data as blob) from blob where id = ? and hash = ?", (case, hash_)
        ).fetchone()
        return row[0] if row is not None and is_sound_part(row[0], hash_) else None

    def put_blob(self, case: str, hash_: str, data: bytes) -> None:
        self._db.execute("insert or replace into blob values (?, ?, ?)", (hash_, case, data))

    def blob_sizes(self, case: str) -> dict[str, int]:
        return dict(
            self._db.execute("select hash, length(data) from blob where id = ? order by hash", (case,)).fetchall()
        )

    def erase_blob(self, case: str, hash_: str) -> bool:
        return self._db.execute("delete from blob where id = ? and hash = ?", (case, hash_)).rowcount > 0

    def cases_with_blob(self, hash_: str) -> list[str]:
        return [row[0] for row in self._db.execute("select id from blob where hash = ?", (hash_,))]

    def outbox(self, due: int | None = None) -> list[Outgoing]:
        query = (
            "select o.id, o.recipient, o.start, o.n, m.hash, o.due, o.tries, o.relayed, o.trouble"
            " from outbox o left join message m on m.id = o.id and m.start = o.start and m.n = o.n"
            " and m.writer != o.recipient where ? is null or o.due <= ? order by o.seq"
        )
        return [
            Outgoing(id_, recipient, Link(start, n, hash_ or ""), when, tries, bool(relayed), trouble)
            for id_, recipient, start, n, hash_, when, tries, relayed, trouble in self._db.execute(query, (due, due))
        ]

    def put_outgoing(self, outgoing: Outgoing) -> None:
        values = (*outgoing[:2], *outgoing.link[:2], *outgoing[3:5], int(outgoing.relayed))
        self._db.execute(
            "insert into outbox (id, recipient, start, n, due, tries, relayed, trouble) values (?, ?, ?, ?, ?, ?, ?, ?)"
            " on conflict (id, start, n) do update set due = excluded.due, tries = excluded.tries,"
            " relayed = excluded.relayed, trouble = excluded.trouble",
            (*values, outgoing.trouble),
        )

    def drop_outgoing(self, case: str, link: Link) -> None:
        self._db.execute("delete from outbox where id = ? and start = ? and n = ?", (case, link.start, link.n))
