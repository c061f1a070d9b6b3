"""Saving what can be read of a damaged database into a new one: table by table, row by row where a page is broken.

The index of offers, which follows from the signed logs, is left out; it is made anew from them.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from xstock_node.storage.sqlite.connection import APPLICATION_ID, UNREADABLE, open_writer
from xstock_node.storage.sqlite.logs import SHIFT

DERIVED = frozenset({"offer"})
HEAD = 100  # bytes
STEP_MOST = 256
ROWS_GUESSED = 100_000
RECORDS_MOST = 50_000_000  # of one log; a size that a flipped bit made huge must not be walked through


def salvage(damaged: Path, target: Path) -> dict[str, int]:
    """Copy every row that can be read into a new database; how many rows could not, by table (those that are known)."""
    copy = target.with_name(f"{target.name}.from")
    with closing(open_writer(target)) as new:
        for suffix in ("", "-wal"):
            if Path(f"{damaged}{suffix}").exists():
                shutil.copyfile(f"{damaged}{suffix}", f"{copy}{suffix}")
        _mend_head(copy, new)
        _mend_schema(copy, new)
        try:
            lost = _copy_all(copy, new)
        finally:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{copy}{suffix}").unlink(missing_ok=True)
        new.execute("pragma synchronous = full")
        new.execute("pragma wal_checkpoint(truncate)")
    return lost


def _mend_head(copy: Path, new: sqlite3.Connection) -> None:
    """Write what is the same in all our databases over the head of a file (https://www.sqlite.org/fileformat.html)."""
    page = new.execute("pragma page_size").fetchone()[0]
    with copy.open("r+b") as file:
        head = bytearray(file.read(HEAD))
        head[:24] = (
            b"SQLite format 3\0"
            + page.to_bytes(2, "big")
            + bytes([head[18] & 3 or 2, head[19] & 3 or 2, 0, 64, 32, 32])
        )
        head[44:60] = bytes([0, 0, 0, 4]) + head[48:52] + bytes(4) + bytes([0, 0, 0, 1])
        head[64:72] = bytes(4) + APPLICATION_ID.to_bytes(4, "big")
        head[28:32] = (copy.stat().st_size // page).to_bytes(4, "big")
        head[92:96] = head[24:28]
        file.seek(0)
        file.write(head)


def _mend_schema(copy: Path, new: sqlite3.Connection) -> None:
    """Put the words of our own schema into the places of damaged ones; tables were made in the same order."""
    query = "select rowid, type, name, tbl_name, sql from sqlite_master"
    ours = {row[0]: row[1:] for row in new.execute(query)}
    with closing(sqlite3.connect(copy, isolation_level=None)) as old:
        old.text_factory = bytes
        try:
            old.execute("pragma writable_schema = on")
            old.execute("begin immediate")
            for rowid, words in ours.items():
                old.execute("update sqlite_master set type=?, name=?, tbl_name=?, sql=? where rowid=?", (*words, rowid))
            old.execute("commit")
            return
        except UNREADABLE:
            pass
    _give_schema_pages(copy, new)


def _give_schema_pages(copy: Path, new: sqlite3.Connection) -> None:
    """The tree of the schema itself is broken: put the pages of a new database there. In a database that was never
    upgraded they have the same places; in another one less can be read, and is lost.
    """
    new.execute("pragma wal_checkpoint(truncate)")
    page = new.execute("pragma page_size").fetchone()[0]
    fresh = Path(new.execute("pragma database_list").fetchone()[2]).read_bytes()
    with copy.open("r+b") as file:
        for number in [1, *_children(fresh[:page])]:
            begin = (number - 1) * page + (HEAD if number == 1 else 0)
            file.seek(begin)
            file.write(fresh[begin : number * page])


def _children(page: bytes) -> list[int]:
    """The pages below the first one, where it is the inside of a tree (kind 5), in the file format's numbers."""
    if page[HEAD] != 5:
        return []
    cells = int.from_bytes(page[HEAD + 3 : HEAD + 5], "big")
    places = [int.from_bytes(page[HEAD + 12 + 2 * n : HEAD + 14 + 2 * n], "big") for n in range(cells)]
    return [int.from_bytes(page[at : at + 4], "big") for at in (*places, HEAD + 8)]


def _copy_all(copy: Path, new: sqlite3.Connection) -> dict[str, int]:
    lost: dict[str, int] = {}
    with closing(sqlite3.connect(copy, isolation_level=None)) as old:
        old.execute("pragma query_only = on")
        new.execute("pragma synchronous = normal")
        new.execute("pragma foreign_keys = off")
        for table in _tables(new):
            columns = [row[1] for row in new.execute(f'pragma table_info("{table}")')]
            new.execute("begin")
            new.execute(f'delete from "{table}"')
            failed = _copy(old, new, table, columns)
            new.execute("commit")
            if failed:
                lost[table] = failed
    return lost


def _tables(new: sqlite3.Connection) -> list[str]:
    """Tables that hold what cannot be made anew, those that others point at first."""
    names = [row[0] for row in new.execute("select name from sqlite_master where type = 'table' order by rootpage")]
    return [n for n in names if n not in DERIVED and not n.startswith(("sqlite_", "_sqlite_", "offer_fts"))]


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, table: str, columns: list[str]) -> int:
    """Copy one table; how many places in it could not be read."""
    try:
        there = {row[1] for row in old.execute(f'pragma table_info("{table}")')}
    except UNREADABLE:
        return 1
    shared = [column for column in columns if column in there]
    if not shared:
        return 0
    names, marks = ", ".join(f'"{c}"' for c in shared), ", ".join("?" for _ in shared)
    insert = f'insert or ignore into "{table}" ({names}) values ({marks})'
    failures, changed = [0], 0
    for row in _rows(old, new, table, names, failures):
        try:
            new.execute(insert, row)
        except sqlite3.Error:
            changed += 1  # a value of another type than its column: it is no longer what was written
    return failures[0] + changed


def _rows(
    old: sqlite3.Connection, new: sqlite3.Connection, table: str, names: str, failures: list[int]
) -> Iterator[tuple[object, ...]]:
    """All rows that can be read: over a broken place where there are row numbers, else from both ends."""
    if _has_rowid(old, table):
        for first, last in _ranges(old, new, table, failures):
            yield from _numbered(old, table, names, first, last, failures)
        return
    yield from _until_broken(old, f'select {names} from "{table}"', failures)
    if failures[0]:
        yield from _until_broken(old, f'select {names} from "{table}" order by 1 desc', failures)


def _ranges(old: sqlite3.Connection, new: sqlite3.Connection, table: str, failures: list[int]) -> list[tuple[int, int]]:
    """The row numbers that a table may have; those of records are told by the sizes of their logs, saved before."""
    if table == "record":
        rows = new.execute("select ref, size from log order by ref").fetchall()
        return [(ref << SHIFT, (ref << SHIFT) + min(size, RECORDS_MOST) - 1) for ref, size in rows]
    try:
        last = old.execute(f'select max(rowid) from "{table}"').fetchone()[0]
    except UNREADABLE:
        last = None
        failures[0] += 1
    return [(0, last if last is not None else ROWS_GUESSED)]


def _numbered(
    old: sqlite3.Connection, table: str, names: str, first: int, last: int, failures: list[int]
) -> Iterator[tuple[object, ...]]:
    """The rows of a range; over a broken place in steps that double until something can be read again."""
    query, at, step = f'select rowid, {names} from "{table}" where rowid between ? and ? order by rowid', first, 1
    while at <= last:
        try:
            for row in old.execute(query, (at, last)):
                at, step = row[0] + 1, 1
                yield row[1:]
            return
        except UNREADABLE:
            failures[0] += 1
            at, step = at + step, min(step * 2, STEP_MOST)


def _until_broken(old: sqlite3.Connection, query: str, failures: list[int]) -> Iterator[tuple[object, ...]]:
    try:
        yield from old.execute(query)
    except UNREADABLE:
        failures[0] += 1


def _has_rowid(old: sqlite3.Connection, table: str) -> bool:
    try:
        old.execute(f'select rowid from "{table}" limit 0')
    except UNREADABLE:
        return False
    return True
