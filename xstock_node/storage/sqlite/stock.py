"""Own stock in SQLite: lines by source, mappings, minimums, releases, the operator's catalogue items."""

import sqlite3
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from xstock_node.domain.mapping import Mapping, MappingKey
from xstock_node.domain.stock import StockLine
from xstock_node.storage.values import Source

_line_decoder = msgspec.json.Decoder(StockLine)
_mapping_decoder = msgspec.json.Decoder(Mapping)
_PUT_SOURCE = (
    "insert into source values (?, ?, ?, ?, ?, ?) on conflict (name) do update set reader = excluded.reader,"
    " as_of = excluded.as_of, read_at = excluded.read_at, lines = excluded.lines, rejected = excluded.rejected"
)


class SqliteStock:
    """See `Stock`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def replace(self, source: Source, lines: Sequence[tuple[str, StockLine]]) -> None:
        self._db.execute(_PUT_SOURCE, source)
        self._db.execute("delete from stock where source = ?", (source.name,))
        rows = [(source.name, ref, msgspec.json.encode(line)) for ref, line in lines]
        self._db.executemany("insert into stock values (?, ?, ?)", rows)

    def put_line(self, source: str, ref: str, line: StockLine) -> None:
        self._db.execute("insert or replace into stock values (?, ?, ?)", (source, ref, msgspec.json.encode(line)))

    def remove_line(self, source: str, ref: str) -> bool:
        return self._db.execute("delete from stock where source = ? and ref = ?", (source, ref)).rowcount > 0

    def lines(self) -> list[tuple[str, str, StockLine]]:
        rows = self._db.execute("select source, ref, line from stock order by source, ref")
        return [(source, ref, _line_decoder.decode(line)) for source, ref, line in rows]

    def sources(self) -> list[Source]:
        return [Source(*row) for row in self._db.execute("select * from source order by name")]

    def mappings(self) -> list[Mapping]:
        return [_mapping_decoder.decode(row[0]) for row in self._db.execute("select body from mapping")]

    def put_mapping(self, mapping: Mapping) -> None:
        key = mapping.key
        body = msgspec.json.encode(mapping)
        self._db.execute(
            "insert or replace into mapping values (?, ?, ?, ?)", (key.source, key.local, key.unit or "", body)
        )

    def drop_mapping(self, key: MappingKey) -> None:
        query = "delete from mapping where source = ? and local = ? and unit = ?"
        self._db.execute(query, (key.source, key.local, key.unit or ""))

    def drop_source(self, name: str) -> None:
        self._db.execute("delete from stock where source = ?", (name,))
        self._db.execute("delete from source where name = ?", (name,))

    def minimums(self) -> dict[tuple[str, str], Decimal]:
        return {(row[0], row[1]): Decimal(row[2]) for row in self._db.execute("select * from minimum")}

    def replace_minimums(self, minimums: dict[tuple[str, str], Decimal]) -> None:
        self._db.execute("delete from minimum")
        rows = [(location, item, str(quantity)) for (location, item), quantity in minimums.items()]
        self._db.executemany("insert into minimum values (?, ?, ?)", rows)

    def released(self) -> dict[str, Decimal]:
        return {row[0]: Decimal(row[1]) for row in self._db.execute("select * from released")}

    def release(self, code: str, quantity: Decimal) -> None:
        self._db.execute("insert or replace into released values (?, ?)", (code, str(quantity)))

    def catalogue_items(self) -> list[bytes]:
        return [row[0] for row in self._db.execute("select body from catalogue order by code")]

    def put_catalogue_items(self, items: Sequence[tuple[str, bytes]]) -> None:
        self._db.executemany("insert or replace into catalogue values (?, ?)", items)
