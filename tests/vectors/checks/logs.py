"""Records, frames, and what a reader's replica takes."""

import asyncio
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from tests.vectors.checks.form import Check, Given, b64, data, lines_of
from tests.vectors.checks.signed import verified
from xstock_node.domain.search import OfferQuery
from xstock_node.protocol import frames, heads, limits, merkle, records
from xstock_node.protocol.errors import Gap
from xstock_node.protocol.frames import Frame
from xstock_node.protocol.names import LogName, parse_log_id
from xstock_node.protocol.records import Defect, Foreign, Offer
from xstock_node.services import receiving
from xstock_node.services.indexing import index_lines
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.storage.values import LogState
from xstock_node.testing.storing import store_lines

T = TypeVar("T")


def in_store(*works: Callable[[Transaction], T]) -> T:
    """The last value of some writes, each of its own, in an empty store."""

    async def run() -> T:
        with tempfile.TemporaryDirectory() as folder:
            engine = SqliteEngine(Path(folder) / "node.db", threads=False)
            try:
                for work in works:
                    found = await engine.write(work, durable=False)
            finally:
                await engine.close()
        return found

    return asyncio.run(run())


def record(sent: bytes, given: Given) -> Any:
    found = records.interpret(sent)
    reading = "defect" if isinstance(found, Defect) else "foreign" if isinstance(found, Foreign) else "read"
    return {"reading": reading, "leaf": b64(merkle.leaf_hash(sent))}


def current(sent: bytes, given: Given) -> Any:
    """Offers that are shown at `now`, with their quantities."""
    log = parse_log_id(given["log"]).name

    def work(tx: Transaction) -> dict[str, int]:
        store_lines(tx, log, lines_of(given))
        index_lines(tx, log, 0, lines_of(given), given["head_time"], given["head_time"])
        query = OfferQuery(log=log.log, valid_after=given["now"] - limits.EXPIRY_GRACE, limit=1000)
        found = [records.interpret(stored.line) for stored in tx.offers.search(query)]
        return {offer.id: offer.qty[0] for offer in found if isinstance(offer, Offer)}

    return {"current": in_store(work)}


def framed(sent: bytes, given: Given) -> Any:
    return [
        {"log": str(f.log), "start": f.start, "roots": f.roots, "leaves": [b64(leaf) for leaf in f.leaves()]}
        for f in frames.parse(sent)
    ]


def replica(sent: bytes, given: Given) -> Any:
    """A head and its frames, from `from`, to a reader that took each of `held` before, from `held_from`."""
    works = [_taking(data(one), given, given.get("held_from", "")) for one in given.get("held", ())]
    try:
        return in_store(*works, _taking(sent, given, given["from"]))
    except Gap as error:
        raise Gap(error.expected, error.came) from None  # how far a replica goes is no part of the answer


def _taking(sent: bytes, given: Given, sender: str) -> Callable[[Transaction], Any]:
    note, at, rest = sent.partition(b"\n@ ")
    note += b"\n" if at else b""
    found, signed = heads.parse(note)
    verified(signed, found.log.node, given)
    offered = list(frames.parse(b"@ " + rest)) if rest else []

    def work(tx: Transaction) -> Any:
        plan = receiving.consider(tx, found, note, given["now"])
        from_origin = sender == found.log.node
        if not plan.taken:
            _fill(tx, found, offered, given["now"], from_origin)
            lines = list(_covering(offered, plan.start, found.size))
            receiving.take(tx, found, note, lines, given["now"], from_origin)
        return _held(tx, found.log.name)

    return work


def _fill(tx: Transaction, found: heads.Head, offered: list[Frame], now: int, from_origin: bool) -> None:
    wanted = set(tx.logs.holes(found.log.name))
    lines = {n: line for f in offered for n, line in enumerate(f.lines, f.start) if n in wanted}
    receiving.fill(tx, found, lines, now, from_origin)


def _covering(offered: list[Frame], start: int, end: int) -> Iterable[bytes]:
    for frame in offered:
        if frame.start > start:
            raise Gap(f"records from {start} on", frame.start)
        yield from frame.lines[start - frame.start : end - frame.start]
        start = max(start, frame.start + len(frame.lines))


def _held(tx: Transaction, log: LogName) -> dict[str, Any]:
    state = tx.logs.state(log) or LogState(log)
    lines = tx.logs.lines(log, 0, state.frontier.size)
    bare = [n for n, line in enumerate(lines) if frames.is_hash_line(line)]
    return {"size": state.frontier.size, "root": b64(state.frontier.root()), "without_content": bare}


CHECKS: dict[str, Check] = {"record": record, "current": current, "frames": framed, "replica": replica}
