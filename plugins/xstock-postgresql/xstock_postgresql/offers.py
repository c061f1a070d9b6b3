"""The index of live offers in PostgreSQL: the words of an offer as a `tsvector` of our own making, under a GIN index.

A GIN index gives all that matches, never the newest first, and a common word matches a tenth of two million offers. So
each word stands behind the number of its offer's block of 65,536 (`1e.tent`): the newest block is asked first, then
twice as many before it, until there is enough. Item, category, country and terms are such words too. What is shown is
read from the record itself.
"""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from xstock_node.domain.search import OfferQuery, Order, filter_word
from xstock_node.protocol.names import LogName
from xstock_node.storage.values import Indexed, OffersAt, StoredOffer
from xstock_postgresql.connection import Line
from xstock_postgresql.logs import SHIFT, PostgresLogs

BLOCK = 16  # bits of an offer's number that stand in one block
MANY = 1_000  # offers after which the index is put in order at once, not by the next who search
_WORD = re.compile(r"[a-z0-9]+", re.ASCII)
_COLUMNS = "ref, log, pos, id, item, amount, ready, lat, lon, src, asof, exp, twin"
_TYPES = ("int8", "int4", "int8", "text", "text", "float8", "int4", "int8", "int8", "text", "int8", "int8", "text")
_NO_TWIN = "not exists (select 1 from offer t join log tl on tl.ref = t.log where t.twin = o.id and tl.node = l.node)"
_FOUND = "select f.log, f.pos, r.line, f.asof, f.exp, l.heard"
_READ = "join record r on r.pos = f.pos join log l on l.ref = f.log"


class PostgresOffers:
    """See `Offers`."""

    def __init__(self, line: Line, logs: PostgresLogs) -> None:
        self._db = line
        self._logs = logs

    def put(self, log: LogName, offers: Sequence[Indexed]) -> None:
        newest = {found.id: found for found in offers}
        ref = self._logs.ref(log)
        if ref is None or not newest:
            return
        self._delete(ref, newest)
        first = (self._db.one("select max(ref) from offer")[0] or 0) + 1
        rows = [_row(number, ref, found) for number, found in enumerate(newest.values(), first)]
        self._db.copy(f"offer ({_COLUMNS})", _TYPES, rows)
        words = ((number, _vector(number, found.key)) for number, found in enumerate(newest.values(), first))
        self._db.copy_text("offer_word (ref, words)", words)
        if len(rows) >= MANY:
            self._db.execute("select gin_clean_pending_list('offer_word_words')")

    def end(self, log: LogName, ids: Iterable[str]) -> None:
        ref = self._logs.ref(log)
        if ref is not None:
            self._delete(ref, ids)

    def refresh(self, log: LogName, source: str, asof: int, exp: int) -> None:
        self._db.execute(
            "update offer set asof = greatest(asof, %s), exp = greatest(exp, %s) where log = %s and src = %s",
            (asof, exp, self._logs.ref(log), source),
        )

    def clear(self, log: LogName) -> None:
        self._forget("delete from offer where log = %s returning ref", (self._logs.ref(log),))

    def get(self, log: LogName, offer_id: str) -> StoredOffer | None:
        query = f"{_FOUND} from offer f {_READ} where f.log = %s and f.id = %s"
        row = self._db.one(query, (self._logs.ref(log), offer_id))
        return None if row is None else self._stored(row)

    def of_log(self, log: LogName) -> list[StoredOffer]:
        query = f"{_FOUND} from offer f {_READ} where f.log = %s order by f.ref"
        return [self._stored(row) for row in self._db.rows(query, (self._logs.ref(log),))]

    def count(self, log: LogName, now: int) -> int:
        query = "select count(*) from offer where log = %s and exp > %s"
        return int(self._db.one(query, (self._logs.ref(log), now))[0])

    def counts(self, now: int) -> dict[LogName, int]:
        rows = self._db.rows("select log, count(*) from offer where exp > %s group by log", (now,))
        return {self._logs.name(ref): int(found) for ref, found in rows}

    def search(self, query: OfferQuery) -> list[StoredOffer]:
        is_newest = query.order is not Order.LARGEST and (query.order is not Order.NEAREST or query.near is None)
        if is_newest and _expression(query, 0):
            return self._by_blocks(query)
        return [self._stored(row) for row in self._page(query, 0, None, query.limit, query.skip)]

    def _by_blocks(self, query: OfferQuery) -> list[StoredOffer]:
        """The newest that match: block by block, each time twice as many of them."""
        found: list[Any] = []
        end = self._blocks()
        span, wanted = 1, query.limit + query.skip
        while end > 0 and len(found) < wanted:
            start = max(0, end - span)
            found += self._page(query, start, end, wanted - len(found), 0)
            span, end = span * 2, start
        return [self._stored(row) for row in found[query.skip :]]

    def _blocks(self) -> int:
        """The number of the block after the newest."""
        return ((self._db.one("select max(ref) from offer_word")[0] or 0) >> BLOCK) + 1

    def _page(self, query: OfferQuery, start: int, end: int | None, limit: int, skip: int) -> list[Any]:
        """Rows of the offers of the blocks [start, end) that match, of all of them where there is no end."""
        where, values = _conditions(query)
        tables = "offer o join log l on l.ref = o.log"
        if _expression(query, 0):
            last = self._blocks() if end is None else end
            tables = f"offer_word w join offer o on o.ref = w.ref {tables[8:]}"
            where = ["w.words @@ any(%s::text[]::tsquery[])", "w.ref >= %s", "w.ref < %s", *where]
            values = [
                [_expression(query, block) for block in range(start, last)],
                start << BLOCK,
                last << BLOCK,
                *values,
            ]
        extra, order, order_values = _order(query)
        inner = (
            f"select o.log, o.pos, o.asof, o.exp, o.ref{extra} from {tables} where {' and '.join(where)}"
            f" order by {order.replace('f.', '')} limit %s offset %s"
        )
        sql = f"{_FOUND} from ({inner}) f {_READ} order by {order}"
        return self._db.execute(sql, (*order_values, *values, limit, skip), planned=False).fetchall()

    def places(self, query: OfferQuery) -> list[OffersAt]:
        where, values = _live(query)
        sql = (
            "select g.log, g.lat, g.lon, g.offers, g.ready, r.line from ("
            "select max(o.ref) as newest, o.log, o.lat, o.lon, count(*) as offers, min(o.ready) as ready"
            f" from offer o join log l on l.ref = o.log where {where}"
            " group by o.log, o.lat, o.lon) g join offer n on n.ref = g.newest join record r on r.pos = n.pos"
            " order by g.offers desc, g.newest"
        )
        return [
            OffersAt(self._logs.name(ref), None if lat is None else (lat, lon), offers, ready, line)
            for ref, lat, lon, offers, ready, line in self._db.execute(sql, values, planned=False)
        ]

    def common_items(self, query: OfferQuery, most: int) -> list[str]:
        where, values = _live(query)
        sql = (
            "select item from (select o.item, o.log, count(*) as offers from offer o join log l on l.ref = o.log"
            f" where {where} and o.item <> '' group by o.item, o.log) g"
            " group by item order by count(*) desc, sum(offers) desc, item limit %s"
        )
        return [row[0] for row in self._db.execute(sql, (*values, most), planned=False)]

    def _stored(self, row: tuple[int, int, bytes, int, int, int]) -> StoredOffer:
        ref, pos, line, asof, exp, heard = row
        return StoredOffer(self._logs.name(ref), pos - (ref << SHIFT), line, asof, exp, heard)

    def _delete(self, ref: int, ids: Iterable[str]) -> None:
        self._forget("delete from offer where log = %s and id = any(%s) returning ref", (ref, list(ids)))

    def _forget(self, query: str, values: Sequence[Any]) -> None:
        gone = self._db.column(query, values)
        if gone:
            self._db.execute("delete from offer_word where ref = any(%s)", (gone,))


