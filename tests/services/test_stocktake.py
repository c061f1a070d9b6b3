"""Imported lists: under whose name they may come, and what is remembered of them for the next one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from xstock_node.plugins.host import PluginHost
from xstock_node.services.errors import Refusal
from xstock_node.services.hand_kept import LineRequest, add_line
from xstock_node.services.office import OPERATOR, Office, OfficeSettings
from xstock_node.services.profiles import PROFILES
from xstock_node.services.stock_lines import list_lines
from xstock_node.services.stocktake import ImportRequest, ImportResult, import_file
from xstock_node.storage.values import Source
from xstock_node.testing.simnet import SimNet

HEAD = "code;name;unit;quantity\n"
LIST = HEAD + "".join(f"T{n};Tent {n};pcs;{n + 5}\n" for n in range(10))


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    net = SimNet(tmp_path, latency=0.001)
    node = await net.start("redcross.bg", [])
    yield Office(node, OfficeSettings(), PluginHost(["xstock-spreadsheet"]), tmp_path)
    await net.stop_all()


async def taken(office: Office, content: bytes | str, source: str = "stock") -> ImportResult:
    raw = content.encode() if isinstance(content, str) else content
    request = ImportRequest(file="list.csv", content=raw, source=source, accept_changes=True)
    return await import_file(office, OPERATOR, request)


async def test_a_list_under_the_name_of_a_system_is_refused_and_the_system_s_lines_stay(office: Office) -> None:
    await taken(office, LIST, "wms")

    def read_by_a_system(tx: object) -> None:
        lines = [(ref, line) for source, ref, line in tx.stock.lines() if source == "wms"]  # type: ignore[attr-defined]
        tx.stock.replace(Source("wms", "system", "", 1, len(lines), 0), lines)  # type: ignore[attr-defined]

    await office.node.engine.write(read_by_a_system, durable=True)
    with pytest.raises(Refusal) as refused:
        await taken(office, HEAD + "X1;Cup;pcs;3\n", "wms")
    assert refused.value.code == "name-taken" and "--source" in refused.value.do and "system" in refused.value.came
    assert len(await list_lines(office, OPERATOR)) == 10
    assert (await taken(office, HEAD + "X1;Cup;pcs;3\n", "depot")).stored == 1


async def test_a_list_under_the_name_of_the_list_kept_by_hand_is_refused(office: Office) -> None:
    name = office.host.editable()
    assert name
    with pytest.raises(Refusal, match="kept by hand"):
        await taken(office, LIST, name)
    view = await add_line(office, OPERATOR, LineRequest(name="Boat", quantity="2", unit="pcs"))
    with pytest.raises(Refusal, match="kept by hand"):
        await taken(office, LIST, name)
    assert [found.ref for found in await list_lines(office, OPERATOR)] == [view.ref]


async def test_an_old_encoding_that_one_list_had_is_no_word_about_the_next(office: Office) -> None:
    russian = HEAD + "".join(f"T{n};Палатка зимняя {n};pcs;{n + 5}\n" for n in range(10))
    greek = HEAD + "".join(f"T{n};Σκηνή χειμερινή {n};pcs;{n + 5}\n" for n in range(10))
    assert (await taken(office, russian.encode("cp1251"))).reading.encoding == "cp1251"
    reading = (await taken(office, greek.encode("cp1253"))).reading
    assert reading.encoding == "cp1253" and reading.rows[0].item_name == "Σκηνή χειμερινή 0"


async def test_the_order_of_days_and_months_is_asked_answered_with_a_language_and_remembered(office: Office) -> None:
    head, row = "name;quantity;unit;expiry\n", "Flour;{};kg;03/04/2027\n"
    content = (head + row.format(12)).encode()
    asked = await import_file(office, OPERATOR, ImportRequest(file="a.csv", content=content))
    assert asked.stored == 0 and any("day and month" in one for one in asked.reading.must_ask)
    british = ImportRequest(file="a.csv", content=content, language="en-GB")
    assert (await import_file(office, OPERATOR, british)).stored == 1
    assert [one.line.expiry for one in await list_lines(office, OPERATOR)] == ["2027-04-03"]
    await taken(office, head + row.format(15))
    assert [(one.line.quantity, one.line.expiry) for one in await list_lines(office, OPERATOR)] == [(15, "2027-04-03")]


async def test_what_only_the_default_language_decides_is_asked_until_somebody_says_the_language(office: Office) -> None:
    office.settings = OfficeSettings(languages=("bg",))
    content = b"Item,Unit,Qty\nRice,kg,1.200\n"
    unseen = ImportRequest(file="a.csv", content=content, unattended=True)
    with pytest.raises(Refusal, match="language bg") as held:
        await import_file(office, OPERATOR, unseen)
    assert held.value.code == "must-settle"
    said = ImportRequest(file="a.csv", content=content, language="hr")
    assert not (await import_file(office, OPERATOR, said)).reading.must_ask
    assert (await import_file(office, OPERATOR, unseen)).stored == 1


async def test_words_about_a_list_that_make_no_sense_are_refused_and_never_remembered(office: Office) -> None:
    for columns, language, code in (
        ({"name": "bar"}, "", "bad-column"),
        ({"Nane": "item_name"}, "", "unknown-column"),
        ({}, "zz!!", "bad-language"),
    ):
        request = ImportRequest(file="a.csv", content=LIST.encode(), columns=columns, language=language)
        with pytest.raises(Refusal) as refused:
            await import_file(office, OPERATOR, request)
        found = refused.value
        assert (found.code, found.exit_code) == (code, 2) and found.expected and found.came and found.do
    assert not await list_lines(office, OPERATOR)
    assert await office.node.engine.read(lambda tx: PROFILES.get(tx, "stock")) is None


async def test_a_remembered_column_that_the_next_list_has_not_is_no_fault(office: Office) -> None:
    first = ImportRequest(file="a.csv", content=b"Thing;unit;Field 7\nTent;pcs;5\n",
                          columns={"Thing": "item_name", "Field 7": "quantity"})  # fmt: skip
    assert (await import_file(office, OPERATOR, first)).stored == 1
    assert (await taken(office, LIST)).stored == 10


async def test_a_list_of_minimums_may_call_them_so(office: Office) -> None:
    content = b"Item;Unit;Minimum\nTent;pcs;5\n"
    request = ImportRequest(file="a.csv", content=content, kind="minimums")
    assert (await import_file(office, OPERATOR, request)).stored == 1
    assert await office.node.engine.read(lambda tx: tx.stock.minimums()) == {("", "tent"): 5}
