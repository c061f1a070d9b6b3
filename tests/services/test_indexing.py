"""What lines change beside the offers: erasing reaches what is kept aside of the same log."""

from pathlib import Path

from xstock_node.protocol import frames, merkle, records
from xstock_node.protocol.names import LogName
from xstock_node.protocol.records import Erase
from xstock_node.services.indexing import index_lines
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing.nodes import DAY, make_offer
from xstock_node.testing.storing import make_line, store_lines

LOG = LogName("redcross.bg", "see.pub")
NOW = 1_790_000_000


async def test_what_is_erased_is_erased_in_what_is_kept_aside_too(tmp_path: Path) -> None:
    """xs1 15.6: its origin appended it again at another index, where it was erased."""
    kept, gone = (records.encode(make_offer(n, NOW)) for n in (1, 2))
    erase = records.encode(Erase(id="e" * 16, ts=NOW, exp=NOW + DAY, n="A" * 16, idx=(1,)))

    def work(tx: Transaction) -> list[bytes]:
        store_lines(tx, LOG, [gone, kept])
        tx.logs.cut(LOG, 0, b"head\n", 1)
        tx.logs.put(tx.logs.state(LOG)._replace(frontier=merkle.Frontier(0, ()), epoch=2))  # type: ignore[union-attr]
        lines = [make_line(1), gone, erase]
        store_lines(tx, LOG, lines)
        index_lines(tx, LOG, 0, lines, NOW, NOW)
        return tx.logs.aside_lines(LOG, 1, 0, 9)

    engine = SqliteEngine(tmp_path / "node.db", threads=False)
    assert await engine.write(work, durable=True) == [frames.hash_line(merkle.leaf_hash(gone)), kept]
    await engine.close()