def _row(number: int, ref: int, found: Indexed) -> tuple[object, ...]:
    """A row of `_COLUMNS`: the words have a table of their own."""
    return (number, ref, (ref << SHIFT) + found.index, *found[1:10], found.twin)


def _vector(number: int, key: str) -> str:
    """The words of a key as the text of a `tsvector`, each behind the number of the block."""
    block = f"{number >> BLOCK:x}"
    return " ".join(f"'{block}.{word}'" for word in dict.fromkeys(_WORD.findall(key)))


def _expression(query: OfferQuery, block: int) -> str:
    """The `tsquery` of a block: every word as a prefix, or one of the catalogue codes; and every filter."""
    mark = f"{block:x}"

    def lexeme(word: str) -> str:
        quoted = word.replace("\\", "\\\\").replace("'", "''")
        return f"'{mark}.{quoted}'"

    text = " & ".join(f"{lexeme(word)}:*" for word in query.words)
    codes = " | ".join(lexeme(filter_word("item", code)) for code in query.codes)
    either = [part for part in (f"({text})" if text else "", f"({codes})" if codes else "") if part]
    parts = [f"({' | '.join(either)})"] if either else []
    parts += [lexeme(filter_word(kind, value)) for kind, value in query.filters()]
    return " & ".join(parts)


def _conditions(query: OfferQuery) -> tuple[list[str], list[Any]]:
    where = ["o.exp > %s", "o.amount >= %s"]
    values: list[Any] = [query.valid_after, float(query.min_quantity)]
    if query.ready_within is not None:
        where.append("o.ready <= %s")
        values.append(query.ready_within)
    if query.node:
        where.append("l.node = %s")
        values.append(query.node)
    where += ["l.log = any(%s)", _NO_TWIN]
    values.append([query.log, *query.also])
    return where, values


def _live(query: OfferQuery) -> tuple[str, list[Any]]:
    """The condition for what lives in the logs of a query, without a coarse offer whose exact twin is held."""
    return f"o.exp > %s and l.log = any(%s) and {_NO_TWIN}", [query.valid_after, [query.log, *query.also]]


def _order(query: OfferQuery) -> tuple[str, str, list[float]]:
    """What is selected beside for the order, the order, and the values of what is selected."""
    if query.order is Order.LARGEST:
        return ", o.amount", "f.amount desc, f.ref desc", []
    if query.order is Order.NEAREST and query.near is not None:
        lat, lon = query.near
        scale = math.cos(math.radians(lat / 1e6)) ** 2
        distance = "(o.lat - %s) * (o.lat - %s) + (o.lon - %s) * (o.lon - %s) * %s"
        order = "f.lat is null, f.distance, f.ref desc"
        return f", o.lat, {distance} as distance", order, [lat, lat, lon, lon, scale]
    return "", "f.ref desc", []
