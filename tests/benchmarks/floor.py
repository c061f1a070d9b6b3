"""The floor of this machine: what the same work costs without a protocol, measured in the same run.

One signature a page of 5,000 records, zlib, decode, SQLite with FULL, indexes and full text: as little as can be done
to have verified, durable, searchable offers.
"""

import hashlib
import os
import sqlite3
import tempfile
import zlib
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.benchmarks.measure import cpu_seconds, report, timed
from xstock_node.protocol.records import Offer
from xstock_node.storage.sqlite.connection import open_writer

PAGE = 5_000
SCHEMA = """
create table offer (
  seq integer primary key, id text unique, item text, country text, qty integer, exp integer, body blob
);
create index offer_item on offer (item, country, qty);
create virtual table words using fts5 (name, place, content = '', detail = column);
"""


def cold_sync_floor(lines: list[bytes]) -> float:
    """Records a CPU second of packing, unpacking, verifying, decoding and storing `lines`, both sides summed."""
    key = Ed25519PrivateKey.generate()
    public, decoder = key.public_key(), msgspec.json.Decoder(Offer)
    with tempfile.TemporaryDirectory() as folder:
        db = _open(Path(folder) / "floor.db", "full")
        begun, started = cpu_seconds(), timed()
        wire = stored = 0
        for start in range(0, len(lines), PAGE):
            body = b"\n".join(lines[start : start + PAGE])
            signature = key.sign(hashlib.sha256(body).digest())
            packed = zlib.compress(body, 6)
            wire += len(packed) + 64
            got = zlib.decompress(packed)
            public.verify(signature, hashlib.sha256(got).digest())
            page = got.split(b"\n")
            found = [decoder.decode(line) for line in page]
            _store(db, stored, page, found)
            stored += len(page)
        used, seconds = cpu_seconds() - begun, timed() - started
        db.close()
    rate = len(lines) / used
    report(
        "floor cold sync",
        records=len(lines),
        records_per_cpu_s=round(rate),
        records_per_s=round(len(lines) / seconds),
        us_per_record=round(used / len(lines) * 1e6, 1),
        wire_bytes_per_record=round(wire / len(lines), 1),
    )
    return rate


def insert_floor(filled: Path) -> float:
    """Microseconds of CPU a record of inserting the very rows of a node's database, with its indexes, into a new one.

    Nothing is received, verified or decoded: rows as they are, 5,000 a transaction, FULL, full text, a check-point.
    """
    source = sqlite3.connect(filled)
    records = source.execute("select pos, line, sum from record order by pos").fetchall()
    offers = source.execute("select * from offer order by ref").fetchall()
    segments = source.execute("select pos, root from segment order by pos").fetchall()
    logs = source.execute("select * from log").fetchall()
    source.close()
    with tempfile.TemporaryDirectory() as folder:
        db = open_writer(Path(folder) / "rows.db")
        db.execute("pragma synchronous = full")
        begun, began = cpu_seconds(), timed()
        db.executemany(f"insert into log values ({', '.join('?' * len(logs[0]))})", logs)
        marks = ", ".join("?" * len(offers[0]))
        for start in range(0, len(records), PAGE):
            db.execute("begin")
            db.executemany("insert into record (pos, line, sum) values (?, ?, ?)", records[start : start + PAGE])
            page = offers[start : start + PAGE]
            db.executemany(f"insert into offer values ({marks})", page)
            if page:
                db.execute(
                    "insert into offer_fts (rowid, key) select ref, key from offer where ref >= ?", (page[0][0],)
                )
            db.execute("commit")
        db.executemany("insert into segment (pos, root) values (?, ?)", segments)
        db.execute("pragma wal_checkpoint(truncate)")
        used, seconds = cpu_seconds() - begun, timed() - began
        db.close()
    each = used / len(records) * 1e6
    report(
        "floor insert", records=len(records), us_per_record=round(each, 1), records_per_s=round(len(records) / seconds)
    )
    return each


def durable_commits() -> float:
    """Commits a second of one small row each, with FULL, on this disk."""
    with tempfile.TemporaryDirectory() as folder:
        db = _open(Path(folder) / "commits.db", "full")
        began, count = timed(), 1000
        for number in range(count):
            db.execute("insert into offer (seq, id) values (?, ?)", (number, str(number)))
        rate = count / (timed() - began)
        db.close()
        path = Path(folder) / "append.log"
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        began = timed()
        for _ in range(count):
            os.write(descriptor, b"x" * 400)
            os.fdatasync(descriptor)
        appends = count / (timed() - began)
        os.close(descriptor)
    report("floor disk", durable_commits_per_s=round(rate), append_fdatasync_per_s=round(appends))
    return rate


def publish_floor(lines: list[bytes]) -> tuple[float, float]:
    """Durable, searchable inserts a second: one by one, and all in batches of a page."""
    decoder = msgspec.json.Decoder(Offer)
    found = [decoder.decode(line) for line in lines]
    rates = []
    for size, count in ((1, min(1500, len(lines))), (PAGE, len(lines))):
        with tempfile.TemporaryDirectory() as folder:
            db = _open(Path(folder) / "publish.db", "full")
            began = timed()
            for start in range(0, count, size):
                _store(db, start, lines[start : start + size], found[start : start + size])
            rates.append(count / (timed() - began))
            db.close()
    report("floor publish", one_by_one_per_s=round(rates[0]), batch_per_s=round(rates[1]))
    return rates[0], rates[1]


def _open(path: Path, synchronous: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("pragma journal_mode = wal")
    db.execute(f"pragma synchronous = {synchronous}")
    db.executescript(SCHEMA)
    return db


def _store(db: sqlite3.Connection, first: int, page: list[bytes], found: list[Offer]) -> None:
    db.execute("begin")
    rows = [
        (n, o.id, o.item, o.cc, o.qty[0], o.exp, line)
        for n, (o, line) in enumerate(zip(found, page, strict=True), first)
    ]
    db.executemany("insert into offer values (?, ?, ?, ?, ?, ?, ?)", rows)
    words = [(n, o.name, o.place) for n, o in enumerate(found, first)]
    db.executemany("insert into words (rowid, name, place) values (?, ?, ?)", words)
    db.execute("commit")
