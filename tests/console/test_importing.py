"""The import wizard by forms alone: a list is looked at, corrected, taken, matched, published, undone; and attacked."""

import asyncio
import csv
import io
import json
import re
import time
import zipfile
from collections.abc import Awaitable, Callable
from html import unescape
from typing import Any

import aiohttp
import pytest

from tests.api.conftest import BG, HR, Desk
from tests.console.conftest import Enter, Page, Reader
from xstock_node.domain.rights import Role
from xstock_node.plugins.host import PluginHost
from xstock_node.protocol import limits
from xstock_node.services.import_drafts import file_name
from xstock_node.services.office import OPERATOR
from xstock_node.services.overview import PeerName, peers
from xstock_node.services.stocktake import ImportRequest, import_file

TENT = "HSHETENTF16C"
HEAD = "Code;Item;Unit;Quantity;Store;Expiry;Note 7\n"
LIST = (
    HEAD
    + f"{TENT};Our tents;pcs;120;Vidin;;a\n"
    + "77;=cmd|'/c calc'!A1;pcs;-3;Vidin;;b\n"
    + "78;<b>Bold</b> beds;pcs;lots;Vidin;;c\n"
    + "79;Water in packs;pack;40;Sofia;2031-05-31;d\n"
    + "80;Flags;pcs;5;Sofia;;e\n"
)
Give = Callable[..., Awaitable[Page]]


@pytest.fixture
def officer(console: Enter, desks: dict[str, Desk]) -> Callable[..., Awaitable[Reader]]:
    """A logistics officer at the Bulgarian node, which reads spreadsheets."""
    desks[BG].office.host = PluginHost(["xstock-spreadsheet"])

    async def enter(*roles: Role, name: str = "ana") -> Reader:
        return await console(*(roles or (Role.LOGISTICS,)), name=name)

    return enter


async def give(reader: Reader, content: bytes | str, name: str = "list.csv", **fields: str) -> Page:
    """Upload a file as a browser does."""
    form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for field, value in {"act": "add", "once": "", **fields}.items():
        form.add_field(field, value)
    raw = content.encode() if isinstance(content, str) else content
    form.add_field("file", io.BytesIO(raw), filename=name, content_type="application/octet-stream")
    return await reader.post("/import", form)


async def given(reader: Reader, content: bytes | str, **fields: str) -> str:
    """The address of the page of a list that was uploaded."""
    page = await give(reader, content, **fields)
    assert page.status == 303, words(page)
    return str(page.headers["Location"].partition("&done")[0])


async def took(reader: Reader, where: str, **fields: str) -> Page:
    """Take a list as it is shown."""
    html = (await reader.get(where)).html
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', html)
    assert seen, html[:3000]
    return await reader.post(where, {"act": "take", "id": where.partition("id=")[2], "seen": seen[1], **fields})


async def twin(reader: Reader, where: str) -> Any:
    """What a page says to machines."""
    path, _, query = where.partition("?")
    return json.loads((await reader.get(f"{path}.json?{query}")).html)


def words(page: Page) -> str:
    """A page without its markup."""
    return unescape(
        re.sub(r"(<[^>]*>|\s)+", " ", page.html.partition("<main id=")[2].partition(">")[2].partition("</main")[0])
    )


