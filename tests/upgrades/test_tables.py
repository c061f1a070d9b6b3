"""An upgrade of the database: interrupted anywhere it is taken up again, a copy lies beside it, what is newer and
breaking is refused.
"""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from tests.processes import xstock
from tests.upgrades.killing import content, old_database
from xstock_node.services.backup.archive import files_of
from xstock_node.storage.errors import StorageError
from xstock_node.storage.sqlite import SqliteEngine, connection, upgrading
from xstock_node.storage.sqlite.connection import KNOWN, open_upgraded, open_writer
from xstock_node.storage.sqlite.migrations import migrations

ROOT = Path(__file__).parents[2]


def killing(*words: str) -> dict[str, object]:
    """The run of kills, in a process of its own that forks."""
    command = [sys.executable, "-m", "tests.upgrades.killing", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.heavy), 11])
def test_an_upgrade_killed_at_each_statement_is_whole_when_it_is_opened_again(every: int) -> None:
    found = killing(str(every))
    assert found["broken"] == [] and int(str(found["points"])) > 60
    assert int(str(found["half_way"])) > 20 / every, "no kill fell between two migrations"


def test_migrations_outside_their_transactions_are_found_to_break() -> None:
    assert killing("11", "loose")["broken"]


def test_every_migration_is_known_by_name() -> None:
    assert [migration.name for migration in migrations._migrations] == list(KNOWN)


def test_the_copy_is_the_database_as_it_was_and_two_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    old_database(path)
    before = content(path)
    for older in ("m004", "m005", "m006"):
        (tmp_path / f"node.db.before-{older}").write_bytes(b"older")
    writer, copy = open_upgraded(path)
    writer.close()
    assert copy == tmp_path / f"node.db.before-{KNOWN[-1][:4]}"
    assert content(copy) == before and copy.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in upgrading.copies(path)] == ["node.db.before-m006", copy.name]
    writer, again = open_upgraded(path)
    writer.close()
    assert again is None, "nothing changes now"
    assert not [p for p in files_of(tmp_path)[0] if "before" in p.name], "a back-up has no use for them"


def test_a_new_database_is_made_without_a_copy(tmp_path: Path) -> None:
    writer, copy = open_upgraded(tmp_path / "node.db")
    writer.close()
    assert copy is None and not upgrading.copies(tmp_path / "node.db")


def test_an_old_copy_of_the_same_upgrade_is_replaced_when_somebody_goes_back_and_upgrades_again(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    old_database(path)
    open_writer(path).close()
    copy = upgrading.copies(path)[0]
    path.write_bytes(copy.read_bytes())
    with closing(sqlite3.connect(path)) as held:
        held.execute("update peer set last_refusal = 'since then'")
        held.commit()
    open_writer(path).close()
    assert any("since then" in row for row in content(copy)["peer"])  # type: ignore[operator]


def test_without_room_for_the_copy_nothing_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "node.db"
    old_database(path)
    before = content(path)
    with monkeypatch.context() as patched:
        usage = type("Usage", (), {"free": 20 << 20})()
        patched.setattr(upgrading.shutil, "disk_usage", lambda folder: usage)
        with pytest.raises(StorageError, match="MiB for a copy of the database before it is changed; came 20 MiB free"):
            open_writer(path)

    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(upgrading.os, "fsync", full)
        with pytest.raises(StorageError, match="No space left"):
            open_writer(path)
    assert content(path) == before
    assert {p.name.removesuffix("-wal").removesuffix("-shm") for p in tmp_path.iterdir()} == {"node.db"}


def test_a_newer_database_is_opened_unless_a_migration_in_it_is_breaking(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    open_writer(path).close()
    later = Migrations("xstock-node")

    @later(name="m009_wider")
    def wider(db: Database) -> None:
        db.execute("alter table record add column more text")

    @later(name="m010_narrower")
    def narrower(db: Database) -> None:
        db.execute("alter table record drop column more")
        upgrading.note_breaking(db.conn, "m010_narrower", "0.9.0")

    with closing(sqlite3.connect(path, isolation_level=None)) as held:
        later.apply(Database(held), stop_before="m010_narrower")
        open_writer(path).close()
        later.apply(Database(held))
    before = path.read_bytes()
    with pytest.raises(StorageError) as refused:
        open_writer(path)
    assert "version 0.9.0 or newer" in refused.value.came and "before-" in refused.value.do
    assert path.read_bytes() == before


def test_a_version_that_knows_a_breaking_migration_opens_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "node.db"
    writer = open_writer(path)
    upgrading.note_breaking(writer, "m010_narrower", "0.9.0")
    writer.close()
    monkeypatch.setattr(connection, "KNOWN", (*KNOWN, "m010_narrower"))
    open_writer(path).close()


def test_the_verb_of_an_older_version_says_what_to_do_and_what_was_upgraded_is_in_the_log(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert xstock("init", "--name", "redcross.example.org", "--country", "BG", home=home).returncode == 0
    old_database(home / "node.db")
    listed = xstock("stock", "list", home=home)
    assert listed.returncode == 0, listed.stderr
    told = [json.loads(line) for line in listed.stderr.splitlines() if '"upgraded"' in line]
    assert [Path(line["copy"]).name for line in told] == [f"node.db.before-{KNOWN[-1][:4]}"]
    with closing(sqlite3.connect(home / "node.db")) as held:
        upgrading.note_breaking(held, "m099_later", "9.0.0")
        held.commit()
    refused = xstock("stock", "list", "--json", home=home)
    assert refused.returncode != 0 and "9.0.0" in json.loads(refused.stdout)["error"]["came"]


async def test_the_copies_go_when_something_is_erased(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    old_database(path)
    engine = SqliteEngine(path)
    assert engine.copied_to is not None and engine.copied_to.exists()
    await engine.compact()
    assert not engine.copied_to.exists(), "it would hold what was erased"
    await engine.close()
