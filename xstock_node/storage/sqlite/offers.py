"""The index of live offers in SQLite: FTS5 over one folded key column, newest first by row number.

Item, category, country and terms stand as words inside the key (`item…`, `cat…`, `cc…`, `term…`), so that a text
with filters is one walk of the index. What is shown is read from the record itself.
"""

import math
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from xstock_node.domain.search import OfferQuery, Order, filter_word
from xstock_node.protocol.names import LogName
from xstock_node.storage.errors import DamagedRecord
from xstock_node.storage.sqlite.logs import SHIFT, SqliteLogs
from xstock_node.storage.sqlite.sums import is_sound
from xstock_node.storage.sqlite.vocabulary import OFFERS_LEAST, Vocabulary
from xstock_node.storage.values import Indexed, OffersAt, StoredOffer

# From `pos` on as `Indexed` has them.
_INSERT = (
    "insert into offer (ref, log, pos, id, item, amount, ready, lat, lon, src, asof, exp, key, twin)"
    " values (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
_FOUND = "select o.log, o.pos, cast(r.line as blob), cast(r.sum as integer), o.asof, o.exp, l.heard"
_NO_TWIN = "not exists (select 1 from offer t join log tl on tl.ref = t.log where t.twin = o.id and tl.node = l.node)"
_JOINED = "join record r on r.pos = o.pos join log l on l.ref = o.log"


class SqliteOffers:
    """See `Offers`."""

    def __init__(self, connection: sqlite3.Connection, logs: SqliteLogs, vocabulary: Vocabulary) -> None:
        self._db = connection
        self._logs = logs
        self._vocabulary = vocabulary

    def put(self, log: LogName, offers: Sequence[Indexed]) -> None:
        newest = {found.id: found for found in offers}
        ref = self._logs.ref(log)
        if ref is None or not newest:
            return
        self._delete(ref, newest)
        first = self._last() + 1
        base = ref << SHIFT
        rows = [(number, ref, base + found[0], *found[1:]) for number, found in enumerate(newest.values(), first)]
        self._vocabulary.add(found.key for found in newest.values())
        self._db.executemany(_INSERT, rows)
        self._db.execute("insert into offer_fts (rowid, key) select ref, key from offer where ref >= ?", (first,))

    def end(self, log: LogName, ids: Iterable[str]) -> None:
        ref = self._logs.ref(log)
        if ref is not None:
            self._delete(ref, ids)

    def refresh(self, log: LogName, source: str, asof: int, exp: int) -> None:
        self._db.execute(
            "update offer set asof = max(asof, ?), exp = max(exp, ?) where log = ? and src = ?",
            (asof, exp, self._logs.ref(log), source),
        )

    def clear(self, log: LogName) -> None:
        ref = self._logs.ref(log)
        rows = self._db.execute("select id from offer where log = ?", (ref,)).fetchall()
        if ref is not None:
            self._delete(ref, [row[0] for row in rows])

    def get(self, log: LogName, offer_id: str) -> StoredOffer | None:
        query = f"{_FOUND} from offer o {_JOINED} where o.log = ? and o.id = ?"
        row = self._db.execute(query, (self._logs.ref(log), offer_id)).fetchone()
        return None if row is None else self._stored(row)

    def of_log(self, log: LogName) -> list[StoredOffer]:
        query = f"{_FOUND} from offer o {_JOINED} where o.log = ? order by o.ref"
        rows = self._db.execute(query, (self._logs.ref(log),))
        return [self._stored(row) for row in rows if is_sound(row[1], row[2], row[3])]

    def count(self, log: LogName, now: int) -> int:
        query = "select count(*) from offer where log = ? and exp > ?"
        return int(self._db.execute(query, (self._logs.ref(log), now)).fetchone()[0])

    def counts(self, now: int) -> dict[LogName, int]:
        rows = self._db.execute("select log, count(*) from offer where exp > ? group by log", (now,))
        return {self._logs.name(ref): int(found) for ref, found in rows.fetchall()}

    def search(self, query: OfferQuery) -> list[StoredOffer]:
        match = _match(query, self._beginning)
        where = ["o.exp > ?", "o.amount >= ?"]
        values: list[Any] = [query.valid_after, float(query.min_quantity)]
        if query.ready_within is not None:
            where.append("o.ready <= ?")
            values.append(query.ready_within)
        if query.node:
            where.append("l.node = ?")
            values.append(query.node)
        where.append(f"l.log in ({', '.join('?' for _ in (query.log, *query.also))})" if query.also else "l.log = ?")
        values += [query.log, *query.also]
        where.append(_NO_TWIN)
        tables = f"offer o {_JOINED}"
        if match:
            tables = f"offer_fts f cross join offer o on o.ref = f.rowid {_JOINED}"
            where.insert(0, "offer_fts match ?")
            values.insert(0, match)
        order, order_values = _order(query, "f.rowid" if match else "o.ref")
        sql = f"{_FOUND} from {tables} where {' and '.join(where)} order by {order} limit ? offset ?"
        rows = self._db.execute(sql, (*values, *order_values, query.limit, query.skip))
        return [self._stored(row) for row in rows if is_sound(row[1], row[2], row[3])]

    def _beginning(self, word: str) -> str:
        """The expression for all words that begin with a word."""
        whole = self._vocabulary.beginning(word) if self._last() >= OFFERS_LEAST else None
        return " OR ".join(whole or ()) or prefix_of(word)

    def _last(self) -> int:
        """The number of the newest offer; 0 without any."""
        return self._db.execute("select max(ref) from offer").fetchone()[0] or 0

    def places(self, query: OfferQuery) -> list[OffersAt]:
        where, values = _live(query)
        sql = (
            "select g.log, g.lat, g.lon, g.offers, g.ready, n.pos, cast(r.line as blob), cast(r.sum as integer) from ("
            "select max(o.ref) as newest, o.log, o.lat, o.lon, count(*) as offers, min(o.ready) as ready"
            f" from offer o join log l on l.ref = o.log where {where}"
            " group by o.log, o.lat, o.lon) g join offer n on n.ref = g.newest join record r on r.pos = n.pos"
            " order by g.offers desc, g.newest"
        )
        return [
            OffersAt(self._logs.name(ref), None if lat is None else (lat, lon), offers, ready, line)
            for ref, lat, lon, offers, ready, pos, line, found in self._db.execute(sql, values)
            if is_sound(pos, line, found)
        ]

    def common_items(self, query: OfferQuery, most: int) -> list[str]:
        where, values = _live(query)
        sql = (
            f"select o.item from offer o join log l on l.ref = o.log where {where} and o.item <> ''"
            " group by o.item order by count(distinct o.log) desc, count(*) desc, o.item limit ?"
        )
        return [row[0] for row in self._db.execute(sql, (*values, most))]

    def _stored(self, row: tuple[int, int, bytes, int | None, int, int, int]) -> StoredOffer:
        ref, pos, line, found, asof, exp, heard = row
        if not is_sound(pos, line, found):
            raise DamagedRecord(self._logs.name(ref), pos - (ref << SHIFT))
        return StoredOffer(self._logs.name(ref), pos - (ref << SHIFT), line, asof, exp, heard)

    def _delete(self, ref: int, ids: Iterable[str]) -> None:
        if self._db.execute("select 1 from offer where log = ? limit 1", (ref,)).fetchone() is None:
            return
        listed = msgspec.json.encode(list(ids)).decode()
        query = "select ref, key from offer where log = ? and id in (select value from json_each(?))"
        rows = self._db.execute(query, (ref, listed)).fetchall()
        if rows:
            self._db.executemany("insert into offer_fts (offer_fts, rowid, key) values ('delete', ?, ?)", rows)
            self._db.executemany("delete from offer where ref = ?", [(row[0],) for row in rows])


def _live(query: OfferQuery) -> tuple[str, list[Any]]:
    """The condition for what lives in the logs of a query, without a coarse offer whose exact twin is held."""
    logs = (query.log, *query.also)
    marks = ", ".join("?" for _ in logs)
    return f"o.exp > ? and l.log in ({marks}) and {_NO_TWIN}", [query.valid_after, *logs]


def prefix_of(word: str) -> str:
    """The FTS5 expression for all words that begin with a word."""
    return f"{word}*"


def _match(query: OfferQuery, beginning: Callable[[str], str] = prefix_of) -> str:
    """The FTS5 expression: every word as a beginning, or one of the catalogue codes; and every filter."""
    text = " AND ".join(f"({beginning(word)})" for word in query.words)
    codes = " OR ".join(filter_word("item", code) for code in query.codes)
    either = [part for part in (f"({text})" if text else "", f"({codes})" if codes else "") if part]
    parts = [f"({' OR '.join(either)})"] if either else []
    parts += [filter_word(kind, value) for kind, value in query.filters()]
    return " AND ".join(parts)


def _order(query: OfferQuery, newest: str) -> tuple[str, list[float]]:
    if query.order is Order.LARGEST:
        return f"o.amount desc, {newest} desc", []
    if query.order is Order.NEAREST and query.near is not None:
        lat, lon = query.near
        scale = math.cos(math.radians(lat / 1e6)) ** 2
        distance = "(o.lat - ?) * (o.lat - ?) + (o.lon - ?) * (o.lon - ?) * ?"
        return f"o.lat is null, {distance}, {newest} desc", [lat, lat, lon, lon, scale]
    return f"{newest} desc", []