async def test_a_list_goes_from_upload_to_offers_by_forms_alone(officer: Any, desks: dict[str, Desk]) -> None:
    reader = await officer(Role.LOGISTICS, Role.STOCK_OWNER)
    where = await given(reader, LIST)
    shown = await reader.get(where)
    said = words(shown)
    assert "below zero: count again" in said and "the quantity is no figure" in said and "Lines understood 4" in said
    (left,) = (await twin(reader, where))["left_out"]
    assert (left["line"], left["column"], left["cell"]) == ("4", "Quantity", "lots"), "the cell that is to blame"
    assert "<b>Bold" not in shown.html and "&lt;b&gt;Bold" in shown.html
    assert (await twin(reader, "/stock"))["lines"] == [], "nothing of the stock changes before the last step"
    again = await officer(Role.LOGISTICS, name="boris")
    assert [one["file"] for one in (await twin(again, "/import"))["drafts"]] == ["list.csv"], "another person sees it"
    taken = await took(reader, where)
    assert taken.status == 303 and taken.headers["Location"].startswith("/import/match?source=stock")
    assert (await reader.get(where)).status == 422, "it is no draft any more"
    match = "/import/match?source=stock"
    assert "0 of 4 mapped" in words(await reader.get(match))
    await reader.post(match, {"act": "same", "once": "", "source": "stock"})
    assert "1 of 4 mapped" in words(await reader.get(match))
    refs = {one["match"]["name"]: one["match"]["ref"] for one in (await twin(reader, match))["cards"]}
    water, flags = f"line.{refs['Water in packs']}", f"line.{refs['Flags']}"
    form = {"act": "decide", f"{water}.pick": "other", f"{water}.other": "CP-WATER-BOTTLED", f"{flags}.pick": "reject"}
    doubted = await reader.post(match, form)
    assert doubted.status == 200 and "Say how many of the item one of this unit holds." in words(doubted)
    assert 'value="CP-WATER-BOTTLED" checked' in doubted.html, "what was chosen stays chosen"
    assert "1 of 4 mapped" in words(await reader.get(match)), "nothing is confirmed before the doubt is settled"
    doubted = await reader.post(match, form | {f"{water}.factor": "1.500"})
    assert "plain figure" in words(doubted), "fifteen hundred, or one and a half?"
    assert (await reader.post(match, form | {f"{water}.factor": "9"})).status == 303
    share = await reader.get("/import/share?source=stock")
    assert "1 line is not matched yet" in words(share) and "a person decided that this line" in words(share)
    held = await reader.post("/import/share?source=stock", {"act": "publish"})
    assert held.status == 200 and "Held: a person has to release them" in words(held)
    assert (await twin(reader, "/offers"))["offers"] == []
    done = await reader.post("/import/share?source=stock", {"act": "publish", "release": "true"})
    assert "Signed and published" in words(done) and "Held for a release 0" in words(done)
    offers = {one["item"]: one["quantity"] for one in (await twin(reader, "/offers"))["offers"]}
    assert offers == {TENT: "120", "CP-WATER-BOTTLED": "360"}
    assert (await twin(reader, "/import"))["undoable"] == [], "what was published is undone no more"
    refused = await reader.post("/stock", {"act": "undo", "source": "stock", "kind": "stock"})
    assert "This cannot be undone any more." in words(refused)


async def test_columns_are_shown_as_guessed_and_read_again_as_said(officer: Any) -> None:
    reader = await officer()
    where = await given(reader, LIST)
    columns = {one["header"]: one for one in (await twin(reader, where))["columns"]}
    assert columns["Quantity"] == {"header": "Quantity", "field": "quantity", "said": False}
    assert columns["Note 7"]["field"] == "" and "not understood" in words(await reader.get(where))
    form = {"act": "change", "id": where.partition("id=")[2], "kind": "stock", "source": "depot", "language": "en-GB"}
    for n, (header, field) in enumerate({"Note 7": "lot", "Store": "ignore", "Quantity": "quantity"}.items()):
        form |= {f"column.{n}.header": header, f"column.{n}.field": field}
    assert (await reader.post(where, form)).status == 303
    read = await twin(reader, where)
    assert read["draft"]["columns"] == {"Note 7": "lot", "Store": "ignore"} and read["draft"]["source"] == "depot"
    assert [(one["lot"], one["location"]) for one in read["rows"]][:1] == [("a", "")]
    wrong = await reader.post(where, form | {"column.0.field": "nonsense"})
    assert wrong.status == 422 and "what no column can" in words(wrong)
    assert 'value="nonsense" selected' in wrong.html, "what was chosen is still there"


