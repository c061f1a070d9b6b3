"""The installer of the off-line bundle: what it refuses, and how versions stand beside each other."""

import hashlib
import importlib.util
import json
import platform
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "deploy" / "offline" / "install.py"


@pytest.fixture
def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script over a small bundle, with environments that are folders and programs that are not run."""
    spec = importlib.util.spec_from_file_location("deploy_install", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    here = tmp_path / "bundle"
    here.mkdir()
    monkeypatch.setattr(module, "HERE", here)
    monkeypatch.setattr(module, "fill", lambda place: (place / "bin").mkdir(parents=True))
    monkeypatch.setattr(module, "call", lambda *command: None)
    bundle(here, "1.0")
    return module


def bundle(here: Path, version: str, **other: str) -> None:
    fits = {"version": version, "python": "{}.{}".format(*sys.version_info[:2]), "system": platform.system()}
    fits |= {"machine": platform.machine(), "glibc": "2.17", **other}
    (here / "BUNDLE.json").write_text(json.dumps(fits))
    (here / "wheels").mkdir(exist_ok=True)
    (here / "wheels" / "a.whl").write_text(version)
    files = [path for path in sorted(here.rglob("*")) if path.is_file() and path.name != "SHA256SUMS"]
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(here)}\n" for path in files]
    (here / "SHA256SUMS").write_text("".join(sums))


def refused(installer: Any, prefix: Path) -> dict[str, str]:
    with pytest.raises(installer.Refused) as caught:
        installer.install(prefix)
    assert not (prefix / "current").exists()
    told: dict[str, str] = caught.value.told
    return told


def test_a_changed_a_missing_and_an_unknown_file_are_named(installer: Any, tmp_path: Path) -> None:
    wheel = installer.HERE / "wheels" / "a.whl"
    wheel.write_text("changed")
    told = refused(installer, tmp_path / "opt")
    assert told["code"] == "wrong-checksum" and "wheels/a.whl" in told["expected"]
    wheel.unlink()
    assert refused(installer, tmp_path / "opt")["came"] == "no such file"
    bundle(installer.HERE, "1.0")
    (installer.HERE / "wheels" / "b.whl").write_text("more")
    told = refused(installer, tmp_path / "opt")
    assert (told["code"], told["came"]) == ("unknown-file", "wheels/b.whl")


def test_a_link_is_no_file_of_the_bundle(installer: Any, tmp_path: Path) -> None:
    wheel = installer.HERE / "wheels" / "a.whl"
    (tmp_path / "elsewhere").write_bytes(wheel.read_bytes())
    wheel.unlink()
    wheel.symlink_to(tmp_path / "elsewhere")
    assert refused(installer, tmp_path / "opt")["code"] == "wrong-checksum"


@pytest.mark.parametrize(
    ("other", "code", "word"),
    [
        ({"python": "3.9"}, "wrong-python", "run install.py with python3.9"),
        ({"system": "Plan9"}, "wrong-platform", "take the bundle for this machine"),
        ({"machine": "riscv64"}, "wrong-platform", "take the bundle for this machine"),
        ({"glibc": "9.99"}, "wrong-platform", "use a newer system"),
    ],
)
def test_what_the_wheels_do_not_fit_is_told(
    installer: Any, tmp_path: Path, other: dict[str, str], code: str, word: str
) -> None:
    bundle(installer.HERE, "1.0", **other)
    told = refused(installer, tmp_path / "opt")
    assert told["code"] == code and word in told["do"]


def test_the_version_before_stays_beside_and_comes_back(installer: Any, tmp_path: Path) -> None:
    prefix = tmp_path / "opt"
    with pytest.raises(installer.Refused, match="a version before"):
        installer.roll_back(prefix)
    for version in ("1.0", "1.1"):
        bundle(installer.HERE, version)
        told = installer.install(prefix)
    assert told["before"] == "1.0" and (prefix / "current").readlink() == Path("1.1")
    assert installer.roll_back(prefix)["current"] == "1.0" and (prefix / "current").readlink() == Path("1.0")
    assert installer.roll_back(prefix)["current"] == "1.1"
    bundle(installer.HERE, "1.2")
    assert installer.install(prefix)["removed"] == ["1.0"]
    assert sorted(path.name for path in prefix.iterdir()) == ["1.1", "1.2", "current", "previous"]


def test_another_build_of_a_version_stands_beside_the_first(installer: Any, tmp_path: Path) -> None:
    prefix = tmp_path / "opt"
    installer.install(prefix)
    assert installer.install(prefix)["installed"] == str(prefix / "1.0"), "the same bundle twice is one version"
    (installer.HERE / "more").write_text("x")
    bundle(installer.HERE, "1.0")
    told = installer.install(prefix)
    assert Path(told["installed"]).name.startswith("1.0-") and told["before"] == "1.0"


def test_a_version_that_fails_its_trial_leaves_what_was(
    installer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = tmp_path / "opt"
    installer.install(prefix)
    bundle(installer.HERE, "1.1")

    def fails(*command: object) -> None:
        raise installer.Refused("failed", "xstock config explain to work", "exit 1", "mend that")

    monkeypatch.setattr(installer, "call", fails)
    with pytest.raises(installer.Refused):
        installer.install(prefix)
    assert (prefix / "current").readlink() == Path("1.0") and not (prefix / "1.1").exists()


def test_units_name_the_prefix_and_all_that_was_put_there_goes_again(installer: Any, tmp_path: Path) -> None:
    prefix, root, service = tmp_path / "srv", tmp_path / "root", installer.HERE / "service"
    service.mkdir()
    for name in installer.PLACES:
        (service / name).write_bytes((SCRIPT.parents[1] / "systemd" / name).read_bytes())
    bundle(installer.HERE, "1.0")
    installer.install(prefix)
    written = installer.serve(prefix, root)
    unit = (root / "etc/systemd/system/xstock-node.service").read_text("utf-8")
    assert f"ExecStart={prefix}/current/bin/xstock serve" in unit and "/opt/" not in unit
    assert all((root / path.lstrip("/")).is_file() for path in written)
    (root / "var/lib/xstock-node").mkdir(parents=True)
    installer.remove(prefix, root)
    left = [path for path in root.rglob("*") if path.is_file()]
    assert not left and not prefix.exists() and (root / "var/lib/xstock-node").is_dir()


def test_an_older_python_can_read_it_as_far_as_being_told() -> None:
    import ast

    ast.parse(SCRIPT.read_text("utf-8"), feature_version=(3, 6))
