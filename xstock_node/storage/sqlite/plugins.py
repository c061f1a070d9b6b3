"""What plugins keep for themselves, in SQLite."""

import sqlite3


class SqlitePluginStores:
    """See `PluginStores`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, plugin: str, key: str) -> bytes | None:
        query = "select value from plugin_value where plugin = ? and key = ?"
        row = self._db.execute(query, (plugin, key)).fetchone()
        return None if row is None else bytes(row[0])

    def keys(self, plugin: str, prefix: str) -> list[str]:
        query = "select key from plugin_value where plugin = ? and substr(key, 1, ?) = ? order by key"
        return [row[0] for row in self._db.execute(query, (plugin, len(prefix), prefix))]

    def put(self, plugin: str, key: str, value: bytes | None) -> None:
        before = self.get(plugin, key)
        if before is not None:
            self._db.execute("delete from plugin_value where plugin = ? and key = ?", (plugin, key))
            self._count(plugin, -len(before) - len(key.encode()))
        if value is not None:
            self._db.execute("insert into plugin_value values (?, ?, ?)", (plugin, key, value))
            self._count(plugin, len(value) + len(key.encode()))

    def append(self, plugin: str, stream: str, value: bytes) -> int:
        query = "select max(number) from plugin_entry where plugin = ? and stream = ?"
        number = (self._db.execute(query, (plugin, stream)).fetchone()[0] or 0) + 1
        self._db.execute("insert into plugin_entry values (?, ?, ?, ?)", (plugin, stream, number, value))
        self._count(plugin, len(value) + len(stream.encode()))
        return int(number)

    def entries(self, plugin: str, stream: str, after: int, most: int) -> list[tuple[int, bytes]]:
        query = (
            "select number, value from plugin_entry where plugin = ? and stream = ? and number > ? "
            "order by number limit ?"
        )
        return [(row[0], bytes(row[1])) for row in self._db.execute(query, (plugin, stream, after, most))]

    def size(self, plugin: str) -> int:
        row = self._db.execute("select bytes from plugin_size where plugin = ?", (plugin,)).fetchone()
        return 0 if row is None else int(row[0])

    def _count(self, plugin: str, change: int) -> None:
        statement = "insert into plugin_size values (?1, ?2) on conflict (plugin) do update set bytes = bytes + ?2"
        self._db.execute(statement, (plugin, change))
