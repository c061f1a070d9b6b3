"""What the console takes from others: built by a lock, told with its licences, whole, and packed into the wheel."""

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.browser.tools import vendor

ROOT = Path(__file__).parent.parent.parent
FRONTEND = ROOT / "xstock_node" / "console" / "frontend"
LARGEST_OUTLINES = 150_000


def manifest() -> Any:
    """The list of built files."""
    return json.loads((vendor() / "manifest.json").read_text("utf-8"))


def test_the_list_names_every_file_with_its_checksum() -> None:
    folder, listed = vendor(), manifest()["files"]
    assert {one["name"] for one in listed} | {"manifest.json"} == {path.name for path in folder.iterdir()}
    for one in listed:
        content = (folder / one["name"]).read_bytes()
        assert (one["bytes"], one["sha256"]) == (len(content), hashlib.sha256(content).hexdigest()), one["name"]


def test_every_package_is_in_the_notices_with_the_text_of_its_licence_and_the_version_of_the_lock() -> None:
    notices = (vendor() / "NOTICES.txt").read_text("utf-8")
    locked = json.loads((FRONTEND / "package-lock.json").read_text("utf-8"))["packages"]
    built = {one["name"]: one["version"] for one in manifest()["packages"]}
    wanted = json.loads((FRONTEND / "package.json").read_text("utf-8"))["dependencies"]
    assert built == {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    for name, version in built.items():
        part = notices.partition(f"{name} {version}\n")[2].partition("=" * 100)[0]
        assert part.startswith(locked[f"node_modules/{name}"]["license"]), name
        assert "WARRANT" in part, f"{name}: no text of a licence"


@pytest.mark.parametrize("folder", [FRONTEND, ROOT / "tests" / "browser"], ids=["console", "browser"])
def test_the_lock_pins_every_package_by_its_hash(folder: Path) -> None:
    locked = json.loads((folder / "package-lock.json").read_text("utf-8"))["packages"]
    said = json.loads((folder / "package.json").read_text("utf-8"))
    for name, version in {**said.get("dependencies", {}), **said.get("devDependencies", {})}.items():
        assert version[0].isdigit() and locked[f"node_modules/{name}"]["version"] == version, name
    assert all(one["integrity"].startswith("sha512-") for name, one in locked.items() if name)


def test_the_assets_point_to_nothing_that_is_not_there() -> None:
    styles, script = (vendor() / "leaflet.css").read_text("utf-8"), (vendor() / "leaflet.js").read_text("utf-8")
    assert ".leaflet-container" in styles and "images/" not in styles
    assert "sourceMappingURL" not in script + (vendor() / "htmx.min.js").read_text("utf-8")


def test_the_outlines_are_light_and_cover_the_region() -> None:
    content = (vendor() / "outlines.json").read_bytes()
    assert len(content) < LARGEST_OUTLINES
    found = json.loads(content)
    kinds = [feature["properties"]["kind"] for feature in found["features"]]
    countries = {feature["properties"].get("country") for feature in found["features"]}
    assert {"BG", "HR", "ME", "MK", "RS", "DE", "TR", "GE", "AM", "AZ", "KZ", "KG", "UZ", "UA", "AL"} <= countries
    assert set(kinds) == {"land", "border", "disputed"}


@pytest.mark.heavy
def test_the_wheel_carries_the_assets_and_their_notices(tmp_path: Path) -> None:
    built = {path.name for path in vendor().iterdir()}
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = wheel.namelist()
        packed = {name.rpartition("/")[2] for name in names if name.startswith("xstock_node/console/static/vendor/")}
        assert packed == built
        assert "Zero-Clause BSD" in wheel.read("xstock_node/console/static/vendor/NOTICES.txt").decode()
    assert not [name for name in names if "node_modules" in name or "frontend" in name]
