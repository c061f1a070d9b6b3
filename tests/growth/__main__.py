"""`make growth`: the store of a mid-sized society after five simulated years; 1 where a proof broke.

A society with 60 live offers and thirty neighbours with as many, a tenth of all changed every day; two hundred
operations a year with their messages, two hundred acts a day, warnings, notices, messages of other systems. The days
are those those of the calendar, worked through by the services that a node uses: windows slide and say again what is
still true, what is no evidence is forgotten. At the end of each year every live offer is proved against its signed
head.
"""

import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from xstock_node.protocol import heads, merkle, messages
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.heads import Head
from xstock_node.protocol.messages import Link
from xstock_node.protocol.names import LogName, record_id
from xstock_node.protocol.records import Known, Still, encode
from xstock_node.services.fresh import fresh
from xstock_node.services.receiving import extend, take
from xstock_node.services.retaining import forget_older
from xstock_node.services.windowing import slide
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.storage.values import Act, LogState, StoredCase, StoredMessage, StoredObject
from xstock_node.testing.nodes import make_offer, make_signer

DAY, YEAR = 86_400, 365
NEIGHBOURS, LIVE, CHANGED = 30, 60, 6
OPERATIONS, MESSAGES, ACTS, WARNINGS, NOTICES, OTHERS = 200, 14, 200, 20, 30, 5
START = 1_735_689_600
OBJECT = 1_400  # bytes of a warning, a notice, a message as they are kept


class Society:
    """One log of the calendar: an origin that changes some of its offers every day."""

    def __init__(self, name: str, number: int) -> None:
        self.log, self.number, self.random = LogName(name, "see.pub"), number, Random(number)
        self.signer, self.epoch = make_signer(name), START - DAY

    def lines(self, day: int, now: int) -> list[bytes]:
        """The records of a day: all offers on the first, a tenth of them changed later, the others said again."""
        chosen = range(LIVE) if day == 0 else self.random.sample(range(LIVE), CHANGED)
        found: list[Known] = [
            msgspec.structs.replace(
                make_offer(self.number * 1_000 + one, now, qty=(10 + day % 90, 0)), n=fresh(self.random)[1]
            )
            for one in chosen
        ]
        if day % 20 == 19:
            offer = make_offer(self.number * 1_000, now)
            found.append(
                Still(
                    id=record_id(self.random.randbytes(10)),
                    ts=now,
                    exp=now + 30 * DAY,
                    n=fresh(self.random)[1],
                    src=offer.src,
                )
            )
        return [encode(record) for record in found]


def sign_day(tx: Transaction, society: Society, day: int, now: int) -> tuple[Head, bytes, list[bytes]]:
    """What the origin appends in a day: head, note and lines, its window slid."""
    state = tx.logs.state(society.log) or LogState(society.log, epoch=society.epoch)
    if not state.frontier.size:
        tx.logs.put(state)
    start, blank = state.frontier.size, Head(society.log.epoch(society.epoch), 0, b"", now, state.minimum)
    new = society.lines(day, now)
    state = extend(tx, state, blank._replace(size=start + len(new)), new, now)
    tx.logs.put(state)
    again = slide(tx, society.log, now, society.random)
    state = tx.logs.state(society.log) or state
    if again:
        state = extend(tx, state, blank._replace(size=state.frontier.size + len(again)), again, now)
        tx.logs.put(state)
    head = blank._replace(size=state.frontier.size, root=state.frontier.root(), minimum=state.minimum)
    raw = heads.sign(head, society.signer)
    take(tx, head, raw, [], now)
    return head, raw, [*new, *again]


