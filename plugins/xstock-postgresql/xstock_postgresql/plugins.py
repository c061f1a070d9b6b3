"""What plugins keep for themselves, in PostgreSQL."""

from xstock_postgresql.connection import Line

_VALUE = "select value from plugin_value where plugin = %s and key = %s"


class PostgresPluginStores:
    """See `PluginStores`."""

    def __init__(self, line: Line) -> None:
        self._db = line

    def get(self, plugin: str, key: str) -> bytes | None:
        row = self._db.one(_VALUE, (plugin, key))
        return None if row is None else bytes(row[0])

    def keys(self, plugin: str, prefix: str) -> list[str]:
        query = "select key from plugin_value where plugin = %s and starts_with(key, %s) order by key"
        return self._db.column(query, (plugin, prefix))

    def put(self, plugin: str, key: str, value: bytes | None) -> None:
        before = self.get(plugin, key)
        if before is not None:
            self._db.execute("delete from plugin_value where plugin = %s and key = %s", (plugin, key))
            self._count(plugin, -len(before) - len(key.encode()))
        if value is not None:
            self._db.execute("insert into plugin_value values (%s, %s, %s)", (plugin, key, value))
            self._count(plugin, len(value) + len(key.encode()))

    def append(self, plugin: str, stream: str, value: bytes) -> int:
        query = "select max(number) from plugin_entry where plugin = %s and stream = %s"
        number = (self._db.one(query, (plugin, stream))[0] or 0) + 1
        self._db.execute("insert into plugin_entry values (%s, %s, %s, %s)", (plugin, stream, number, value))
        self._count(plugin, len(value) + len(stream.encode()))
        return int(number)

    def entries(self, plugin: str, stream: str, after: int, most: int) -> list[tuple[int, bytes]]:
        query = (
            "select number, value from plugin_entry where plugin = %s and stream = %s and number > %s"
            " order by number limit %s"
        )
        return [(row[0], bytes(row[1])) for row in self._db.rows(query, (plugin, stream, after, most))]

    def size(self, plugin: str) -> int:
        row = self._db.one("select bytes from plugin_size where plugin = %s", (plugin,))
        return 0 if row is None else int(row[0])

    def _count(self, plugin: str, change: int) -> None:
        self._db.execute(
            "insert into plugin_size values (%s, %s) on conflict (plugin) do update"
            " set bytes = plugin_size.bytes + excluded.bytes",
            (plugin, change),
        )
