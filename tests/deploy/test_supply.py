"""The lock has every file by its hash and fits what the distributions ask for; the SBOM is valid and complete."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from zipfile import ZipFile

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

DEPLOY = Path(__file__).parents[2] / "deploy"
LOCK = DEPLOY / "lock"


def loaded(path: Path) -> ModuleType:
    """A script of deploy/ as a module, with the folder of its neighbours on the path for as long as it is read."""
    spec = importlib.util.spec_from_file_location(f"deploy_{path.parent.name}_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(DEPLOY / "offline"))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(DEPLOY / "offline"))
    return module


tools, maker = loaded(DEPLOY / "offline" / "tools.py"), loaded(LOCK / "make.py")


@pytest.mark.parametrize("name", ["requirements.txt", "tools.txt"])
def test_the_lock_was_made_of_what_is_asked_for_now(name: str) -> None:
    head = (LOCK / name).read_text("utf-8").splitlines()[0]
    assert maker.mark(maker.wanted(name)) in head, "make lock"


@pytest.mark.parametrize("name", ["requirements.txt", "tools.txt"])
def test_every_file_of_the_lock_has_its_hash_and_no_place(name: str) -> None:
    pins = tools.read_lock(LOCK / name)
    assert len(pins) > 20
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for pin in pins for one in pin.hashes)
    assert "://" not in (LOCK / name).read_text("utf-8")


@pytest.mark.parametrize("name", ["requirements.txt", "tools.txt"])
def test_what_is_asked_for_is_in_the_lock_and_fits(name: str) -> None:
    here = [pin for pin in tools.read_lock(LOCK / name) if not pin.marker or Marker(pin.marker).evaluate()]
    versions = {str(canonicalize_name(pin.name)): pin.version for pin in here}
    for text in maker.wanted(name):
        asked = Requirement(text)
        assert asked.specifier.contains(versions[str(canonicalize_name(asked.name))]), text


def test_a_line_without_a_hash_is_no_lock(tmp_path: Path) -> None:
    for text in ("aiohttp==3.14.5\n", "aiohttp>=3 --hash=sha256:0\n"):
        (tmp_path / "lock.txt").write_text(text)
        with pytest.raises(ValueError, match="with hashes"):
            tools.read_lock(tmp_path / "lock.txt")


def wheel(folder: Path, name: str, *more: str) -> None:
    with ZipFile(folder / f"{name.replace('-', '_')}-1.0-py3-none-any.whl", "w") as packed:
        head = ["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *more]
        packed.writestr(f"{name.replace('-', '_')}-1.0.dist-info/METADATA", "\n".join(head) + "\n")


def test_the_sbom_names_each_wheel_by_its_hash_and_who_needs_whom(tmp_path: Path) -> None:
    if not (tools.VENDOR / "manifest.json").exists():
        pytest.skip("the console's assets were not built (make assets)")
    wheel(tmp_path, "xstock-node", "License-Expression: Apache-2.0", "Requires-Dist: Some.Library>=1")
    wheel(tmp_path, "some-library", "Classifier: License :: OSI Approved :: MIT License", "Requires-Dist: absent>=2")
    out = tmp_path / "sbom.json"
    command = [sys.executable, str(DEPLOY / "sbom" / "make.py"), str(tmp_path), str(out)]
    for _ in range(2):
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "SOURCE_DATE_EPOCH": "1800000000"}
        )
        assert done.returncode == 0 and "valid by the schema" in done.stdout, done.stderr
        text = out.read_text("utf-8")
    assert text == out.read_text("utf-8")
    told = json.loads(text)
    parts = {part["name"]: part for part in told["components"]}
    assert {"xstock-node", "some-library", "leaflet", "htmx.org"} <= set(parts)
    assert parts["some-library"]["purl"] == "pkg:pypi/some-library@1.0"
    packed = tmp_path / "some_library-1.0-py3-none-any.whl"
    assert parts["some-library"]["hashes"] == [{"alg": "SHA-256", "content": tools.digest(packed)}]
    needs = {one["ref"]: one.get("dependsOn", []) for one in told["dependencies"]}
    assert "some-library@1.0" in needs["xstock-node@1.0"] and "leaflet@1.9.4" in needs["xstock-node@1.0"]
