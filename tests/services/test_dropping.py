"""Lists put into a folder are taken once they are whole; what cannot be taken is kept, with the reason."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from xstock_node.plugins.host import PluginHost
from xstock_node.services import dropping as module
from xstock_node.services.dropping import Dropping, drop_findings
from xstock_node.services.errors import Refusal
from xstock_node.services.office import OPERATOR, Drop, Office, OfficeSettings
from xstock_node.services.sources import list_sources
from xstock_node.services.stock_lines import list_lines
from xstock_node.services.stocktake import ImportRequest, import_file
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


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (HEAD + "".join(f"T{n};Tent {n};pcs;{n + 5 if n else '#REF!'}\n" for n in range(10)), "1 of 10 lines"),
        (HEAD + "".join(f"T{n};Tent {n};xyzq;{n + 5}\n" for n in range(10)), "xyzq"),
    ],
    ids=["many rejected", "a question"],
)
async def test_a_list_that_nobody_looks_at_is_held_where_lines_are_rejected_or_questions_asked(
    office: Office, tmp_path: Path, content: str, word: str
) -> None:
    dropping, folder = Dropping(office), tmp_path / "in"
    (folder / "list.csv").write_text(content)
    await dropping.look()
    await dropping.look()
    assert names(folder / "held") == ["list.csv", "list.csv.why.txt"] and not await list_lines(office, OPERATOR)
    (why,) = folder.glob("held/*.why.txt")
    assert word in why.read_text() and "nothing was changed" in why.read_text()
    result = await import_file(
        office, OPERATOR, ImportRequest(file="list.csv", content=content.encode(), source="store")
    )
    assert result.stored >= 9


async def test_one_line_in_twenty_may_be_rejected(office: Office, tmp_path: Path) -> None:
    dropping, folder = Dropping(office), tmp_path / "in"
    lines = "".join(f"T{n};Tent {n};pcs;{n + 5 if n else '#REF!'}\n" for n in range(20))
    (folder / "list.csv").write_text(HEAD + lines)
    await dropping.look()
    await dropping.look()
    assert len(await list_lines(office, OPERATOR)) == 19 and names(folder / "taken") == ["list.csv"]


async def test_a_file_whose_name_is_no_text_is_taken_and_keeps_no_other_waiting(office: Office, tmp_path: Path) -> None:
    dropping, folder = Dropping(office), tmp_path / "in"
    (folder / os.fsdecode(b"a\xff.csv")).write_text(LIST)
    (folder / ("ж" * 120 + ".csv")).write_text(LIST)
    (folder / "good.csv").write_text(LIST)
    await dropping.look()
    assert sorted(await dropping.look()) == ["a\ufffd.csv", "good.csv", "ж" * 120 + ".csv"]
    assert len(list((folder / "taken").iterdir())) == 3 and len(await list_lines(office, OPERATOR)) == 10


class Imports:
    """Counts imports, and does something after, or instead of, each."""

    def __init__(self, after: Any = None, error: Exception | None = None) -> None:
        self.count, self.after, self.error = 0, after, error

    async def __call__(self, *arguments: Any) -> Any:
        self.count += 1
        if self.error:
            raise self.error
        result = await import_file(*arguments)
        if self.after:
            self.after()
        return result


async def test_a_list_that_cannot_be_moved_is_imported_once_until_it_changes(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropping, folder, imports = Dropping(office), tmp_path / "in", Imports()
    monkeypatch.setattr(module, "import_file", imports)
    (folder / "taken").symlink_to("nowhere/at/all")
    (folder / "list.csv").write_text(LIST)
    for _ in range(5):
        await dropping.look()
    assert imports.count == 1 and (folder / "list.csv").read_text() == LIST
    (folder / "list.csv").write_text(LIST + "T99;Tent 99;pcs;3\n")
    for _ in range(4):
        await dropping.look()
    assert imports.count == 2 and len(await list_lines(office, OPERATOR)) == 11


@pytest.mark.parametrize("in_place", [False, True], ids=["written anew", "written into"])
async def test_a_list_that_comes_while_the_older_is_imported_is_taken_next(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_place: bool
) -> None:
    dropping, folder = Dropping(office), tmp_path / "in"
    path, newer = folder / "list.csv", LIST.replace(";5\n", ";5000\n").replace("T9;Tent 9", "T10;Tent 10")
    path.write_text(LIST)
    with path.open("r+") as writer:

        def write() -> None:
            if in_place:
                writer.write(newer)
                writer.flush()
            else:
                path.write_text(newer)

        await dropping.look()
        monkeypatch.setattr(module, "import_file", Imports(after=write))
        await dropping.look()
        monkeypatch.undo()
        assert path.read_text() == newer
        assert "T9" in {view.line.item_code for view in await list_lines(office, OPERATOR)}
    result = await import_file(
        office, OPERATOR, ImportRequest(file="x.csv", content=LIST.encode(), source="store", accept_changes=True)
    )
    assert result.stored == 10
    for _ in range(3):
        await dropping.look()
    assert not path.exists() and newer in [kept.read_text() for kept in folder.glob("*/*list.csv")]


async def test_a_list_keeps_its_name_where_the_import_fails_by_no_fault_of_its_own(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropping, folder = Dropping(office), tmp_path / "in"
    imports = Imports(error=OSError("the disk is full"))
    monkeypatch.setattr(module, "import_file", imports)
    (folder / "list.csv").write_text(LIST)
    for _ in range(5):
        assert await dropping.look() == []
    assert imports.count >= 2 and [path.name for path in folder.iterdir()] == ["list.csv"]
    monkeypatch.undo()
    await dropping.look()
    await dropping.look()
    assert names(folder / "taken") == ["list.csv"]


async def test_what_an_ended_process_had_claimed_is_taken_after_the_next_start(office: Office, tmp_path: Path) -> None:
    dropping, folder = Dropping(office), tmp_path / "in"
    claimed = module.claim_mark("redcross.bg") + "list.csv"
    (folder / claimed).write_text(LIST)
    for _ in range(3):
        await dropping.look()
    assert names(folder / "taken") == ["list.csv"] and len(await list_lines(office, OPERATOR)) == 10


async def test_what_another_node_on_the_folder_has_claimed_is_left_to_it(office: Office, tmp_path: Path) -> None:
    dropping, folder = Dropping(office), tmp_path / "in"
    other = folder / (module.claim_mark("redcross.hr") + "list.csv")
    other.write_text(LIST)
    for _ in range(3):
        assert await dropping.look() == []
    assert [*folder.iterdir()] == [other]


@pytest.mark.parametrize("name", ["~$list.xlsx", "Thumbs.db", "desktop.ini", "list.csv.filepart", ".DS_Store"])
async def test_what_programs_lay_beside_lists_is_no_list(office: Office, tmp_path: Path, name: str) -> None:
    dropping, folder = Dropping(office), tmp_path / "in"
    (folder / name).write_text("x")
    for _ in range(3):
        assert await dropping.look() == []
    assert [path.name for path in folder.iterdir()] == [name] and drop_findings(office.settings.drops) == []


@pytest.mark.parametrize(("day", "word"), [("01.02.2019", "2019-02-01"), ("01.08.2026", "2026-08-01")])
async def test_a_list_that_says_it_is_older_than_the_last_one_or_than_a_month_is_held(
    office: Office, tmp_path: Path, day: str, word: str
) -> None:
    dropping, folder = Dropping(office), tmp_path / "in"
    for name, said in (("new.csv", "10.09.2026"), ("old.csv", day)):
        (folder / name).write_text(f"Stock as of {said}\n\n{LIST}")
        for _ in range(2):
            await dropping.look()
    assert names(folder / "taken") == ["new.csv"]
    (why,) = (folder / "held").glob("*.why.txt")
    assert word in why.read_text() and "or later" in why.read_text()


async def test_a_cut_list_of_minimums_is_held_and_lists_of_other_places_stay(office: Office, tmp_path: Path) -> None:
    def levels(place: str, count: int) -> ImportRequest:
        rows = "".join(f"T{n};Tent {n};pcs;{n + 5};{place}\n" for n in range(count))
        content = f"code;name;unit;quantity;location\n{rows}".encode()
        return ImportRequest(file="min.csv", content=content, kind="minimums", source=place)

    assert (await import_file(office, OPERATOR, levels("Sofia", 10))).stored == 10
    second = await import_file(office, OPERATOR, levels("Varna", 6))
    assert (second.stored, second.added, second.removed) == (6, 6, 0)
    with pytest.raises(Refusal, match="9 of 10 levels of Sofia gone"):
        await import_file(office, OPERATOR, levels("Sofia", 1))
    assert len(await office.node.engine.read(lambda tx: tx.stock.minimums())) == 16
    said = msgspec.structs.replace(levels("Sofia", 1), accept_changes=True)
    assert (await import_file(office, OPERATOR, said)).removed == 9
    assert len(await office.node.engine.read(lambda tx: tx.stock.minimums())) == 7


async def test_a_pipe_in_the_place_of_a_list_is_left_alone(office: Office, tmp_path: Path) -> None:
    dropping, folder = Dropping(office), tmp_path / "in"
    (folder / "list.csv").write_text(LIST)
    await dropping.look()
    whole = dropping._whole(folder)
    (folder / "list.csv").unlink()
    os.mkfifo(folder / "list.csv")
    with pytest.raises(module.StillWritten):
        await dropping._take(office.settings.drops[0], *whole[0])
    assert [path.name for path in folder.iterdir()] == ["list.csv"] and await dropping.look() == []


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