async def test_what_changes_is_shown_and_a_slipped_digit_and_an_old_list_wait_for_a_yes(officer: Any) -> None:
    reader = await officer()
    line = "T{n};Tent {n};pcs;{q};Vidin\n"
    head, rows = "Code;Item;Unit;Quantity;Store\n", [line.format(n=n, q=n + 20) for n in range(10)]
    await took(reader, await given(reader, head + "".join(rows)))
    rows[0], rows[1], rows[2] = line.format(n=0, q=200), line.format(n="N", q=4), "T2;Other name;pcs;22;Vidin\n"
    where = await given(reader, "Stock list as of 2001-03-01\n" + head + "".join(rows))
    read = await twin(reader, where)
    foreseen = read["draft"]["foreseen"]
    counts = {name: foreseen[name] for name in ("stands", "lines", "same", "added", "changed", "removed", "renamed")}
    assert counts == {
        "stands": 10, "lines": 10, "same": 7, "added": 1, "changed": 1, "removed": 1, "renamed": 1,
    }  # fmt: skip
    assert {one["why"] for one in foreseen["held"]} == {"tenfold", "total-moved", "old"}
    said = words(await reader.get(where))
    assert "a digit may have slipped : T0" in said and "older than five weeks" in said and "new" in said
    without = await took(reader, where)
    assert without.status == 422 and "Something about this list is unusual." in words(without)
    assert len((await twin(reader, "/stock"))["lines"]) == 10
    assert (await took(reader, where, accept_changes="true")).status == 303
    figures = {one["name"]: one["quantity"] for one in (await twin(reader, "/stock"))["lines"]}
    assert figures["Tent 0"] == "200" and "Tent 1" not in figures


async def test_a_yes_holds_for_the_stock_as_it_was_shown_alone(officer: Any, desks: dict[str, Desk]) -> None:
    reader = await officer()
    where = await given(reader, LIST)
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', (await reader.get(where)).html)
    assert seen
    other = ImportRequest(file="other.csv", content=(HEAD + "9;Boats;pcs;2;Vidin;;\n").encode())
    await import_file(desks[BG].office, OPERATOR, other)
    late = await reader.post(where, {"act": "take", "id": where.partition("id=")[2], "seen": seen[1]})
    assert late.status >= 400 and "The stock changed meanwhile." in words(late) and "Stands now 1" in words(late)
    assert [one["name"] for one in (await twin(reader, "/stock"))["lines"]] == ["Boats"]
    assert (await took(reader, where, accept_changes="true")).status == 303


async def test_an_import_is_undone_with_what_was_matched_since(officer: Any) -> None:
    reader = await officer()
    await took(reader, await given(reader, HEAD + "9;Boats;pcs;2;Vidin;;\n"))
    before = await twin(reader, "/stock")
    await took(reader, await given(reader, LIST), accept_changes="true")
    await reader.post("/import/match?source=stock", {"act": "same", "source": "stock"})
    assert (await twin(reader, "/import/match?source=stock"))["mapped"]["confirmed"] == 1
    (one,) = (await twin(reader, "/stock"))["undoable"]
    assert (one["file"], one["lines"], one["before"], one["by"]) == ("list.csv", 4, 1, "ana")
    done = await reader.post("/import/match?source=stock", {"act": "undo", "source": "stock", "kind": "stock"})
    assert done.status == 303 and done.headers["Location"] == "/import?done=stock.undo"
    assert (await twin(reader, "/stock"))["lines"] == before["lines"]
    assert (await twin(reader, "/import/match?source=stock"))["mapped"]["confirmed"] == 0


async def test_minimum_levels_are_taken_and_undone(officer: Any, desks: dict[str, Desk]) -> None:
    reader = await officer()
    where = await given(reader, "Item;Unit;Minimum\nTent;pcs;5\nBed;pcs;7\n", kind="minimums")
    taken = await took(reader, where)
    assert taken.headers["Location"] == "/stock?done=import.levels"
    engine = desks[BG].office.node.engine
    assert await engine.read(lambda tx: tx.stock.minimums()) == {("", "tent"): 5, ("", "bed"): 7}
    await reader.post("/stock", {"act": "undo", "source": "stock", "kind": "minimums"})
    assert await engine.read(lambda tx: tx.stock.minimums()) == {}


