"""A doubtful start is remembered over starts, forgotten when all have told, and after a week at the latest."""

from pathlib import Path

from xstock_node.services.doubt import LONGEST, forget_doubt, note_lost, note_restored, remember_doubt
from xstock_node.storage.sqlite import SqliteEngine

NOW = 1_795_000_000


async def test_a_doubt_lasts_until_it_is_forgotten_or_a_week(tmp_path: Path) -> None:
    engine = SqliteEngine(tmp_path / "node.db", threads=False)
    assert await remember_doubt(engine, "", NOW) == ""
    assert await remember_doubt(engine, "peers held newer heads", NOW) == "peers held newer heads"
    assert await remember_doubt(engine, "", NOW + LONGEST) == "peers held newer heads"
    assert await remember_doubt(engine, "", NOW + LONGEST + 1) == ""
    journal = await engine.write(lambda tx: tx.journal.id(), durable=True)
    await engine.write(lambda tx: note_restored(tx, NOW - 90_000, NOW), durable=True)
    assert "back-up of 2026" in await remember_doubt(engine, "", NOW)
    assert await engine.write(lambda tx: tx.journal.id(), durable=True) != journal, (
        "cursors into an older journal are void"
    )
    await forget_doubt(engine)
    assert await remember_doubt(engine, "", NOW) == ""
    await engine.write(lambda tx: note_lost(tx, NOW), durable=True)
    assert "lost" in await remember_doubt(engine, "another reason", NOW)
    await engine.close()
