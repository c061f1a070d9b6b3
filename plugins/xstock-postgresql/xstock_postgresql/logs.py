"""Logs in PostgreSQL: states, lines as received, segment roots, what was cut off."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from xstock_node.protocol import limits, merkle
from xstock_node.protocol.frames import hash_line, is_hash_line, leaf_of, leaves_of
from xstock_node.protocol.merkle import Frontier
from xstock_node.protocol.names import LogName
from xstock_node.storage.values import Aside, LogState
from xstock_postgresql.connection import Line, upsert

SHIFT = 40
COMPACT = "compact"  # a key of `meta`, set from an erasure to the compaction that leaves no copy of it
FORGOTTEN_AT_ONCE = 4096
_FIELDS = [
    "epoch",
    "size",
    "frontier",
    "minimum",
    "head",
    "head_size",
    "head_time",
    "target",
    "heard",
    "first_size",
    "first_time",
    "defects",
    "frozen",
    "audience",
]
_STATE = f"select node, log, {', '.join(_FIELDS)} from log"
_UPDATE = f"update log set {', '.join(f'{name} = %s' for name in _FIELDS)} where node = %s and log = %s"
_INSERT = (
    f"insert into log (ref, {', '.join(_FIELDS)}, node, log, network, exercise)"
    f" values ((select coalesce(max(ref), 0) + 1 from log), {', '.join('%s' for _ in _FIELDS)}, %s, %s, %s, %s)"
)
_RECORD = upsert("record", "pos", "line")
_SEGMENT = upsert("segment", "pos", "root")
_ASIDE = upsert("aside", "log epoch", "start size head")
_EPOCH = upsert("epoch", "log epoch", "start")


class PostgresLogs:
    """See `Logs`."""

    def __init__(self, line: Line) -> None:
        self._db = line
        self._refs: dict[LogName, int] = {}
        self._names: dict[int, LogName] = {}

    def ref(self, log: LogName) -> int | None:
        """The number of a log in this database, or None. Logs are never deleted, so it may be remembered."""
        known = self._refs.get(log)
        if known is None:
            row = self._db.one("select ref from log where node = %s and log = %s", log)
            if row is None:
                return None
            known = self._refs[log] = int(row[0])
        return known

    def forget(self) -> None:
        """Forget the numbers of logs: a number that was rolled back may be given to another log."""
        self._refs.clear()
        self._names.clear()

    def name(self, ref: int) -> LogName:
        """The log of a number."""
        name = self._names.get(ref)
        if name is None:
            name = LogName(*self._db.one("select node, log from log where ref = %s", (ref,)))
            self._names[ref] = name
        return name

    def state(self, log: LogName) -> LogState | None:
        row = self._db.one(f"{_STATE} where node = %s and log = %s", log)
        return None if row is None else _state(row)

    def states(self) -> list[LogState]:
        return [_state(row) for row in self._db.rows(f"{_STATE} order by node, log")]

    def put(self, state: LogState) -> None:
        self._refs.pop(state.log, None)
        frontier = b"".join(state.frontier.roots)
        fields = (state.epoch, state.frontier.size, frontier, state.minimum, state.head, state.head_size)
        rest = (state.head_time, state.target, state.heard, state.first_size, state.first_time, state.defects)
        values = (*fields, *rest, state.frozen, state.audience, *state.log)
        if not self._db.count(_UPDATE, values):
            self._db.execute(_INSERT, (*values, state.log.network, state.log.is_exercise))

    def append(self, log: LogName, start: int, lines: Sequence[bytes], segments: dict[int, bytes]) -> None:
        base = self._base(log)
        if lines:
            self._db.copy("record (pos, line)", ("int8", "bytea"), enumerate(lines, base + start))
        if segments:
            self._db.many(_SEGMENT, [(base + number, root) for number, root in segments.items()])

    def lines(self, log: LogName, start: int, count: int) -> list[bytes]:
        ref = self.ref(log)
        if ref is None:
            return []
        return self._db.column(
            "select line from record where pos >= %s and pos < %s order by pos", _range(ref, start, count)
        )

    def stored(self, log: LogName, start: int, count: int) -> dict[int, bytes]:
        ref = self.ref(log)
        if ref is None:
            return {}
        # What is damaged the server finds itself, where its checksums of pages are on.
        query = "select pos - %s, line from record where pos >= %s and pos < %s"
        return dict(self._db.rows(query, (ref << SHIFT, *_range(ref, start, count))))

    def mend(self, log: LogName, lines: Mapping[int, bytes]) -> None:
        base = self._base(log)
        self._db.many(_RECORD, [(base + index, line) for index, line in lines.items()])

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
        part = _range(self._base(log) >> SHIFT, first, count)
        return self._db.column("select root from segment where pos >= %s and pos < %s order by pos", part)

    def replace_segments(self, log: LogName, roots: Sequence[bytes]) -> None:
        base = self._base(log)
        self._db.execute("delete from segment where pos >= %s and pos < %s", (base, base + (1 << SHIFT)))
        known = ((pos, root) for pos, root in enumerate(roots, base) if root)
        self._db.copy("segment (pos, root)", ("int8", "bytea"), known)

    def cut(self, log: LogName, size: int, head: bytes, epoch: int) -> None:
        base = self._base(log)
        ref, end = base >> SHIFT, base + (1 << SHIFT)
        part = (base + size, end)
        last = self._db.one("select max(pos) from record where pos >= %s and pos < %s", part)[0]
        if last is not None:
            self._db.execute(_ASIDE, (ref, epoch, size, last - base + 1, head))
            self._db.execute(
                "insert into aside_record (log, epoch, idx, line) select %s, %s, pos - %s, line from record"
                " where pos >= %s and pos < %s on conflict (log, epoch, idx) do update set line = excluded.line",
                (ref, epoch, base, *part),
            )
        self._db.execute("delete from record where pos >= %s and pos < %s", part)
        self._db.execute("delete from segment where pos >= %s and pos < %s", (base + size // limits.SEGMENT, end))
        for table in ("hole", "erased"):
            self._db.execute(f"delete from {table} where log = %s and idx >= %s", (ref, size))

    def begin_epoch(self, log: LogName, epoch: int, start: int) -> None:
        ref = self.ref(log)
        self._db.execute("delete from epoch where log = %s and start >= %s", (ref, start))
        self._db.execute(_EPOCH, (ref, epoch, start))

    def end_epochs(self, log: LogName, after: int) -> int | None:
        part = (self.ref(log), after)
        start: int | None = self._db.one("select min(start) from epoch where log = %s and epoch > %s", part)[0]
        self._db.execute("delete from epoch where log = %s and epoch > %s", part)
        return start

    def erase(self, log: LogName, index: int) -> bool:
        pos = self._base(log) + index
        if self._db.count("insert into erased values (%s, %s) on conflict do nothing", (pos >> SHIFT, index)):
            self._set_compact_due()  # what was given up before it was erased has left copies too
        row = self._db.one("select line from record where pos = %s", (pos,))
        if row is None or is_hash_line(row[0]):
            return False
        self._db.execute("update record set line = %s where pos = %s", (hash_line(leaf_of(row[0])), pos))
        self._set_compact_due()
        return True

    def compact_is_due(self) -> bool:
        return self._db.one("select 1 from meta where key = %s", (COMPACT,)) is not None

    def give_up(self, log: LogName, start: int, end: int, keep: Callable[[bytes], bool]) -> None:
        base = self._base(log)
        for at in range(start, end, FORGOTTEN_AT_ONCE):
            lines = self.lines(log, at, min(FORGOTTEN_AT_ONCE, end - at))
            rows = [
                (hash_line(leaf_of(line)), base + index)
                for index, line in enumerate(lines, at)
                if not is_hash_line(line) and not keep(line)
            ]
            self._db.many("update record set line = %s where pos = %s", rows)

    def fill(self, log: LogName, index: int, line: bytes) -> None:
        self._db.execute("update record set line = %s where pos = %s", (line, self._base(log) + index))

    def erased(self, log: LogName) -> set[int]:
        return set(self._db.column("select idx from erased where log = %s", (self.ref(log),)))

    def holes(self, log: LogName) -> list[int]:
        return self._db.column("select idx from hole where log = %s order by idx", (self.ref(log),))

    def put_holes(self, log: LogName, indexes: Iterable[int]) -> None:
        rows = [(self.ref(log), index) for index in indexes]
        self._db.many("insert into hole values (%s, %s) on conflict do nothing", rows)

    def close_holes(self, log: LogName, indexes: Iterable[int]) -> None:
        self._db.execute("delete from hole where log = %s and idx = any(%s)", (self.ref(log), list(indexes)))

    def asides(self, log: LogName | None = None, node: str = "") -> list[Aside]:
        query = "select l.node, l.log, a.epoch, a.start, a.size, a.head from aside a join log l on l.ref = a.log"
        node = log.node if log else node
        rows = self._db.rows(f"{query} where l.node = %s or %s = '' order by a.epoch", (node, node))
        return [Aside(LogName(r[0], r[1]), *r[2:]) for r in rows if log is None or r[1] == log.log]

    def aside_lines(self, log: LogName, epoch: int, start: int, count: int) -> list[bytes]:
        query = "select line from aside_record where log = %s and epoch = %s and idx >= %s and idx < %s order by idx"
        return self._db.column(query, (self.ref(log), epoch, start, start + count))

    def erase_aside(self, log: LogName, leaves: Collection[bytes]) -> None:
        ref = self.ref(log)
        kept = self._db.rows("select epoch, idx, line from aside_record where log = %s", (ref,))
        rows = [
            (hash_line(leaf), ref, epoch, index)
            for epoch, index, line in kept
            if not is_hash_line(line) and (leaf := leaf_of(line)) in leaves
        ]
        if rows:
            self._db.many("update aside_record set line = %s where log = %s and epoch = %s and idx = %s", rows)
            self._set_compact_due()

    def drop_aside(self, log: LogName, epoch: int) -> None:
        for table in ("aside_record", "aside"):
            self._db.execute(f"delete from {table} where log = %s and epoch = %s", (self.ref(log), epoch))

    def _set_compact_due(self) -> None:
        self._db.execute("insert into meta values (%s, '') on conflict do nothing", (COMPACT,))

    def _base(self, log: LogName) -> int:
        ref = self.ref(log)
        if ref is None:
            raise KeyError(f"no log {log}")
        return ref << SHIFT


def _state(row: tuple[Any, ...]) -> LogState:
    node, log, epoch, size, frontier, *rest = row
    roots = tuple(frontier[i : i + 32] for i in range(0, len(frontier), 32))
    return LogState(LogName(node, log), epoch, Frontier(size, roots), *rest)


def _range(ref: int, start: int, count: int) -> tuple[int, int]:
    """The positions of a part of a log, never beyond the log itself: peers choose `start` and `count`."""
    base, end = ref << SHIFT, (ref + 1) << SHIFT
    return min(base + start, end), min(base + start + count, end)
