"""Two societies that keep each other's back-ups, in real processes: ciphertext lies there, and it comes back whole."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_verbs import said
from tests.processes import NodeProcess, agree, free_port, pause
from xstock_node.cli.keyfiles import read_signer
from xstock_node.protocol import backups
from xstock_node.protocol.errors import Declined, NotFound
from xstock_node.services.hand_kept import LineRequest
from xstock_node.transport.client import HttpPeer, open_session

OWNER, KEEPER, THIRD = "owner.example.org", "keeper.example.org", "third.example.org"
CANARY = "Canary tents 7f3a9"
MIB = 1 << 20


class Three:
    """A society, the one that keeps its back-ups, and a member that nothing was agreed with."""

    def __init__(self, folder: Path) -> None:
        self.owner, self.keeper, self.third = (NodeProcess(folder, n, free_port()) for n in (OWNER, KEEPER, THIRD))
        nodes = (self.owner, self.keeper, self.third)
        for node in nodes:
            node.pin(*(other for other in nodes if other is not node))
        with (self.keeper.home / "config.toml").open("a", encoding="utf-8") as settings:
            settings.write(f'\n[[keep_backup]]\nname = "{OWNER}"\nmegabytes = 40\nfiles = 2\n')
        self.kept = self.keeper.home / "kept" / OWNER

    def start(self) -> None:
        for node in (self.owner, self.keeper, self.third):
            node.start()
        agree(self.owner, self.keeper, self.third)

    def sends(self, file: str) -> "subprocess.Popen[bytes]":
        """`xstock backup send`, while other things happen."""
        command = [sys.executable, "-m", "xstock_node", "backup", "send", file, "--at", KEEPER, "--json"]
        around = os.environ | {"XSTOCK_HOME": str(self.owner.home)}
        return subprocess.Popen(command, env=around, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def until_parts(self, count: int) -> None:
        """Wait until so many parts of a file that is on its way lie at the keeper."""
        ends = time.monotonic() + 60
        while sum(path.stat().st_size for path in self.kept.glob("*.part")) < count * 128 * 1024:
            assert time.monotonic() < ends
            pause(0.05)


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Three]:
    found = Three(tmp_path)
    yield found
    for node in (found.owner, found.keeper, found.third):
        node.kill()


async def put_wrongly(owner: NodeProcess, keeper: NodeProcess) -> list[str]:
    """What the keeper answers to parts that are not what they are said to be, and what it then holds of the file."""
    async with open_session(allow_private=True) as session:
        signer, now = read_signer(owner.home, owner.name), lambda: int(time.time())
        peer = HttpPeer(session, KEEPER, f"http://127.0.0.1:{keeper.port}", signer, now, True)
        told = json.dumps({"size": 5, "sha256": backups.part_hash(b"right")}).encode()
        await peer.ask("POST", backups.file_path("wrong.xsbackup"), told)
        found = []
        for part, digest in ((b"wrong", backups.part_hash(b"right")), (b"short"[:3], backups.part_hash(b"sho"))):
            with pytest.raises(Declined) as declined:
                await peer.ask("PUT", backups.part_path("wrong.xsbackup", 0, digest), part)
            found.append(declined.value.came[:3])
        listed = json.loads(await peer.ask("GET", "/xs/1/backup"))["files"]
        held = [str(one["held"]) for one in listed if one["name"] == "wrong.xsbackup"]
        await peer.ask("DELETE", backups.file_path("wrong.xsbackup"))
        return found + held


async def taken_by(thief: NodeProcess, keeper: NodeProcess, file: str) -> bytes:
    """What a member gets of another's back-up by a signed request of its own."""
    async with open_session(allow_private=True) as session:
        signer, now = read_signer(thief.home, thief.name), lambda: int(time.time())
        peer = HttpPeer(session, KEEPER, f"http://127.0.0.1:{keeper.port}", signer, now, True)
        return await peer.ask("GET", backups.part_path(file, 0))


def test_a_back_up_lies_encrypted_at_a_peer_and_comes_back_to_its_owner_alone(three: Three, tmp_path: Path) -> None:
    three.start()
    three.owner.call("stock.add", LineRequest(name=CANARY, code="HSHETENTF16C", quantity="41"))
    made: Any = said("backup", "create", "--at", KEEPER, home=three.owner.home, code=0)
    file, name = Path(made["file"]), Path(made["file"]).name
    assert made["peer"] == KEEPER
    record = json.loads((three.owner.home / "backups" / "record.json").read_text())
    assert record["peer"] == KEEPER and record["at_peer"] >= made["created"]

    lies = b"".join(path.read_bytes() for path in three.kept.iterdir())
    assert file.read_bytes() in lies
    assert (
        CANARY.encode() in (three.owner.home / "node.db-wal").read_bytes() + (three.owner.home / "node.db").read_bytes()
    )
    for secret in (CANARY.encode(), b"HSHETENTF16C", b"SQLite format", b"config.toml", b"[node]"):
        assert secret not in lies, "the keeper sees ciphertext"
    assert (three.kept / name).stat().st_mode & 0o077 == 0

    view = {"owner": OWNER, "keeper": KEEPER, "file": name, "size": made["size"], "whole": True}
    for words, home in ((("--at", KEEPER), three.owner.home), ((), three.keeper.home)):
        (found,) = said("backup", "kept", *words, home=home, code=0)  # type: ignore[misc]
        assert found | view == found
    for refused in (("kept", "--at", KEEPER), ("fetch", "--at", KEEPER), ("send", str(file), "--at", KEEPER)):
        answer: Any = said("backup", *refused, home=three.third.home, code=3)
        assert answer["error"]["code"] == "not-agreed"
    with pytest.raises(NotFound):
        asyncio.run(taken_by(three.third, three.keeper, name))
    assert asyncio.run(taken_by(three.owner, three.keeper, name)) == file.read_bytes()[: 128 * 1024]

    assert asyncio.run(put_wrongly(three.owner, three.keeper)) == ["400", "400", "0"], "a wrong part is not kept"

    got: Any = said("backup", "fetch", "--at", KEEPER, "--to", str(tmp_path / "back"), home=three.owner.home, code=0)
    assert Path(got["file"]).read_bytes() == file.read_bytes()
    rehearsed: Any = said("backup", "verify", got["file"], home=three.owner.home, code=0)
    assert rehearsed["holds"] and rehearsed["faults"] == []
    own: Any = said("backup", "create", home=three.keeper.home, code=0)
    assert not any(OWNER in left for left in own["left_out"]) and own["size"] < made["size"] + 100_000


