"""The data folders of each released version, opened by today's program: all that the version said of them still holds.

And the way back: what today's program wrote is opened by that version. The clock stands at the time of the folders.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import NodeProcess, agree
from tests.upgrades.make import ASKED, ASKS, EVIDENCE, LENDS, OFFER, SAID, TENT
from tests.upgrades.older import ROOT, Version, code_of, environment, plain_environment, released, unpacked
from xstock_node import __version__
from xstock_node.storage.sqlite.upgrading import copies

AT = Path(__file__).parent / "at.py"
MAY_DIFFER = {
    "status": {"version", "database_bytes", "stale"},
    "found": {"age"},
}
"""What is about the program or the moment, not about what a folder holds."""


class Folders:
    """The unpacked folders of one version, and verbs over them."""

    def __init__(self, version: Version, folder: Path) -> None:
        self.version, self.folder = version, unpacked(version, folder)
        about = json.loads((folder / SAID).read_text("utf-8"))
        self.said, self.case = about["said"], about["case"]
        self.shift = about["made"] + 60 - time.time()

    def run(self, node: str, *words: str, code: Path = ROOT, ends: int = 0) -> Any:
        """A verb of today's program, or of the one in `code`."""
        around = plain_environment() | environment(code) | {"XSTOCK_HOME": str(self.folder / node)}
        command = [sys.executable, str(AT), str(self.shift), *words, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=around, check=False)
        assert done.returncode == ends, (words, done.stdout, done.stderr)
        return json.loads(done.stdout)

    def answers(self, node: str, code: Path = ROOT) -> dict[str, Any]:
        """What a node is asked, and what it says."""
        asked = ASKED | {"operation": ("op", "show", self.case)}
        return {name: self.run(node, *words, code=code) for name, words in asked.items()}


@pytest.fixture(params=released(), ids=lambda version: version.name)
def folders(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Folders]:
    yield Folders(request.param, tmp_path)


def lacking(said: Any, found: Any, left_out: frozenset[str] | set[str] = frozenset(), where: str = "") -> list[str]:
    """Where an answer is not what was said before; fields that came since may stand beside."""
    if isinstance(said, dict) and isinstance(found, dict):
        names = [name for name in said if name not in left_out]
        return [w for n in names for w in lacking(said[n], found.get(n, "nothing"), left_out, f"{where}.{n}")]
    if isinstance(said, list) and isinstance(found, list) and len(said) == len(found):
        return [
            w for n, pair in enumerate(zip(said, found, strict=True)) for w in lacking(*pair, left_out, f"{where}[{n}]")
        ]
    return [] if said == found else [f"{where}: {said!r} was said, {found!r} came"]


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """All that is lacking of what a node said."""
    return [w for name, said in before.items() for w in lacking(said, now[name], MAY_DIFFER.get(name, set()), name)]


@pytest.mark.heavy
def test_all_that_a_released_version_kept_is_there_today(folders: Folders) -> None:
    for node in (ASKS, LENDS):
        assert differences(folders.said[node], folders.answers(node)) == []
        assert len(copies(folders.folder / node / "node.db")) == 1, "the database was upgraded, a copy lies beside it"
        assert all(log["holds"] for log in folders.run(node, "log", "verify"))
        checked = folders.run(node, "db", "check")
        assert checked["holds"] and checked["segments"] > 0
    found = folders.run(ASKS, "search", "šator")["hits"]
    assert [(hit["node"], hit["item"]) for hit in found] == [(LENDS, TENT)]


def test_records_messages_and_files_of_a_released_version_verify_today(folders: Folders) -> None:
    offer = folders.run(ASKS, "offer", "verify", str(folders.folder / OFFER))
    assert offer["holds"] and offer["node"] == LENDS and offer["offer"]["item"] == TENT
    assert folders.run(LENDS, "op", "verify", str(folders.folder / EVIDENCE))["holds"]
    changed = folders.folder / "changed"
    changed.write_bytes((folders.folder / EVIDENCE).read_bytes().replace(b"loan", b"gift", 1))
    assert folders.run(LENDS, "op", "verify", str(changed), ends=1)


def test_a_back_up_of_such_a_folder_can_be_restored(folders: Folders) -> None:
    made = folders.run(LENDS, "backup", "create")
    assert folders.run(LENDS, "backup", "verify", made["file"])["holds"]


@pytest.mark.heavy
def test_the_version_before_goes_on_with_what_today_wrote_and_today_with_what_that_wrote(folders: Folders) -> None:
    code, before = code_of(folders.version), folders.answers(LENDS)
    ref = next(one["ref"] for one in folders.run(LENDS, "stock", "list") if one["line"]["item_code"] == TENT)
    folders.run(LENDS, "stock", "set", ref, "--quantity", "900")
    today = folders.run(LENDS, "offer", "publish", "--release")["published"]
    assert [one["item"] for one in today] == [TENT]
    now = folders.answers(LENDS)
    assert differences(folders.answers(LENDS, code), now) == [], "the older one says the same of it"
    folders.run(LENDS, "stock", "set", ref, "--quantity", "1000", code=code)
    again = folders.run(LENDS, "offer", "publish", "--release", code=code)["published"]
    assert [one["item"] for one in again] == [TENT] and again[0]["quantity"] != today[0]["quantity"]
    ends = folders.answers(LENDS)
    assert [one["quantity"] for one in ends["offers"] if one["item"] == TENT] == [again[0]["quantity"]]
    assert differences({"operation": before["operation"], "people": before["people"]}, ends) == []
    assert all(log["holds"] for log in ends["logs"]) and folders.run(LENDS, "db", "check")["holds"]
    assert len(copies(folders.folder / LENDS / "node.db")) == 1


@pytest.mark.heavy
def test_two_such_folders_are_served_agree_and_go_on_with_their_operation(folders: Folders) -> None:
    class Later(NodeProcess):
        program = (str(AT), str(folders.shift), "serve", "--home")

        def __init__(self, name: str) -> None:
            self.home, self.name, self.process = folders.folder / name, name, None

    nodes = [Later(name) for name in (ASKS, LENDS)]
    try:
        for node in nodes:
            node.start()
        views = agree(*nodes)
        assert {view.version for view in views} == {__version__}
        folders.run(ASKS, "op", "step", folders.case, "cancel", "--field", "note=the road is closed")
        ends = time.monotonic() + 30
        while not folders.run(LENDS, "op", "show", folders.case)["proposals"]:
            assert time.monotonic() < ends, nodes[1].words()
    finally:
        for node in nodes:
            node.stop()


def test_what_was_lost_would_be_named(folders: Folders) -> None:
    said = folders.said[LENDS]
    assert differences(said, said | {"stock": []}) and differences(said, said | {"people": said["people"][:-1]})
    assert shutil.which("tar") is None or folders.version.data.stat().st_size < 200_000