def work_a_day(tx: Transaction, random: Random, day: int, now: int) -> None:
    """Acts, warnings, notices and messages of a day, and the operations that fall on it."""
    for number in range(ACTS):
        tx.acts.add(Act(now + number, "ana by console", "stock.set", f"line {number}", "quantity 40 to 38, Store 3"))
    for kind, count in (("alert", WARNINGS), ("notice", NOTICES), ("message", OTHERS)):
        for number in range(count):
            tx.objects.put(StoredObject(kind, f"{day}-{number}", now, random.randbytes(OBJECT // 2).hex().encode()))
    if day * OPERATIONS // YEAR != (day + 1) * OPERATIONS // YEAR:
        case, link = record_id(random.randbytes(10)), messages.NOTHING
        tx.cases.put(StoredCase(case, "see", "redcross.bg", "neighbour-1.example", now))
        for number in range(1, MESSAGES + 1):
            body = b'{"step":"note","text":"%s"}' % random.randbytes(130).hex().encode()
            to, seen, previous = "neighbour-1.example", messages.NOTHING, link.hash
            text = messages.write("see", "redcross.bg", to, case, Link(START, number, ""), previous, seen, now, body)
            link, raw = Link(START, number, messages.text_hash(text)), f"{text}\n{'s' * 700}".encode()
            tx.cases.put_message(StoredMessage(case, "redcross.bg", link, now, False, raw, random.randbytes(250)))


async def prove(engine: SqliteEngine, society: Society, now: int) -> tuple[int, int]:
    """Prove every live offer of a log against its signed head; how many, and how many do not hold."""

    def work(tx: Transaction) -> tuple[int, int]:
        state = tx.logs.state(society.log)
        assert state is not None
        head, _ = heads.parse(state.head)
        live = [offer for offer in tx.offers.of_log(society.log) if offer.exp > now]
        broken = int(tx.logs.range_root(society.log, 0, head.size) != head.root)
        for offer in live:
            path = merkle.inclusion_path(offer.index, head.size, lambda a, b: tx.logs.range_root(society.log, a, b))
            try:
                merkle.verify_inclusion(merkle.leaf_hash(offer.line), offer.index, head.size, path, head.root)
            except ProtocolError:
                broken += 1
        return len(live), broken

    return await engine.read(work)


def sizes(path: Path) -> dict[str, int]:
    """Bytes of the file, and of its largest tables."""
    with closing(sqlite3.connect(path)) as connection:
        query = "select name, sum(pgsize) as bytes from dbstat group by name order by bytes desc limit 8"
        tables = {name: round(size / 1e6, 1) for name, size in connection.execute(query)}
    return {"file_mb": round(path.stat().st_size / 1e6, 1), "tables_mb": tables}  # type: ignore[dict-item]


def written_anew(path: Path) -> float:
    """MB of the same database without the gaps that forgotten contents left in its pages."""
    copy = path.with_name("anew.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("vacuum into ?", (str(copy),))
    size = round(copy.stat().st_size / 1e6, 1)
    copy.unlink()
    return size


async def grow(folder: Path, years: int) -> bool:
    """Work through the calendar; whether every proof held."""
    engine = SqliteEngine(folder / "node.db", threads=False)
    societies = [Society("redcross.bg", 0), *(Society(f"neighbour-{n}.example", n) for n in range(1, NEIGHBOURS + 1))]
    random, held, began = Random(1), True, time.monotonic()
    for day in range(years * YEAR):
        now = START + day * DAY

        def one_day(tx: Transaction, day: int = day, now: int = now) -> None:
            for society in societies:
                sign_day(tx, society, day, now)
            work_a_day(tx, random, day, now)
            if day % 7 == 6:
                forget_older(tx, {}, now)

        await engine.write(one_day, durable=False)
        if day % YEAR == YEAR - 1:
            await engine.checkpoint()
            proofs = [await prove(engine, society, now) for society in societies]
            found: dict[str, Any] = {
                "bench": "growth",
                "years": (day + 1) // YEAR,
                "records": sum([(await _size(engine, society)) for society in societies]),
                "live_offers_proved": sum(live for live, _ in proofs),
                "proofs_broken": sum(broken for _, broken in proofs),
                **sizes(folder / "node.db"),
                "written_anew_mb": written_anew(folder / "node.db"),
                "seconds": round(time.monotonic() - began),
            }
            held = held and not found["proofs_broken"] and found["live_offers_proved"] >= len(societies) * LIVE // 2
            print(json.dumps(found), flush=True)
    await engine.close()
    return held


async def _size(engine: SqliteEngine, society: Society) -> int:
    state = await engine.read(lambda tx: tx.logs.state(society.log))
    return state.frontier.size if state else 0


def main() -> int:
    """Grow and print."""
    years = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        return int(not asyncio.run(grow(Path(folder), years)))


if __name__ == "__main__":
    sys.exit(main())