@pytest.mark.heavy
def test_who_lost_everything_is_handed_the_file_and_restores_it_with_the_key_on_paper(
    three: Three, tmp_path: Path
) -> None:
    three.start()
    three.owner.call("stock.add", LineRequest(name=CANARY, code="HSHETENTF16C", quantity="41"))
    said("backup", "create", "--at", KEEPER, home=three.owner.home, code=0)
    shown: Any = said("backup", "key", home=three.owner.home, code=0)
    (tmp_path / "paper").write_text(shown["key"])
    three.owner.kill()
    three.owner.home.rename(tmp_path / "burnt")
    out = str(tmp_path / "out.xsbackup")
    said("backup", "kept", "--export", OWNER, out, home=three.keeper.home, code=0)
    again: Any = said("backup", "kept", "--export", OWNER, out, home=three.keeper.home, code=3)
    assert again["error"]["code"] == "no-file", "nothing is written over"
    none: Any = said("backup", "kept", "--export", THIRD, f"{out}.2", home=three.keeper.home, code=3)
    assert none["error"]["code"] == "not-kept"
    said("backup", "restore", out, "--key-file", str(tmp_path / "paper"), home=three.owner.home, code=0)
    three.owner.start()
    agree(three.owner, three.keeper, three.third)
    assert [view.line.item_name for view in three.owner.call("stock.list")] == [CANARY]


def test_what_is_kept_for_others_stays_when_an_own_back_up_is_restored(three: Three, tmp_path: Path) -> None:
    three.kept.mkdir(parents=True)
    (three.kept / "theirs.xsbackup").write_bytes(b"theirs")
    assert said("stock", "list", home=three.keeper.home, code=0) == []
    made: Any = said("backup", "create", "--to", str(tmp_path), home=three.keeper.home, code=0)
    said("backup", "restore", made["file"], "--replace", home=three.keeper.home, code=0)
    assert (three.kept / "theirs.xsbackup").read_bytes() == b"theirs"


@pytest.mark.heavy
def test_what_is_larger_than_agreed_is_declined_at_once(three: Three) -> None:
    (three.owner.home / "plugins").mkdir(exist_ok=True)
    (three.owner.home / "plugins" / "large").write_bytes(os.urandom(41 * MIB))
    three.start()
    refused: Any = said("backup", "create", "--at", KEEPER, home=three.owner.home, code=1)
    assert refused["error"]["code"] == "declined" and str(40 * MIB) in refused["error"]["came"]
    assert not three.kept.exists() or not list(three.kept.iterdir())


@pytest.mark.heavy
def test_a_transfer_goes_on_after_kill_9_of_either_side(three: Three, tmp_path: Path) -> None:
    (three.owner.home / "plugins").mkdir(exist_ok=True)
    (three.owner.home / "plugins" / "large").write_bytes(os.urandom(6 * MIB))
    three.start()
    made: Any = said("backup", "create", home=three.owner.home, code=0)
    first = three.sends(made["file"])
    three.until_parts(8)
    first.kill()
    first.communicate()
    (begun,) = said("backup", "kept", home=three.keeper.home, code=0)  # type: ignore[misc]
    assert not begun["whole"]
    second = three.sends(made["file"])
    three.until_parts(24)
    three.keeper.kill()
    pause(1.0)
    three.keeper.start()
    out, err = second.communicate(timeout=120)
    assert second.returncode == 0, err
    sent = json.loads(out)
    parts = backups.parts_of(made["size"])
    print(f"\n{made['size']} bytes in {parts} parts, killed twice: the second command sent {sent['sent']} bytes")
    assert sent["sent"] <= made["size"] - 6 * 128 * 1024, "what lay there was not sent again"
    assert (three.kept / Path(made["file"]).name).read_bytes() == Path(made["file"]).read_bytes()
    got: Any = said("backup", "fetch", "--at", KEEPER, "--to", str(tmp_path / "back"), home=three.owner.home, code=0)
    assert Path(got["file"]).read_bytes() == Path(made["file"]).read_bytes()
