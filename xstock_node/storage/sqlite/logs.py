"""Logs in SQLite: states, lines as received, segment roots, what was cut off."""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from xstock_node.protocol import limits, merkle
from xstock_node.protocol.frames import hash_line, is_hash_line, leaf_of, leaves_of
from xstock_node.protocol.merkle import Frontier
from xstock_node.protocol.names import LogName
from xstock_node.storage.errors import DamagedRecord
from xstock_node.storage.sqlite.sums import is_sound, sum_of, with_sums
from xstock_node.storage.values import Aside, LogState

SHIFT = 40
COMPACT = "compact"  # a key of `meta`, set from an erasure to the compaction that leaves no copy of it
FORGOTTEN_AT_ONCE = 4096
_STATE = (
    "select node, log, epoch, size, frontier, minimum, head, head_size, head_time, target, heard, first_size,"
    " first_time, defects, frozen, audience from log"
)
_INSERT = "insert into record (pos, line, sum) values (?, ?, ?)"
_OVER = "on conflict (pos) do update set line = excluded.line, sum = excluded.sum"
# Cast, as a flipped bit may have made a text of a line, which Python would refuse to read.
_LINES = "select pos, cast(line as blob), cast(sum as integer) from record where pos >= ? and pos < ? order by pos"
_PUT = (
    "insert into log (node, log, network, exercise, epoch, size, frontier, minimum, head, head_size, head_time,"
    " target, heard, first_size, first_time, defects, frozen, audience)"
    " values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
    " on conflict (node, log) do update set epoch = excluded.epoch, size = excluded.size,"
    " frontier = excluded.frontier, minimum = excluded.minimum, head = excluded.head,"
    " head_size = excluded.head_size, head_time = excluded.head_time, target = excluded.target,"
    " heard = excluded.heard, first_size = excluded.first_size, first_time = excluded.first_time,"
    " defects = excluded.defects, frozen = excluded.frozen, audience = excluded.audience"
)


