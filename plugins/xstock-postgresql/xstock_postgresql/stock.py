"""Own stock in PostgreSQL: lines by source, mappings, minimums, releases, the operator's catalogue items."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from xstock_node.domain.mapping import Mapping, MappingKey
from xstock_node.domain.stock import StockLine
from xstock_node.storage.values import Source
from xstock_postgresql.connection import Line, upsert

_line_decoder = msgspec.json.Decoder(StockLine)
_mapping_decoder = msgspec.json.Decoder(Mapping)
_SOURCE = upsert("source", "name", "reader as_of read_at lines rejected")
_LINE = upsert("stock", "source ref", "line")
_MAPPING = upsert("mapping", "source local unit", "body")
_RELEASED = upsert("released", "item", "quantity")
_ITEM = upsert("catalogue", "code", "body")


class PostgresStock:
    """See `Stock`."""

    def __init__(self, line: Line) -> None:
        self._db = line

    def replace(self, source: Source, lines: Sequence[tuple[str, StockLine]]) -> None:
        self._db.execute(_SOURCE, source)
        self._db.execute("delete from stock where source = %s", (source.name,))
        if lines:
            rows = [(source.name, ref, msgspec.json.encode(line)) for ref, line in lines]
            self._db.copy("stock (source, ref, line)", ("text", "text", "bytea"), rows)

    def put_line(self, source: str, ref: str, line: StockLine) -> None:
        self._db.execute(_LINE, (source, ref, msgspec.json.encode(line)))

    def remove_line(self, source: str, ref: str) -> bool:
        return self._db.count("delete from stock where source = %s and ref = %s", (source, ref)) > 0

    def lines(self) -> list[tuple[str, str, StockLine]]:
        rows = self._db.rows("select source, ref, line from stock order by source, ref")
        return [(source, ref, _line_decoder.decode(line)) for source, ref, line in rows]

    def sources(self) -> list[Source]:
        query = "select name, reader, as_of, read_at, lines, rejected from source order by name"
        return [Source(*row) for row in self._db.rows(query)]

    def mappings(self) -> list[Mapping]:
        query = "select body from mapping order by source, local, unit"
        return [_mapping_decoder.decode(body) for body in self._db.column(query)]

    def put_mapping(self, mapping: Mapping) -> None:
        key = mapping.key
        self._db.execute(_MAPPING, (key.source, key.local, key.unit or "", msgspec.json.encode(mapping)))

    def drop_mapping(self, key: MappingKey) -> None:
        query = "delete from mapping where source = %s and local = %s and unit = %s"
        self._db.execute(query, (key.source, key.local, key.unit or ""))

    def drop_source(self, name: str) -> None:
        self._db.execute("delete from stock where source = %s", (name,))
        self._db.execute("delete from source where name = %s", (name,))

    def minimums(self) -> dict[tuple[str, str], Decimal]:
        rows = self._db.rows("select location, item, quantity from minimum order by location, item")
        return {(location, item): Decimal(quantity) for location, item, quantity in rows}

    def replace_minimums(self, minimums: dict[tuple[str, str], Decimal]) -> None:
        self._db.execute("delete from minimum")
        rows = [(location, item, str(quantity)) for (location, item), quantity in minimums.items()]
        self._db.many("insert into minimum values (%s, %s, %s)", rows)

    def released(self) -> dict[str, Decimal]:
        return {item: Decimal(quantity) for item, quantity in self._db.rows("select item, quantity from released")}

    def release(self, code: str, quantity: Decimal) -> None:
        self._db.execute(_RELEASED, (code, str(quantity)))

    def catalogue_items(self) -> list[bytes]:
        return self._db.column("select body from catalogue order by code")

    def put_catalogue_items(self, items: Sequence[tuple[str, bytes]]) -> None:
        self._db.many(_ITEM, items)
