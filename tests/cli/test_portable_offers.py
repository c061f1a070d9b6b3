"""A portable offer verifies on another machine with no network; exit codes say what held."""

import json
from pathlib import Path

import pytest

from tests.processes import xstock


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
