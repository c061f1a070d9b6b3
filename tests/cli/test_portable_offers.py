"""A portable offer verifies on another machine with no network; exit codes say what held."""

import json
import time
from pathlib import Path

import msgspec
import pytest

from tests.processes import xstock
from xstock_node.protocol import heads, merkle, proof, records
from xstock_node.protocol.heads import Head
from xstock_node.protocol.keys import Signer
from xstock_node.protocol.names import LogId
from xstock_node.testing import make_offer


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A node's folder and an offer that it exported."""
    folder = tmp_path_factory.mktemp("exporter")
    home, out = folder / "home", folder / "tent.xsoffer"
    assert xstock("init", "--name", "redcross.example.org", home=home).returncode == 0
    for number in range(3):
        words = [
            "--name",
            f"Tent {number}",
            "--code",
            "HSHETENTF16C",
            "--quantity",
            "12",
            "--location",
            f"Store {number}",
        ]
        assert xstock("stock", "add", *words, home=home).returncode == 0
    assert xstock("stock", "match", "--same-code", home=home).returncode == 0
    published = json.loads(xstock("offer", "publish", "--release", "--json", home=home).stdout)
    assert len(published["published"]) == 3
    run = xstock("offer", "export", published["published"][1]["id"], "--out", str(out), "--json", home=home)
    assert run.returncode == 0, run.stderr
    return home, out


def test_it_verifies_elsewhere_with_the_signer_s_identity(exported: tuple[Path, Path], tmp_path: Path) -> None:
    home, out = exported
    run = xstock("offer", "verify", str(out), "--key", str(home / "identity.note"), "--json", home=tmp_path / "none")
    found = json.loads(run.stdout)
    assert run.returncode == 0
    assert found["holds"] and found["signed_by"].startswith("redcross.example.org#")
    assert found["offer"]["name"] == "Tent 1"


def test_a_pinned_peer_s_key_is_known_without_a_file(exported: tuple[Path, Path], tmp_path: Path) -> None:
    home, out = exported
    assert xstock("init", "--name", "other.example.org", home=tmp_path).returncode == 0
    (tmp_path / "peers" / "a.identity").write_bytes((home / "identity.note").read_bytes())
    with (tmp_path / "config.toml").open("a") as file:
        file.write('\n[[peer]]\nname = "redcross.example.org"\nidentity = "peers/a.identity"\n')
    assert xstock("offer", "verify", str(out), home=tmp_path).returncode == 0


def test_an_unknown_key_has_an_exit_code_of_its_own_and_names_the_key(
    exported: tuple[Path, Path], tmp_path: Path
) -> None:
    run = xstock("offer", "verify", str(exported[1]), "--json", home=tmp_path / "none")
    assert run.returncode == 6
    assert json.loads(run.stdout)["signed_by"] is None
    assert "the proof holds" in run.stderr and "redcross.example.org#" in run.stderr
    assert "not known on this machine" in run.stderr and "unchecked" in run.stderr


def test_a_changed_byte_fails_and_says_what_failed(exported: tuple[Path, Path], tmp_path: Path) -> None:
    home, out = exported
    data = out.read_bytes()
    for position in (data.index(b"Tent 1"), data.index(b"index ") + 6, data.index(b"\ntime ") + 8, len(data) - 20):
        changed = bytearray(data)
        changed[position] ^= 1
        path = tmp_path / "changed.xsoffer"
        path.write_bytes(bytes(changed))
        run = xstock("offer", "verify", str(path), "--key", str(home / "identity.note"), "--json", home=tmp_path)
        assert run.returncode == 1, position
        assert json.loads(run.stdout)["error"]["expected"] and "expected" in run.stderr


def portable(line: bytes, log: str = "see.pub") -> bytes:
    """A file that proves `line` to be the only record of a log."""
    root = merkle.tree_root([merkle.leaf_hash(line)])
    head = Head(LogId("a.example.org", log, 1), 1, root, int(time.time()), 0, None)
    return proof.build(line, 0, [], heads.sign(head, Signer("a.example.org", bytes(32))))


NOW = int(time.time())
OFFER = make_offer(1, NOW, "Tent")
ENDED = records.encode(records.Withdraw(id=OFFER.id, ts=NOW, exp=NOW + 9, n=OFFER.n))


@pytest.mark.parametrize(
    ("line", "came"),
    [
        (ENDED, "withdraw"),
        (b'{"t":"poem","text":"roses"}', "poem"),
        (b"not json at all", "not one JSON object"),
        (b'{"t":"offer","t":"offer"}', "a line that is none"),
        (b'{"t":"offer"}', "a line that is none"),
        (b'{"t":"\xff"}', "a line that is none"),
    ],
)
def test_only_an_offer_verifies_as_an_offer(line: bytes, came: str, tmp_path: Path) -> None:
    path = tmp_path / "other.xsoffer"
    path.write_bytes(portable(line))
    run = xstock("offer", "verify", str(path), "--json", home=tmp_path / "none")
    error = json.loads(run.stdout)["error"]
    assert run.returncode == 1 and came in error["came"] and "offer" in error["expected"]


def test_an_expired_offer_and_one_of_an_exercise_say_so(tmp_path: Path) -> None:
    old = msgspec.structs.replace(OFFER, ts=NOW - 99, exp=NOW - 9)
    path = tmp_path / "a.xsoffer"
    for offer, log, expired, exercise in (
        (OFFER, "see.pub", False, False), (old, "see.pub", True, False), (OFFER, "see.x-demo", False, True),
    ):  # fmt: skip
        path.write_bytes(portable(records.encode(offer), log))
        found = json.loads(xstock("offer", "verify", str(path), "--json", home=tmp_path / "none").stdout)
        assert (found["expired"], found["exercise"]) == (expired, exercise)
        words = xstock("offer", "verify", str(path), home=tmp_path / "none").stdout
        assert ("EXPIRED" in words, "EXERCISE" in words) == (expired, exercise)
