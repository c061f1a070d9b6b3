"""Undoing an import: what stood comes back, through a restart, until something of it is published."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.processes import xstock_here
from xstock_node.plugins.host import PluginHost
from xstock_node.services.errors import Refusal
from xstock_node.services.foreseeing import read_list
from xstock_node.services.hand_kept import LineRequest, add_line
from xstock_node.services.import_drafts import ImportId, NewImport, TakeImport, add, show, take
from xstock_node.services.mapping_desk import (
    DecideRequest,
    Decision,
    MappedRequest,
    MatchRequest,
    decide,
    list_matches,
    mapped,
)
from xstock_node.services.offer_views import PublishRequest
from xstock_node.services.office import OPERATOR, Office, OfficeSettings
from xstock_node.services.profiles import PROFILES
from xstock_node.services.publishing import publish
from xstock_node.services.stock_lines import list_lines
from xstock_node.services.stocktake import ImportRequest, import_file
from xstock_node.services.undoing import UndoRequest, list_undoable, undo
from xstock_node.storage.interfaces import Transaction
from xstock_node.testing.simnet import SimNet

BG = "redcross.bg"
TENT, BED, BLANKET = "HSHETENTF16C", "CP-CAMPBED", "HSHEBLANPMT1"
HEAD = "code;name;unit;quantity\n"
FIRST = HEAD + f"{TENT};Tent;pcs;40\n"
SECOND = HEAD + f"{TENT};Tent;pcs;90\n{BED};Bed;pcs;30\n"


@pytest.fixture
async def net(tmp_path: Path) -> AsyncIterator[SimNet]:
    found = SimNet(tmp_path, latency=0.001)
    yield found
    await found.stop_all()


async def opened(net: SimNet, folder: Path) -> Office:
    """The office of our node, which begins with what its folder holds."""
    return Office(await net.start(BG, []), OfficeSettings(), PluginHost(["xstock-spreadsheet"]), folder)


@pytest.fixture
async def office(net: SimNet, tmp_path: Path) -> Office:
    return await opened(net, tmp_path)


async def taken(office: Office, content: str, source: str = "stock", **more: Any) -> None:
    request = ImportRequest(file="list.csv", content=content.encode(), source=source, accept_changes=True, **more)
    assert (await import_file(office, OPERATOR, request)).stored


async def matched(office: Office) -> None:
    """Everything that has the catalogue's own code."""
    await decide(office, OPERATOR, DecideRequest(same_code=True))


async def state(office: Office) -> Any:
    """Stock lines, sources, mappings and what is remembered of the source."""

    def read(tx: Transaction) -> Any:
        mappings = sorted(tx.stock.mappings(), key=lambda one: one.key)
        return tx.stock.lines(), tx.stock.sources(), mappings, PROFILES.get(tx, "stock")

    return await office.node.engine.read(read)


async def test_the_state_before_comes_back_whole_also_after_the_node_began_again(
    net: SimNet, office: Office, tmp_path: Path
) -> None:
    await taken(office, FIRST)
    await matched(office)
    before = await state(office)
    await taken(office, SECOND, language="de", columns={"name": "item_name"})
    await matched(office)
    tent = next(one for one in await list_matches(office, OPERATOR, MatchRequest(all=True)) if one.local == TENT)
    await decide(office, OPERATOR, DecideRequest(decisions=[Decision(ref=tent.ref, code=BED)]))
    assert await state(office) != before
    await net.stop(BG)
    office = await opened(net, tmp_path)
    (one,) = await list_undoable(office, OPERATOR)
    assert (one.lines, one.before, one.by) == (2, 1, "operator")
    done = await undo(office, OPERATOR, UndoRequest())
    assert (done.lines, done.removed, done.mappings) == (1, 2, 2)
    assert await state(office) == before, "lines, source, matches and what was said of the columns"
    acts = await office.node.engine.read(lambda tx: tx.acts.last(1))
    assert acts[0].verb == "stock.undo"


async def test_a_first_import_is_undone_to_nothing_at_all(office: Office) -> None:
    nothing = await state(office)
    await taken(office, SECOND)
    await matched(office)
    await undo(office, OPERATOR, UndoRequest())
    assert await state(office) == nothing
    with pytest.raises(Refusal) as twice:
        await undo(office, OPERATOR, UndoRequest())
    assert twice.value.code == "no-undo"


async def test_what_was_published_is_undone_no_more_and_what_was_not_is(office: Office) -> None:
    await taken(office, SECOND)
    await taken(office, HEAD + f"{BLANKET};Blanket;pcs;500\n", source="depot")
    await matched(office)
    held = await publish(office, OPERATOR, PublishRequest())
    assert held.held and not held.published and len(await list_undoable(office, OPERATOR)) == 2, "held is not published"
    await publish(office, OPERATOR, PublishRequest(codes=[BLANKET], release=True))
    assert [one.source for one in await list_undoable(office, OPERATOR)] == ["stock"]
    with pytest.raises(Refusal, match="once something was published"):
        await undo(office, OPERATOR, UndoRequest(source="depot"))
    await undo(office, OPERATOR, UndoRequest())
    assert {one.source for one in await list_lines(office, OPERATOR)} == {"depot"}


