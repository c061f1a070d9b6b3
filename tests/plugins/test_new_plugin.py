"""The author's kit: a plugin written from each template works, its checks hold, and a broken one's do not."""

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.processes import xstock_here
from xstock_node.services.errors import Refusal
from xstock_node.testing.folder_plugin import open_folder
from xstock_node.testing.new_plugin import KINDS, write_new
from xstock_node.testing.plugin_checks import Checked, check

_number = count(1)


@pytest.fixture(autouse=True)
def path() -> Iterator[None]:
    """The path as it was."""
    kept = list(sys.path)
    yield
    sys.path[:] = kept


def made(kind: str, folder: Path) -> Path:
    """A new plugin under a name that no other test has."""
    name = f"made-by-hand-{next(_number)}"
    write_new(name, kind, folder)
    return folder / name


async def checked(folder: Path) -> list[Checked]:
    return [one async for one in check(open_folder(folder))]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_new_plugin_of_each_kind_holds_all_its_checks(kind: str, tmp_path: Path) -> None:
    found = await checked(made(kind, tmp_path))
    assert [one for one in found if not one.holds or not one.checked] == []
    assert len(found) >= 5


@pytest.mark.heavy
@pytest.mark.parametrize("kind", KINDS)
def test_the_tests_of_a_new_plugin_pass(kind: str, tmp_path: Path) -> None:
    folder = made(kind, tmp_path)
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        run,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout


BROKEN = {
    "keys that change": ("key=row.id", "key=row.id + str(id(row))", "stay the same"),
    "no end": ("yield SnapshotEnd(as_of=asked, count=count)", "return", "snapshot ends"),
    "a wrong count": ("count=count)", "count=count + 1)", "counts right"),
    "one key twice": ("key=row.id", 'key="same"', "names each line once"),
    "a unit that is no word": ("unit=row.unit", "unit=row.unit * 50", "its lines are stock"),
    "a figure without end": ("quantity=row.on_hand", 'quantity=Decimal("NaN")', "its lines are stock"),
    "a negative balance without a flag": ("quantity=row.on_hand", "quantity=-row.on_hand", "its lines are stock"),
    "a day that is none": (
        "expiry=row.expires.isoformat() if row.expires else None",
        'expiry="soon"',
        "lines are stock",
    ),
    "a time that is none": ("asked = context.now()", "asked = 0", "snapshot ends"),
    "no request": ('await self._get(context, "/version")', "b'\"4.2\"'", "refused key stops it"),
    "no name": (
        "item_code=row.code,\n        item_name=row.name",
        "item_code=None,\n        item_name=None",
        "lines are stock",
    ),
    "401 as an error like others": ("raise Unauthorised(", "raise Unavailable(", "refused key stops it"),
    "settings of another type": ("    url: str\n", "    url: int\n", "settings are of its type"),
    "a wrong answer": ('Capabilities(system=f"Acme', '("Acme', "which system"),
    "a defect": ("asked = context.now()", "asked = context.time()", "snapshot ends"),
    "another adapter": ('name = "made', 'name = "other', "registers what its manifest says"),
    "a module that is missing": ("import msgspec", "import msgspec, no_such_module", "loads apart"),
}


@pytest.mark.parametrize("what", BROKEN)
async def test_a_broken_plugin_is_told_what_is_wrong(what: str, tmp_path: Path) -> None:
    old, new, promise = BROKEN[what]
    folder = made("inventory", tmp_path)
    (code,) = folder.glob("*/__init__.py")
    text = code.read_text("utf-8").replace("Made By Hand", "Acme")
    assert old in text
    code.write_text(text.replace(old, new), "utf-8")
    broken = [one for one in await checked(folder) if not one.holds]
    assert any(promise in one.promise for one in broken), broken
    assert all("expected" in one.found or "Error" in one.found or "plugins/" in one.found for one in broken), broken


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("Acme", "inventory", "bad-name"),
        ("../x", "inventory", "bad-name"),
        ("class", "inventory", "bad-name"),
        ("json", "files", "bad-name"),
        ("mail", "notifier", "bad-name"),
        ("xstock-node", "page", "bad-name"),
        ("acme", "alerts-of-mars", "bad-kind"),
    ],
)
def test_a_name_or_kind_that_makes_no_plugin_is_refused(name: str, kind: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        write_new(name, kind, tmp_path)
    assert refused.value.code == code and list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    with pytest.raises(Refusal):
        write_new("acme", "inventory", tmp_path)
    assert list((tmp_path / "acme").iterdir()) == []


def test_the_verbs_write_and_check_and_say_so(tmp_path: Path) -> None:
    done = xstock_here("plugin", "new", "made-by-verb", "--kind", "files", "--folder", str(tmp_path), "--json")
    assert done.returncode == 0 and "xstock-plugin.toml" in done.stdout
    done = xstock_here("plugin", "check", str(tmp_path / "made-by-verb"), "--json")
    assert done.returncode == 0 and '"holds":true' in done.stdout.replace(" ", "")
    (tmp_path / "made-by-verb" / "made_by_verb" / "xstock-plugin.toml").write_text("api = 99")
    done = xstock_here("plugin", "check", str(tmp_path / "made-by-verb"), "--json")
    assert done.returncode == 1 and "99" in done.stdout
    done = xstock_here("plugin", "check", str(tmp_path), "--json")
    assert done.returncode == 2 and "no-plugin" in done.stdout


async def test_a_plugin_with_sockets_of_its_own_is_told_what_was_not_checked(tmp_path: Path) -> None:
    folder = made("inventory", tmp_path)
    (manifest,) = folder.glob("*/xstock-plugin.toml")
    manifest.write_text(manifest.read_text("utf-8").replace('network = "http"', 'network = "sockets"'), "utf-8")
    left = [one.promise for one in await checked(folder) if not one.checked]
    assert left == ["it reads through the node", "a refused key stops it"]
