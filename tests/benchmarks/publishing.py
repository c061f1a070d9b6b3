"""Publishing: durable, signed, searchable; one by one, many at once sharing commits, and in one batch."""

import asyncio
import tempfile
from pathlib import Path
from random import Random

from tests.benchmarks import corpus
from tests.benchmarks.measure import report, timed
from xstock_node.services.clock import SystemClock
from xstock_node.services.node import Node
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing.nodes import make_identity
from xstock_node.trace import Trace

NOW = 1_795_000_000


def run(floor_one: float, floor_batch: float, singles: int = 1500, batch: int = 20_000) -> None:
    """Measure beside the floors of the same run."""
    lines = corpus.lines(singles * 2 + batch, NOW, 5)
    one, grouped, at_once = asyncio.run(_publish(lines, singles, batch))
    report(
        "publish",
        one_by_one_per_s=round(one),
        ratio_to_floor=round(one / floor_one, 2),
        grouped_per_s=round(grouped),
        grouped_ratio_to_floor=round(grouped / floor_one, 2),
        batch_per_s=round(at_once),
        batch_ratio_to_floor=round(at_once / floor_batch, 2),
    )


async def _publish(lines: list[bytes], singles: int, batch: int) -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        own, signer = make_identity("own.bench.example")
        engine = SqliteEngine(Path(folder) / "own.db")
        node = Node(own, signer, "see.pub", engine, [], SystemClock(), Random(1), Trace())
        await node.load()
        await node.own.open()
        began = timed()
        for line in lines[:singles]:
            await node.own.append(lambda tx, line=line: [line])
        one = singles / (timed() - began)
        began = timed()
        await asyncio.gather(*(node.own.append(lambda tx, ln=ln: [ln]) for ln in lines[singles : singles * 2]))
        grouped = singles / (timed() - began)
        began = timed()
        await node.own.append(lambda tx: lines[singles * 2 :])
        at_once = batch / (timed() - began)
        await node.stop()
    return one, grouped, at_once