async def test_who_may_not_publish_is_told_who_may_and_a_viewer_sees_no_import(officer: Any) -> None:
    reader = await officer()
    await took(reader, await given(reader, LIST))
    share = words(await reader.get("/import/share?source=stock"))
    assert "You cannot publish. One of these can: stock owner" in share and "Sign and publish" not in share
    viewer = await officer(Role.VIEWER, name="vera")
    assert (await viewer.get("/import")).status == 403 and (await viewer.get("/import/match")).status == 403
    assert (await give(viewer, LIST)).status == 403


def bomb() -> bytes:
    """A workbook of a hundred kilobytes that says it is four gigabytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"<a>" + b" " * 100_000_000)
    return out.getvalue()


HOSTILE = {
    "a picture": ("list.png", b"\x89PNG\r\n\x1a\n" + bytes(200), "Files of this kind cannot be read."),
    "a picture called csv": ("list.csv", b"\x89PNG\r\n\x1a\n" + bytes(200), ""),
    "a program": ("list.xlsx", b"MZ" + bytes(500), ""),
    "nothing": ("list.csv", b"", "This file is empty."),
    "blanks": ("list.csv", b" \n\n;;;\n", "This file is empty."),
    "a bomb": ("list.xlsx", bomb(), ""),
    "no suffix": ("list", b"Item;Quantity\nTent;5\n", "Files of this kind cannot be read."),
    "a suffix without end": ("list." + "x" * 180, b"Item;Quantity\nTent;5\n", "Files of this kind cannot be read."),
    "prose": ("list.csv", b"Dear all,\nhere is our stock.\n", ""),
    "deep markup": ("list.html", b"<table>" * 20_000, ""),
    "an entity": ("list.xml", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', ""),
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_what_is_no_list_is_refused_in_words_and_not_kept(officer: Any, what: str) -> None:
    reader = await officer()
    name, content, said = HOSTILE[what]
    began = time.perf_counter()
    page = await give(reader, content, name)
    assert page.status in (413, 422), (page.status, words(page))
    told = words(page)
    assert said in told and "What to do" in told and "root:" not in page.html and "defect" not in told, told
    assert (await twin(reader, "/import"))["drafts"] == [] and time.perf_counter() - began < 20
    assert 'type="file"' in page.html, "the next file can be chosen at once"


async def test_a_file_above_the_bound_is_refused(officer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = await officer()
    content = HEAD.encode() + b"x" * (limits.IMPORT_FILE + 1_000_000)
    page = await give(reader, content)
    assert page.status in (413, 422) and "too large" in words(page)
    assert (await reader.post("/import", {"act": "add"})).status == 422


async def test_a_name_with_a_nul_or_without_end_harms_nothing(officer: Any, desks: dict[str, Desk]) -> None:
    await officer()
    for name, kept in (("list\0.csv", "list.csv"), ("x" * 5000 + ".csv", "x" * 108 + ".csv"), ("..", "..")):
        assert file_name(name) == kept
    request = ImportRequest(file="a.csv\0" + "b" * 5000, content=LIST.encode())
    assert (await import_file(desks[BG].office, OPERATOR, request)).reading.error == "unknown_format"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/cron.d/list.csv", "list.csv"),
        ("C:\\Users\\ana\\list.csv", "list.csv"),
        ("<script>alert(1)</script>.csv", "script>.csv"),
        ("list\u202egnp.csv", "listgnp.csv"),
        ("Лист " * 40 + ".csv", None),
    ],
)
async def test_a_file_s_name_is_a_name_and_nothing_else(officer: Any, name: str, kept: str | None) -> None:
    reader = await officer()
    page = await give(reader, LIST, name)
    if page.status != 303:  # a name that was cut below its suffix
        assert kept is None and "Files of this kind" in words(page)
        return
    shown = await reader.get(page.headers["Location"])
    assert "<script>alert" not in shown.html and "cron.d" not in shown.html
    (one,) = (await twin(reader, "/import"))["drafts"]
    assert kept is None or one["file"] == kept
    assert (await took(reader, page.headers["Location"].partition("&")[0])).status == 303


async def test_formulas_are_shown_as_they_are_and_exported_harmlessly(officer: Any) -> None:
    reader = await officer()
    where = await given(reader, LIST)
    assert "=cmd|&#39;/c calc&#39;!A1" in (await reader.get(where)).html
    for table in ("rows", "doubtful"):
        found = await reader.get(f"/import.csv?{where.partition('?')[2]}&table={table}")
        cells = [cell for row in csv.reader(io.StringIO(found.html)) for cell in row]
        assert "'=cmd|'/c calc'!A1" in cells and not any(cell.startswith("=") for cell in cells)


async def test_three_lists_of_a_person_wait_at_most_and_a_week_at_longest(officer: Any, desks: dict[str, Desk]) -> None:
    reader = await officer()
    for n in range(limits.IMPORT_DRAFTS):
        await given(reader, LIST + f"9{n};Boats;pcs;2;Vidin;;\n")
    full = await give(reader, LIST)
    assert full.status >= 400 and "Too many lists wait already." in words(full)
    waiting = (await twin(reader, "/import"))["drafts"]
    await reader.post("/import", {"act": "drop", "id": waiting[0]["id"]})
    await given(reader, LIST)
    desks[BG].net.clocks[BG].offset += limits.IMPORT_DRAFT_SECONDS + 1
    reader = await officer(Role.LOGISTICS, name="mila")
    assert (await twin(reader, "/import"))["drafts"] == []
    await given(reader, LIST)
    held = await desks[BG].office.node.engine.read(lambda tx: len(tx.objects.list("import-content")))
    assert held == 1, "what is over is cleared away"


async def test_a_form_that_is_sent_twice_makes_one_draft(officer: Any) -> None:
    reader = await officer()
    key = "a" * 32
    first, second = await give(reader, LIST, once=key), await give(reader, LIST, once=key)
    assert first.headers["Location"] == second.headers["Location"]
    assert len((await twin(reader, "/import"))["drafts"]) == 1


@pytest.mark.heavy
async def test_twenty_thousand_lines_are_looked_at_taken_and_matched_in_acceptable_time(officer: Any) -> None:
    reader = await officer()
    rows = "".join(f"K{n};Tent of kind {n};pcs;{n % 900 + 1};Store {n % 40};2031-05-31;x\n" for n in range(20_000))
    figures: dict[str, float] = {}

    async def timed(what: str, asked: Awaitable[Any]) -> Any:
        began = time.perf_counter()
        found = await asked
        figures[what] = time.perf_counter() - began
        return found

    where = await timed("upload and read", given(reader, HEAD + rows))
    shown = await timed("look", reader.get(where))
    assert len(shown.html) < 150_000
    assert (await timed("take", took(reader, where))).status == 303
    page = await timed("match page", reader.get("/import/match?source=stock"))
    assert "0 of 20,000 mapped" in words(page) and len(page.html) < 150_000
    where = await timed("upload again", given(reader, HEAD + rows.replace("Tent of kind 7;", "Other;")))
    await timed("undo", reader.post("/stock", {"act": "undo", "source": "stock", "kind": "stock"}))
    assert (await twin(reader, "/stock"))["lines"] == []
    print({what: round(seconds, 2) for what, seconds in figures.items()})
    assert figures["upload and read"] < 20 and figures["take"] < 20 and figures["match page"] < 10
    assert figures["look"] < 5


async def test_a_peer_sees_what_was_published(officer: Any, desks: dict[str, Desk]) -> None:
    reader = await officer(Role.LOGISTICS, Role.STOCK_OWNER)
    await took(reader, await given(reader, LIST))
    await reader.post("/import/match?source=stock", {"act": "same", "source": "stock"})
    await reader.post("/import/share?source=stock", {"act": "publish", "release": "true"})
    for _ in range(400):
        if (one := (await twin(reader, "/import/shared"))["peers"][0])["up_to_date"]:
            break
        await asyncio.sleep(0.05)
    assert one["up_to_date"]
    assert one["name"] == HR
    (peer,) = await peers(desks[HR].office, OPERATOR, PeerName(name=BG))
    assert peer.offers == 1
