"""Lists put into a folder are taken once they are whole; what cannot be taken is kept, with the reason."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from xstock_node.plugins.host import PluginHost
from xstock_node.services.dropping import Dropping, drop_findings
from xstock_node.services.office import OPERATOR, Drop, Office, OfficeSettings
from xstock_node.services.sources import list_sources
from xstock_node.services.stocktake import list_lines
from xstock_node.testing.simnet import SimNet

HEAD = "code;name;unit;quantity\n"
LIST = HEAD + "".join(f"T{n};Tent {n};pcs;{n + 5}\n" for n in range(10))


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    net = SimNet(tmp_path, latency=0.001)
    (tmp_path / "in").mkdir()
    node = await net.start("redcross.bg", [])
    settings = OfficeSettings(drops=(Drop(tmp_path / "in", "store", "stock"),))
    yield Office(node, settings, PluginHost(["xstock-spreadsheet"]), tmp_path)
    await net.stop_all()


def names(folder: Path) -> list[str]:
    return sorted(path.name.partition("-")[2] for path in folder.glob("*"))


async def test_a_file_is_taken_once_it_stood_still_and_is_kept(office: Office, tmp_path: Path) -> None:
    dropping, folder = Dropping(office), tmp_path / "in"
    (folder / "list.csv").write_text(LIST[:60])
    assert await dropping.look() == []
    (folder / "list.csv").write_text(LIST)
    assert await dropping.look() == []
    assert await dropping.look() == ["list.csv"]
    assert len(await list_lines(office, OPERATOR)) == 10
    assert names(folder / "taken") == ["list.csv"] and not (folder / "list.csv").exists()
    (source,) = await list_sources(office, OPERATOR)
    assert (source.name, source.kind, source.lines, source.state, source.age) == ("store", "file", 10, "ok", "fresh")


@pytest.mark.parametrize(
    ("content", "word"),
    [("", "no bytes"), (HEAD + "T1;Tent;pcs;5\n", "lines of store gone"), ("code;name\n", "expected")],
)
async def test_what_a_person_has_to_look_at_is_held_with_the_reason_and_the_stock_stays(
    office: Office, tmp_path: Path, content: str, word: str
) -> None:
    dropping, folder = Dropping(office), tmp_path / "in"
    for text, name in ((LIST, "first.csv"), (content, "second.csv")):
        (folder / name).write_text(text)
        await dropping.look()
        await dropping.look()
    assert len(await list_lines(office, OPERATOR)) == 10
    assert names(folder / "held") == ["second.csv", "second.csv.why.txt"]
    (why,) = folder.glob("held/*.why.txt")
    assert word in why.read_text()
    (finding,) = drop_findings(office.settings.drops)
    assert finding.state == "warning" and "1 files are held" in finding.found and "--source store" in finding.do


async def test_links_hidden_and_unfinished_files_are_left_alone(office: Office, tmp_path: Path) -> None:
    dropping, folder = Dropping(office), tmp_path / "in"
    (tmp_path / "outside.csv").write_text(LIST)
    (folder / "link.csv").symlink_to(tmp_path / "outside.csv")
    for name in (".hidden.csv", "list.csv.part", "~", "list.csv~"):
        (folder / name).write_text(LIST)
    for _ in range(3):
        assert await dropping.look() == []
    assert (tmp_path / "outside.csv").exists()


async def test_two_files_of_one_name_are_both_kept(office: Office, tmp_path: Path) -> None:
    dropping, folder = Dropping(office), tmp_path / "in"
    for _ in range(2):
        (folder / "list.csv").write_text(LIST)
        await dropping.look()
        await dropping.look()
    assert len(list((folder / "taken").iterdir())) == 2


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    (finding,) = drop_findings((Drop(tmp_path / "none", "store", "stock"),))
    assert finding.state == "error" and "make" in finding.do
