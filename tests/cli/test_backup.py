"""Back-ups as an operator makes, rehearses and restores them, of a node that runs and is being written to."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_verbs import said
from tests.faults.test_kills import Worker, prepare
from tests.processes import NodeProcess, agree, free_port, pause, xstock


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[NodeProcess, NodeProcess]]:
    """A node that is backed up, and a peer of it."""
    node = NodeProcess(tmp_path, "society.example.org", free_port())
    peer = NodeProcess(tmp_path, "neighbour.example.org", free_port())
    node.pin(peer)
    peer.pin(node)
    node.start()
    peer.start()
    prepare(node)
    yield node, peer
    node.kill()
    peer.kill()


@pytest.mark.heavy
def test_a_back_up_of_a_busy_node_is_rehearsed_restored_and_rejoins(
    pair: tuple[NodeProcess, NodeProcess], tmp_path: Path
) -> None:
    node, peer = pair
    worker = Worker(node)
    thread = threading.Thread(target=worker.work)
    thread.start()
    pause(1.0)
    made = said("backup", "create", "--to", str(tmp_path / "safe"), home=node.home, code=0)
    published, file = worker.published, made["file"]  # type: ignore[index]
    assert published and thread.is_alive(), "the node was not being written to"
    shown = said("backup", "key", home=node.home, code=0)
    key = tmp_path / "paper"
    key.write_text(shown["key"])  # type: ignore[index]
    found = said("backup", "verify", file, home=node.home, code=0)
    assert found["holds"] and found["faults"] == []  # type: ignore[index]
    assert found["replayed"] == found["records"] > 0 < found["offers"]  # type: ignore[index,operator]
    pause(0.5)
    node.kill()
    thread.join()
    assert not worker.errors and worker.published > published
    before, seen = agree_alone(peer, node.name), int(shown_at(peer, "Hand")["quantity"])
    assert seen > published, "the peer saw what is in no back-up"

    lost = node.home.rename(tmp_path / "burnt")
    restored = said("backup", "restore", file, "--key-file", str(key), home=node.home, code=0)
    assert restored["left_out"] == ["keys/root.key"] and restored["aside"] == ""  # type: ignore[index]
    node.start()
    agree(node, peer)
    view = node.call("status")
    assert not view.halted and view.records >= before, "records that a peer held came back"
    offers = [o for o in node.call("offer.list") if o.place == "Hand"]
    assert int(offers[0].quantity) >= seen, "what somebody saw is not lost; the last moments nobody saw"
    assert all(log.holds for log in node.call("log.verify")) and lost.exists()
    findings = {f.check: f for f in node.call("doctor")}
    assert findings["people after a restore see"].state == "warning"


def shown_at(node: NodeProcess, place: str) -> dict[str, Any]:
    """The offer at a place, as a node finds it."""
    hits = said("search", "tent", home=node.home, code=0)["hits"]  # type: ignore[index]
    return next(hit for hit in hits if hit["place"] == place)


def agree_alone(peer: NodeProcess, name: str) -> int:
    """How many records a peer holds of a node."""
    return int(next(p.records for p in peer.call("status").peers if p.name == name))


@pytest.mark.heavy
def test_a_damaged_copy_and_a_copy_of_a_damaged_database_are_told_apart(
    pair: tuple[NodeProcess, NodeProcess], tmp_path: Path
) -> None:
    node, _ = pair
    Worker(node)._publish_kept(7)
    node.stop()
    file = Path(said("backup", "create", home=node.home, code=0)["file"])  # type: ignore[index]
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    changed = tmp_path / "changed.xsbackup"
    changed.write_bytes(raw)
    assert said("backup", "verify", str(changed), home=node.home, code=1)["error"]["code"] == "damaged-backup"  # type: ignore[index]
    with sqlite3.connect(node.home / "node.db") as database:
        line = database.execute("select pos, line from record order by pos limit 1").fetchone()
        database.execute("update record set line = ? where pos = ?", (line[1].replace(b'"', b"'", 1), line[0]))
    database.close()
    file = Path(said("backup", "create", home=node.home, code=0)["file"])  # type: ignore[index]
    found = said("backup", "verify", str(file), home=node.home, code=1)
    assert not found["holds"] and any("is damaged on disk" in fault for fault in found["faults"])  # type: ignore[index]


@pytest.mark.heavy
def test_what_stands_in_the_folder_is_moved_aside_at_somebody_s_word_and_stays_whole_on_failure(
    pair: tuple[NodeProcess, NodeProcess], tmp_path: Path
) -> None:
    node, _ = pair
    file = said("backup", "create", home=node.home, code=0)["file"]  # type: ignore[index]
    assert said("backup", "restore", file, home=node.home, code=5)["error"]["code"] == "locked"  # type: ignore[index]
    node.stop()
    assert said("backup", "restore", file, home=node.home, code=2)["error"]["code"] == "not-empty"  # type: ignore[index]
    names = sorted(path.name for path in node.home.iterdir())
    torn = tmp_path / "torn.xsbackup"
    torn.write_bytes(Path(file).read_bytes()[:-20])
    assert (
        said("backup", "restore", str(torn), "--replace", home=node.home, code=1)["error"]["code"] == "damaged-backup"
    )  # type: ignore[index]
    assert sorted(path.name for path in node.home.iterdir()) == names
    restored = said("backup", "restore", file, "--replace", home=node.home, code=0)
    aside = Path(restored["aside"])  # type: ignore[index]
    assert (aside / "node.db").exists() and (aside / "keys" / "root.key").exists()
    node.start()
    again = said("backup", "create", home=node.home, code=0)
    assert not any("replaced-" in name for name in again["left_out"])  # type: ignore[index]


def test_older_ones_are_removed_at_somebody_s_word_and_nothing_unfinished_is_left(tmp_path: Path) -> None:
    home, safe = tmp_path / "home", tmp_path / "safe"
    assert xstock("init", "--name", "redcross.example.org", "--country", "BG", home=home).returncode == 0
    assert said("backup", "create", home=home, code=3)["error"]["code"] == "no-database"  # type: ignore[index]
    assert xstock("stock", "list", home=home).returncode == 0
    safe.mkdir()
    for day in range(1, 5):
        (safe / f"redcross.example.org-2026010{day}T000000Z.xsbackup").write_bytes(b"old")
    (safe / "another.example.org-20260101T000000Z.xsbackup").write_bytes(b"another's")
    made = said("backup", "create", "--to", str(safe), "--keep", "2", home=home, code=0)
    assert len(made["removed"]) == 3 and len(list(safe.iterdir())) == 3  # type: ignore[index]
    assert json.loads((home / "backups" / "record.json").read_text())["file"] == made["file"]  # type: ignore[index]
    missing = said("backup", "verify", str(safe / "none"), home=home, code=3)
    assert missing["error"]["code"] == "no-file"  # type: ignore[index]
    (safe / "text").write_text("no back-up")
    assert said("backup", "verify", str(safe / "text"), home=home, code=1)["error"]["code"] == "damaged-backup"  # type: ignore[index]
    (home / "keys" / "backup.key").unlink()
    assert said("backup", "verify", made["file"], home=home, code=3)["error"]["code"] == "no-backup-key"  # type: ignore[index]
    said("backup", "key", home=home, code=0)
    assert said("backup", "verify", made["file"], home=home, code=3)["error"]["code"] == "wrong-backup-key"  # type: ignore[index]


def test_a_full_disk_leaves_no_half_a_back_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.processes import xstock_here
    from xstock_node.services.backup import making

    home = tmp_path / "home"
    assert xstock("init", "--name", "redcross.example.org", "--country", "BG", home=home).returncode == 0
    assert xstock("stock", "list", home=home).returncode == 0

    def full(*rest: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making, "pack", full)
    ran = xstock_here("backup", "create", "--json", home=home)
    assert ran.returncode == 4 and "No space left" in json.loads(ran.stdout)["error"]["came"]
    assert [path.name for path in (home / "backups").iterdir()] == []
    monkeypatch.setattr(making.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 1})())
    assert json.loads(xstock_here("backup", "create", "--json", home=home).stdout)["error"]["code"] == "no-room"


def test_what_changes_while_a_back_up_is_made_does_not_spoil_it_and_nothing_plain_is_left(tmp_path: Path) -> None:
    from tests.processes import xstock_here
    from xstock_node.services.backup import making

    home, safe = tmp_path / "home", tmp_path / "safe"
    assert xstock("init", "--name", "redcross.example.org", "--country", "BG", home=home).returncode == 0
    assert xstock("stock", "list", home=home).returncode == 0
    (home / "addresses.json").write_text("{}")
    (home / "note.txt").write_text("before")
    stale = home / ".scratch-xkilled"
    stale.mkdir()
    (stale / "node.db").write_text("a plain copy")
    copied = making.copy_database

    def busy(source: Path, target: Path) -> None:
        copied(source, target)
        (home / "addresses.json").write_text('{"changed": 1}')

    def later(*rest: object) -> object:
        (home / "note.txt").write_text("changed after it was copied")
        return made(*rest)  # type: ignore[arg-type]

    made = making.pack
    making.copy_database, making.pack = busy, later  # type: ignore[assignment]
    try:
        ran = xstock_here("backup", "create", "--to", str(safe), "--json", home=home)
    finally:
        making.copy_database, making.pack = copied, made
    assert ran.returncode == 0, ran.stderr
    assert said("backup", "verify", json.loads(ran.stdout)["file"], home=home, code=0)["holds"]  # type: ignore[index]
    assert not stale.exists() and not list(home.glob(".scratch-x*"))
    assert [path.suffix for path in safe.iterdir()] == [".xsbackup"], "nothing plain comes to where back-ups lie"


def test_only_older_ones_of_this_very_node_are_removed_and_never_the_newest(tmp_path: Path) -> None:
    home, safe = tmp_path / "home", tmp_path / "safe"
    assert xstock("init", "--name", "redcross.example.org", "--country", "BG", home=home).returncode == 0
    assert xstock("stock", "list", home=home).returncode == 0
    safe.mkdir()
    others = [
        safe / name
        for name in (
            "redcross.example.org-sofia-20260101T000000Z.xsbackup",
            "redcross.example.org-20260101.xsbackup",
        )
    ]
    ahead = safe / "redcross.example.org-29990101T000000Z.xsbackup"
    for path in (*others, ahead):
        path.write_bytes(b"kept")
    file = Path(said("backup", "create", "--to", str(safe), "--keep", "1", home=home, code=0)["file"])  # type: ignore[index]
    assert file.exists() and all(path.exists() for path in others) and not ahead.exists()


def test_a_restore_that_fails_changes_nothing_and_one_that_is_done_is_doubtful(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    from tests.processes import xstock_here
    from xstock_node.services.backup import restoring
    from xstock_node.services.doubt import remember_doubt
    from xstock_node.storage.errors import StorageError
    from xstock_node.storage.sqlite import SqliteEngine

    home, new = tmp_path / "home", tmp_path / "new"
    assert xstock("init", "--name", "redcross.example.org", "--country", "BG", home=home).returncode == 0
    assert xstock("stock", "list", home=home).returncode == 0
    file = said("backup", "create", home=home, code=0)["file"]  # type: ignore[index]
    words = ("backup", "restore", str(file), "--key-file", str(home / "keys" / "backup.key"), "--json")

    def no_room(*rest: object, **more: object) -> None:
        raise StorageError("room", "none", "free some")

    with monkeypatch.context() as patch:
        patch.setattr(restoring, "SqliteEngine", no_room)
        ran = xstock_here(*words, home=new)
        assert ran.returncode == 4 and not (new / "node.db").exists() and not (new / "config.toml").exists()
    ran = xstock_here(*words, home=new)
    assert ran.returncode == 0

    async def why() -> str:
        engine = SqliteEngine(new / "node.db", threads=False)
        found = await remember_doubt(engine, "", 1)
        await engine.close()
        return found

    assert "restored from a back-up" in asyncio.run(why())