async def test_a_publication_that_withdraws_what_the_import_took_away_ends_its_undo(office: Office) -> None:
    await taken(office, SECOND)
    await matched(office)
    await publish(office, OPERATOR, PublishRequest(release=True))
    await taken(office, FIRST.replace("40", "90"))
    assert len(await list_undoable(office, OPERATOR)) == 1
    done = await publish(office, OPERATOR, PublishRequest())
    assert len(done.withdrawn) == 1 and not done.published
    assert await list_undoable(office, OPERATOR) == []


async def test_levels_of_another_source_stay(office: Office) -> None:
    head = "Item;Unit;Minimum\n"
    await taken(office, head + "Tent;pcs;5\n", kind="minimums")
    await taken(office, head + "Bed;pcs;7\n", kind="minimums", source="depot")
    await taken(office, head + "Tent;pcs;50\nCup;pcs;9\n", kind="minimums")
    await undo(office, OPERATOR, UndoRequest(kind="minimums"))
    assert await office.node.engine.read(lambda tx: tx.stock.minimums()) == {("", "tent"): 5, ("", "bed"): 7}
    with pytest.raises(Refusal):
        await undo(office, OPERATOR, UndoRequest())


async def test_nothing_is_undone_over_lines_that_were_changed_since(office: Office) -> None:
    await taken(office, SECOND)
    (_, ref, line), *_ = await office.node.engine.read(lambda tx: tx.stock.lines())
    changed = msgspec.structs.replace(line, quantity=line.quantity + 1)
    await office.node.engine.write(lambda tx: tx.stock.put_line("stock", ref, changed), durable=True)
    with pytest.raises(Refusal, match="changed since"):
        await undo(office, OPERATOR, UndoRequest())
    assert len(await list_lines(office, OPERATOR)) == 2


async def test_what_is_foreseen_is_what_happens_and_nothing_happens_before(office: Office) -> None:
    await taken(office, FIRST)
    before = await state(office)
    wanted = ImportRequest(file="list.csv", content=SECOND.encode())
    found = (await read_list(office, OPERATOR, wanted)).foreseen
    assert found and await state(office) == before
    assert (found.stands, found.lines, found.added, found.changed, found.removed) == (1, 2, 1, 1, 0)
    done = await import_file(office, OPERATOR, wanted)
    assert (done.stored, done.added, done.changed, done.removed) == (2, 1, 1, 0) and done.changes == found.changes
    await add_line(office, OPERATOR, LineRequest(name="Boat", quantity="2", unit="pcs"))
    with pytest.raises(Refusal, match="kept by hand"):
        await read_list(office, OPERATOR, ImportRequest(file="a.csv", content=SECOND.encode(), source="hand"))


async def test_a_draft_outlives_a_restart_and_is_taken_as_it_was_shown(
    net: SimNet, office: Office, tmp_path: Path
) -> None:
    made = await add(office, OPERATOR, NewImport(file="C:\\lists\\list.csv", content=SECOND.encode()))
    await net.stop(BG)
    office = await opened(net, tmp_path)
    shown = await show(office, OPERATOR, ImportId(id=made.id))
    assert shown == made and shown.file == "list.csv" and shown.foreseen
    with pytest.raises(Refusal) as other:
        await take(office, OPERATOR, TakeImport(id=made.id, seen="0" * 32))
    assert other.value.code == "other-list" and await list_lines(office, OPERATOR) == []
    done = await take(office, OPERATOR, TakeImport(id=made.id, seen=shown.foreseen.seen))
    assert done.stored == 2 and done.to_match == 2
    counts = await mapped(office, OPERATOR, MappedRequest(source="stock"))
    assert (counts.all, counts.open, counts.same_code) == (2, 2, 2)


def said(home: Path, *words: str, code: int = 0) -> Any:
    run = xstock_here(*words, "--json", home=home)
    assert run.returncode == code, (words, run.stdout, run.stderr)
    return json.loads(run.stdout)


def test_the_command_line_foresees_and_undoes(tmp_path: Path) -> None:
    home, path = tmp_path / "home", tmp_path / "list.csv"
    said(home, "init", "--name", "redcross.example.org")
    path.write_text(FIRST, "utf-8")
    said(home, "stock", "import", str(path))
    path.write_text(SECOND, "utf-8")
    foreseen = said(home, "stock", "preview", str(path))
    assert len(foreseen["rows"]) == 2 and foreseen["foreseen"]["added"] == 1 and foreseen["columns"]
    assert "1 new, 1 changed" in xstock_here("stock", "preview", str(path), home=home).stdout
    said(home, "stock", "import", str(path))
    assert [one["before"] for one in said(home, "stock", "undo")] == [1]
    assert said(home, "stock", "undo", "stock", code=2)["error"]["code"] == "not-sure"
    assert said(home, "stock", "undo", "stock", "--yes") == {
        "source": "stock", "kind": "stock", "lines": 1, "removed": 2, "mappings": 0,
    }  # fmt: skip
    assert [one["line"]["quantity"] for one in said(home, "stock", "list")] == ["40"]
    assert said(home, "stock", "drafts") == []