class SqliteLogs:
    """See `Logs`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._refs: dict[LogName, int] = {}
        self._names: dict[int, LogName] = {}

    def ref(self, log: LogName) -> int | None:
        """The number of a log in this database, or None. Logs are never deleted, so it may be remembered."""
        known = self._refs.get(log)
        if known is None:
            row = self._db.execute("select ref from log where node = ? and log = ?", log).fetchone()
            if row is None:
                return None
            known = self._refs[log] = row[0]
        return known

    def forget(self) -> None:
        """Forget the numbers of logs: a number that was rolled back may be given to another log."""
        self._refs.clear()
        self._names.clear()

    def name(self, ref: int) -> LogName:
        """The log of a number."""
        name = self._names.get(ref)
        if name is None:
            name = LogName(*self._db.execute("select node, log from log where ref = ?", (ref,)).fetchone())
            self._names[ref] = name
        return name

    def state(self, log: LogName) -> LogState | None:
        row = self._db.execute(f"{_STATE} where node = ? and log = ?", log).fetchone()
        return None if row is None else _state(row)

    def states(self) -> list[LogState]:
        return [_state(row) for row in self._db.execute(f"{_STATE} order by node, log")]

    def put(self, state: LogState) -> None:
        self._refs.pop(state.log, None)
        frontier = b"".join(state.frontier.roots)
        network, exercise = state.log.network, int(state.log.is_exercise)
        fields = (state.epoch, state.frontier.size, frontier, state.minimum, state.head, state.head_size)
        rest = (state.head_time, state.target, state.heard, state.first_size, state.first_time, state.defects)
        self._db.execute(_PUT, (*state.log, network, exercise, *fields, *rest, state.frozen, state.audience))

    def append(self, log: LogName, start: int, lines: Sequence[bytes], segments: dict[int, bytes]) -> None:
        base = self._base(log)
        first = base + start
        self._db.executemany(_INSERT, with_sums(enumerate(lines, first)))
        if segments:
            rows = [(base + number, root) for number, root in segments.items()]
            self._db.executemany("insert or replace into segment (pos, root) values (?, ?)", rows)

    def lines(self, log: LogName, start: int, count: int) -> list[bytes]:
        ref = self.ref(log)
        if ref is None:
            return []
        first, end = _range(ref, start, count)
        rows = self._db.execute(_LINES, (first, end)).fetchall()
        for expected, (pos, line, found) in enumerate(rows, first):
            if pos != expected or not is_sound(pos, line, found):
                raise DamagedRecord(log, expected - (ref << SHIFT))
        return [row[1] for row in rows]

    def stored(self, log: LogName, start: int, count: int) -> dict[int, bytes]:
        ref = self.ref(log)
        if ref is None:
            return {}
        base, rows = ref << SHIFT, self._db.execute(_LINES, _range(ref, start, count))
        return {pos - base: line for pos, line, found in rows if is_sound(pos, line, found)}

    def mend(self, log: LogName, lines: Mapping[int, bytes]) -> None:
        base = self._base(log)
        rows = with_sums((base + index, line) for index, line in lines.items())
        self._db.executemany(f"{_INSERT} {_OVER}", rows)

    def leaves(self, log: LogName, start: int, end: int) -> list[bytes]:
        return leaves_of(self.lines(log, start, end - start))

    def range_root(self, log: LogName, start: int, end: int) -> bytes:
        width = limits.SEGMENT
        whole = (end - start) // width
        if start % width or not whole:
            return merkle.tree_root(self.leaves(log, start, end))
        roots = self.segment_roots(log, start // width, whole)
        frontier = Frontier(0, ()).extended_by_subtrees(roots, width)
        return frontier.extended(self.leaves(log, start + whole * width, end)).root()

    def segment_roots(self, log: LogName, first: int, count: int) -> list[bytes]:
        begin, end = _range(self._base(log) >> SHIFT, first, count)
        query = "select root from segment where pos >= ? and pos < ? order by pos"
        return [row[0] for row in self._db.execute(query, (begin, end))]

    def replace_segments(self, log: LogName, roots: Sequence[bytes]) -> None:
        base = self._base(log)
        self._db.execute("delete from segment where pos >= ? and pos < ?", (base, base + (1 << SHIFT)))
        known = [(pos, root) for pos, root in enumerate(roots, base) if root]
        self._db.executemany("insert into segment (pos, root) values (?, ?)", known)

    def cut(self, log: LogName, size: int, head: bytes, epoch: int) -> None:
        base = self._base(log)
        ref, end = base >> SHIFT, base + (1 << SHIFT)
        last = self._db.execute(
            "select max(pos) from record where pos >= ? and pos < ?", (base + size, end)
        ).fetchone()[0]
        if last is not None:
            self._db.execute(
                "insert or replace into aside values (?, ?, ?, ?, ?)", (ref, epoch, size, last - base + 1, head)
            )
            self._db.execute(
                "insert or replace into aside_record select ?, ?, pos - ?, line from record where pos >= ? and pos < ?",
                (ref, epoch, base, base + size, end),
            )
        self._db.execute("delete from record where pos >= ? and pos < ?", (base + size, end))
        self._db.execute("delete from segment where pos >= ? and pos < ?", (base + size // limits.SEGMENT, end))
        for table in ("hole", "erased"):
            self._db.execute(f"delete from {table} where log = ? and idx >= ?", (ref, size))

    def begin_epoch(self, log: LogName, epoch: int, start: int) -> None:
        ref = self.ref(log)
        self._db.execute("delete from epoch where log = ? and start >= ?", (ref, start))
        self._db.execute("insert or replace into epoch values (?, ?, ?)", (ref, epoch, start))

    def end_epochs(self, log: LogName, after: int) -> int | None:
        ref = self.ref(log)
        query = "select min(start) from epoch where log = ? and epoch > ?"
        start: int | None = self._db.execute(query, (ref, after)).fetchone()[0]
        self._db.execute("delete from epoch where log = ? and epoch > ?", (ref, after))
        return start

    def erase(self, log: LogName, index: int) -> bool:
        pos = self._base(log) + index
        if self._db.execute("insert or ignore into erased values (?, ?)", (pos >> SHIFT, index)).rowcount:
            self._set_compact_due()  # what was given up before it was erased has left copies too
        held = self.lines(log, index, 1)
        if not held or is_hash_line(held[0]):
            return False
        self._put(pos, hash_line(leaf_of(held[0])))
        self._set_compact_due()
        return True

    def compact_is_due(self) -> bool:
        return self._db.execute("select 1 from meta where key = ?", (COMPACT,)).fetchone() is not None

    def give_up(self, log: LogName, start: int, end: int, keep: Callable[[bytes], bool]) -> None:
        base = self._base(log)
        for at in range(start, end, FORGOTTEN_AT_ONCE):
            lines = self.lines(log, at, min(FORGOTTEN_AT_ONCE, end - at))
            for index, line in enumerate(lines, at):
                if not is_hash_line(line) and not keep(line):
                    self._put(base + index, hash_line(leaf_of(line)))

    def fill(self, log: LogName, index: int, line: bytes) -> None:
        self._put(self._base(log) + index, line)

    def erased(self, log: LogName) -> set[int]:
        return {row[0] for row in self._db.execute("select idx from erased where log = ?", (self.ref(log),))}

    def holes(self, log: LogName) -> list[int]:
        query = "select idx from hole where log = ? order by idx"
        return [row[0] for row in self._db.execute(query, (self.ref(log),))]

    def put_holes(self, log: LogName, indexes: Iterable[int]) -> None:
        rows = [(self.ref(log), index) for index in indexes]
        self._db.executemany("insert or ignore into hole values (?, ?)", rows)

    def close_holes(self, log: LogName, indexes: Iterable[int]) -> None:
        self._db.executemany("delete from hole where log = ? and idx = ?", [(self.ref(log), i) for i in indexes])

    def asides(self, log: LogName | None = None, node: str = "") -> list[Aside]:
        query = "select node, l.log, a.epoch, start, a.size, a.head from aside a join log l on l.ref = a.log"
        node = log.node if log else node
        rows = self._db.execute(f"{query} where node = ? or ? = '' order by a.epoch", (node, node))
        return [Aside(LogName(r[0], r[1]), *r[2:]) for r in rows if log is None or r[1] == log.log]

    def aside_lines(self, log: LogName, epoch: int, start: int, count: int) -> list[bytes]:
        query = "select line from aside_record where log = ? and epoch = ? and idx >= ? and idx < ? order by idx"
        return [row[0] for row in self._db.execute(query, (self.ref(log), epoch, start, start + count))]

    def erase_aside(self, log: LogName, leaves: Collection[bytes]) -> None:
        ref = self.ref(log)
        kept = self._db.execute("select epoch, idx, line from aside_record where log = ?", (ref,))
        rows = [
            (hash_line(leaf), ref, epoch, index)
            for epoch, index, line in kept
            if not is_hash_line(line) and (leaf := leaf_of(line)) in leaves
        ]
        if rows:
            self._db.executemany("update aside_record set line = ? where log = ? and epoch = ? and idx = ?", rows)
            self._set_compact_due()

    def drop_aside(self, log: LogName, epoch: int) -> None:
        for table in ("aside_record", "aside"):
            self._db.execute(f"delete from {table} where log = ? and epoch = ?", (self.ref(log), epoch))

    def _put(self, pos: int, line: bytes) -> None:
        self._db.execute("update record set line = ?, sum = ? where pos = ?", (line, sum_of(pos, line), pos))

    def _set_compact_due(self) -> None:
        self._db.execute("insert or ignore into meta values (?, '')", (COMPACT,))

    def _base(self, log: LogName) -> int:
        ref = self.ref(log)
        if ref is None:
            raise KeyError(f"no log {log}")
        return ref << SHIFT


def _state(row: tuple[object, ...]) -> LogState:
    node, log, epoch, size, frontier, *rest = row
    blob: bytes = frontier  # type: ignore[assignment]
    roots = tuple(blob[i : i + 32] for i in range(0, len(blob), 32))
    return LogState(LogName(node, log), epoch, Frontier(size, roots), *rest)  # type: ignore[arg-type]


def _range(ref: int, start: int, count: int) -> tuple[int, int]:
    """The positions of a part of a log, never beyond the log itself: peers choose `start` and `count`."""
    base, end = ref << SHIFT, (ref + 1) << SHIFT
    return min(base + start, end), min(base + start + count, end)
