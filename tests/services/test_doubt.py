"""A doubtful start is remembered over starts, until all have told or a person ends the doubt."""

from pathlib import Path

from tests.api.conftest import BG, HR, opened
from xstock_node.services.doubt import forget_doubt, note_lost, note_restored, remember_doubt
from xstock_node.storage.sqlite import SqliteEngine

NOW = 1_795_000_000


async def test_a_doubt_lasts_until_it_is_forgotten(tmp_path: Path) -> None:
    engine = SqliteEngine(tmp_path / "node.db", threads=False)
    assert await remember_doubt(engine, "", NOW) == ""
    assert await remember_doubt(engine, "peers held newer heads", NOW) == "peers held newer heads"
    assert await remember_doubt(engine, "", NOW + 900 * 86_400) == "peers held newer heads"
    await forget_doubt(engine)
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


async def test_a_person_ends_a_doubt_by_name_and_it_is_written_down(tmp_path: Path) -> None:
    async with opened(tmp_path, (BG, HR), ()) as desks:
        office = desks[BG].office
        await office.node.engine.write(lambda tx: note_lost(tx, NOW), durable=True)
        casework = office.node.correspondence.of().casework
        casework.doubted = {HR}
        status, ended, _ = await desks[BG].ask("POST", "/doubt/end")
        assert (status, ended) == (200, {"without": [HR]}) and casework.doubted == set()
        assert await remember_doubt(office.node.engine, "", NOW) == ""
        acts = await office.node.engine.read(lambda tx: tx.acts.last(1))
        assert (acts[0].verb, acts[0].subject) == ("doubt.end", HR)
