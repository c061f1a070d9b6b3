"""Each profile against recorded answers in the shapes of its system's public documentation; none was a real server."""

import json
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from xstock_rest.settings import Interface, RestSettings, profiles
from xstock_rest.source import RestSource

from xstock_node.plugins import (
    AdapterError,
    Context,
    NotAllowed,
    RejectedLine,
    SnapshotEnd,
    SourceLine,
    Unauthorised,
    Unavailable,
)
from xstock_node.testing.plugin_context import plugin_context

NOW = 1_800_000_000
SECRET = "key:word"  # noqa: S105
Answer = Callable[[web.Request], Any]


class System:
    """A server: `answer` makes the JSON of a request, or raises; `seen` are the paths with their query."""

    def __init__(self) -> None:
        self.url, self.seen, self.logins = "", list[str](), 0
        self.answer: Answer = lambda request: []

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request.path_qs)
        found = self.answer(request)
        if isinstance(found, web.Response):
            return found
        if request.path.endswith("/login"):
            self.logins += 1
            given = await request.json()
            if (given["username"], given["password"]) != ("node", SECRET):
                return web.Response(status=401)
            response = web.Response(text="Authentication was successful")
            response.set_cookie("JSESSIONID", "ABC", path="/openboxes", httponly=True)
            return response
        return web.json_response(found)


@pytest.fixture
async def system() -> AsyncIterator[System]:
    found = System()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", found.take)
    server = TestServer(app)
    await server.start_server()
    found.url = f"http://127.0.0.1:{server.port}"
    yield found
    await server.close()


Open = Callable[..., AbstractAsyncContextManager[Context]]


@pytest.fixture
def opened(system: System, tmp_path: Path) -> Open:
    @asynccontextmanager
    async def made(secret: str = SECRET, **changed: Any) -> AsyncIterator[Context]:
        path = tmp_path / "secret"
        path.write_text(f"{secret}\n", "utf-8")
        path.chmod(0o600)
        fields = {"url": system.url, "secret_file": path.name, "user": "node"}
        async with plugin_context(RestSettings(**fields | changed), tmp_path, now=lambda: NOW) as context:
            yield context

    return made


async def read(context: Context) -> tuple[dict[str, SourceLine], list[RejectedLine], SnapshotEnd]:
    found = [one async for one in RestSource().snapshot(context)]
    end = found.pop()
    assert isinstance(end, SnapshotEnd)
    lines = {one.key: one for one in found if isinstance(one, SourceLine)}
    return lines, [one for one in found if isinstance(one, RejectedLine)], end


def paged(rows: list[Any], request: web.Request, start: str, size: str) -> list[Any]:
    first, most = int(request.query[start]), int(request.query[size])
    return rows[first : first + most]


def checked(request: web.Request, header: str) -> None:
    if request.headers.get("Authorization") != header:
        raise web.HTTPUnauthorized


async def test_inventree(system: System, opened: Open) -> None:
    def stock(pk: int, **more: Any) -> dict[str, Any]:
        part = {"pk": 3, "IPN": "BLANKET", "name": "Blanket", "full_name": "BLANKET | Blanket", "units": ""}
        place = {"pk": 2, "name": "Shelf A", "pathstring": "Sofia/Shelf A"}
        return {
            "pk": pk,
            "part": 3,
            "part_detail": part,
            "quantity": 12.5,
            "allocated": 2.0,
            "location": 2,
            "location_detail": place,
            "batch": "B-1",
            "expiry_date": "2031-05-31",
            "serial": None,
            "status": 10,
            "status_text": "OK",
        } | more

    rows = [stock(n) for n in range(1, 251)]
    rows += [stock(251, part_detail={"IPN": None, "full_name": "Rope", "units": "m"}, location_detail=None, batch="")]

    def answer(request: web.Request) -> Any:
        checked(request, f"Token {SECRET}")
        assert request.path == "/api/stock/" and request.query["part_detail"] == "true"
        return {"count": len(rows), "next": None, "previous": None, "results": paged(rows, request, "offset", "limit")}

    system.answer = answer
    async with opened(profile="inventree") as context:
        lines, rejected, end = await read(context)
        assert (await RestSource().describe(context)).system == "InvenTree (not tried)"
    line = lines["1"].line
    assert (line.item_code, line.item_name, line.quantity, line.reserved, line.unit) == (
        *("BLANKET", "BLANKET | Blanket", Decimal("12.5"), 2, "pcs"),
    )
    assert (line.location, line.lot, line.expiry, line.status) == ("Sofia/Shelf A", "B-1", "2031-05-31", "OK")
    rope = lines["251"].line
    assert (rope.item_code, rope.unit, rope.location, rope.lot) == (None, "m", None, None)
    assert not rejected and end == SnapshotEnd(as_of=NOW, count=251)
    assert len(system.seen) == 3  # two pages, and one for the description


async def test_erpnext(system: System, opened: Open) -> None:
    row = {"name": "b1", "item_code": "BLANKET", "warehouse": "Stores - RC", "stock_uom": "Nos"}
    rows = [row | {"actual_qty": 100.0, "reserved_qty": 30.0, "ordered_qty": 5.0}]

    def answer(request: web.Request) -> Any:
        checked(request, f"token {SECRET}")
        assert json.loads(request.query["fields"])[0] == "name"
        return {"data": paged(rows, request, "limit_start", "limit_page_length")}

    system.answer = answer
    async with opened(profile="erpnext") as context:
        lines, _, end = await read(context)
    line = lines["b1"].line
    assert (line.quantity, line.reserved, line.incoming, line.unit, line.location) == (100, 30, 5, "pcs", "Stores - RC")
    assert end.count == 1


async def test_business_central(system: System, opened: Open) -> None:
    def item(number: int) -> dict[str, Any]:
        return {
            "@odata.etag": 'W/"x"',
            "id": f"44a76d24-{number}",
            "number": f"1896-{number}",
            "displayName": "Blanket",
            "inventory": 100.5,
            "baseUnitOfMeasureCode": "PCS",
            "itemCategoryCode": "RELIEF",
        }

    def answer(request: web.Request) -> Any:
        checked(request, f"Bearer {SECRET}")
        assert request.path == "/api/v2.0/companies(9f7-c)/items"
        if "$skiptoken" in request.query:
            return {"value": [item(2)]}
        return {"value": [item(1)], "@odata.nextLink": f"{system.url}{request.path}?$skiptoken=44a7"}

    system.answer = answer
    async with opened(profile="business-central", values={"company": "9f7-c"}) as context:
        lines, _, _ = await read(context)
    assert [one.line.item_code for one in lines.values()] == ["1896-1", "1896-2"]
    line = lines["44a76d24-1"].line
    assert (line.quantity, line.unit, line.category, line.location) == (Decimal("100.5"), "pcs", "RELIEF", None)


async def test_openboxes(system: System, opened: Open) -> None:
    def item(number: int, bin_: str | None, **more: Any) -> dict[str, Any]:
        return {
            "inventoryItem.id": f"ff80-{number}",
            "product.name": "Aspirin 20mg",
            "product": {"id": "ff81", "productCode": "00003", "name": "Aspirin 20mg"},
            "productCode": "00003",
            "lotNumber": "L-1",
            "expirationDate": "05/31/2031",
            "binLocation": None,
            "zone": None,
            "quantityAvailable": 80,
            "quantityOnHand": 100,
            "status": "PICKED",
            "pickedRequisitionNumbers": "",
            "binLocation.id": bin_,
            "binLocation.name": bin_ and f"Bin {bin_}",
            "location": {"id": "1", "name": "Sofia"},
        } | more

    rows = [item(1, None), item(1, "7"), item(2, "7", expirationDate=None, lotNumber=None)]

    def answer(request: web.Request) -> Any:
        if request.path == "/openboxes/api/login":
            return None
        assert request.path == "/openboxes/api/facilities/1/availableItems"
        assert request.headers["Cookie"] == "JSESSIONID=ABC"
        return {"data": paged(rows, request, "offset", "max"), "totalCount": len(rows)}

    system.answer = answer
    async with opened(profile="openboxes", values={"facility": "1"}) as context:
        lines, _, _ = await read(context)
    assert set(lines) == {"ff80-1/", "ff80-1/7", "ff80-2/7"}
    line = lines["ff80-1/7"].line
    assert (line.item_code, line.item_name, line.quantity, line.available) == ("00003", "Aspirin 20mg", 100, 80)
    assert (line.lot, line.expiry, line.location, line.status) == ("L-1", "2031-05-31", "Bin 7", "PICKED")
    assert line.reserved is None  # not told, so not known
    assert lines["ff80-2/7"].line.expiry is None
    async with opened("wrong", profile="openboxes", values={"facility": "1"}) as context:
        with pytest.raises(Unauthorised):
            await read(context)
    assert system.logins == 2  # one each


def test_every_profile_is_marked_as_not_tried_and_is_tested_here() -> None:
    text = Path(__file__).read_text("utf-8")
    assert profiles() == ["business-central", "erpnext", "inventree", "openboxes"]
    for name in profiles():
        found = tomllib.loads((Path(__file__).parents[1] / f"xstock_rest/data/profiles/{name}.toml").read_text("utf-8"))
        assert found["tried"] is False
        assert f'profile="{name}"' in text


INTERFACE: dict[str, Any] = {
    "system": "Own",
    "path": "/stock",
    "rows": "",
    "key": ("/id",),
    "fields": {"item_name": "/name", "quantity": "/amounts/0", "expiry": "/best"},
}


def own(**changed: Any) -> Any:
    return msgspec.convert(INTERFACE | changed, Interface)


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": f"Item {number}", "amounts": [number]} | more


async def test_pages_by_number_and_by_cursor(system: System, opened: Open) -> None:
    rows = [row(n) for n in range(1, 6)]
    system.answer = lambda request: rows[(int(request.query["page"]) - 1) * 2 :][:2]
    paging = {"kind": "page", "parameter": "page", "size": 2}
    async with opened(interface=own(paging=paging)) as context:
        lines, _, end = await read(context)
    assert len(lines) == 5 and system.seen == ["/stock?page=1", "/stock?page=2", "/stock?page=3"] and end.complete
    system.seen.clear()
    system.answer = lambda request: (
        {"rows": rows[3:], "after": None} if "after" in request.query else {"rows": rows[:3], "after": "c 1"}
    )
    paging = {"kind": "cursor", "parameter": "after", "next": "/after"}
    async with opened(interface=own(paging=paging, rows="/rows")) as context:
        assert len((await read(context))[0]) == 5
    assert system.seen == ["/stock", "/stock?after=c+1"]


async def test_a_server_that_gives_less_than_was_asked_for_is_read_to_its_total(system: System, opened: Open) -> None:
    rows = [row(n) for n in range(1, 6)]
    system.answer = lambda request: {"rows": rows[int(request.query["from"]) :][:2], "all": len(rows)}
    paging = {"kind": "offset", "parameter": "from", "size": 100, "total": "/all"}
    async with opened(interface=own(paging=paging, rows="/rows")) as context:
        lines, _, end = await read(context)
    assert len(lines) == end.count == 5
    system.answer = lambda request: {"rows": rows[int(request.query["from"]) :][:2], "all": 6}
    async with opened(interface=own(paging=paging, rows="/rows")) as context:
        with pytest.raises(Unavailable, match="6"):
            await read(context)


async def test_a_secret_goes_to_no_other_server(system: System, opened: Open) -> None:
    system.answer = lambda request: {"rows": [row(1)], "next": "https://elsewhere.example/stock"}
    interface = own(paging={"kind": "next", "next": "/next"}, rows="/rows", auth={"kind": "bearer"})
    async with opened(interface=interface) as context:
        with pytest.raises(NotAllowed):
            await read(context)


async def test_pages_without_an_end_are_left(system: System, opened: Open) -> None:
    numbers = iter(range(10**6))
    system.answer = lambda request: {"rows": [row(next(numbers))], "next": "/stock"}
    async with opened(interface=own(paging={"kind": "next", "next": "/next"}, rows="/rows")) as context:
        with pytest.raises(Unavailable):
            await read(context)


async def test_rows_that_are_no_lines_are_rejected_with_their_number(system: System, opened: Open) -> None:
    system.answer = lambda request: [
        row(1),
        row(2, amounts=["1.200"]),
        row(3, amounts=[]),
        row(4, best="31.05.2031"),
        row(5, name=None),
        row(6, name={"en": "x"}),
        "no object",
        row(8, amounts=["-3.5"], best="2032-02"),
    ]
    async with opened(interface=own()) as context:
        lines, rejected, end = await read(context)
    assert [(one.line, one.reason) for one in rejected] == [
        (2, "bad_quantity"),
        (3, "incomplete_line"),
        (4, "bad_date"),
        (5, "incomplete_line"),
        (6, "incomplete_line"),
        (7, "incomplete_line"),
    ]
    assert rejected[0].text == "Item 2" and end.count == 2
    assert lines["8"].line.flags == ("negative",) and lines["8"].line.expiry_precision == "month"


async def test_a_key_that_comes_twice_stops_the_reading(system: System, opened: Open) -> None:
    system.answer = lambda request: [row(1), row(1)]
    async with opened(interface=own()) as context:
        with pytest.raises(Unavailable, match="row 2"):
            await read(context)


@pytest.mark.parametrize(
    ("status", "kind"), [(401, Unauthorised), (403, Unauthorised), (404, AdapterError), (302, AdapterError)]
)
async def test_what_a_status_means(system: System, opened: Open, status: int, kind: type[Exception]) -> None:
    system.answer = lambda request: web.Response(status=status, text="private words", headers={"Location": "/x"})
    async with opened(interface=own(auth={"kind": "basic"})) as context:
        with pytest.raises(kind) as error:
            await read(context)
    assert "private" not in str(error.value) and SECRET not in str(error.value) and len(system.seen) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_busy_system_is_asked_again_later(system: System, opened: Open, status: int) -> None:
    system.answer = lambda request: web.Response(status=status, headers={"Retry-After": "90"})
    async with opened(interface=own()) as context:
        with pytest.raises(Unavailable) as error:
            await read(context)
    assert error.value.retry_after == 90


@pytest.mark.parametrize("body", ["<html>", '{"rows": 3', "[" * 100_000, "[NaN]"])
async def test_what_is_no_json_is_refused(system: System, opened: Open, body: str) -> None:
    system.answer = lambda request: web.Response(text=body)
    async with opened(interface=own()) as context:
        with pytest.raises(Unavailable):
            await read(context)


async def test_rows_that_are_not_where_they_should_be_are_named(system: System, opened: Open) -> None:
    system.answer = lambda request: {"items": []}
    async with opened(interface=own(rows="/rows")) as context:
        with pytest.raises(AdapterError, match="/rows"):
            await read(context)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"url": "http://stock.redcross.example"}, "https"),
        ({"profile": ""}, "profile"),
        ({"profile": "sap"}, "openboxes"),
        ({"profile": "openboxes"}, "facility"),
        ({"secret_file": ""}, "secret_file"),
        ({"profile": "openboxes", "values": {"facility": "1"}, "user": ""}, "user"),
    ],
)
def test_settings_say_what_they_expect(changed: dict[str, Any], words: str) -> None:
    good: dict[str, Any] = {"url": "https://x.example", "profile": "inventree", "secret_file": "s", "user": "u"}
    RestSettings(**good)
    with pytest.raises(ValueError, match=words):
        RestSettings(**good | changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"fields": {"item_name": "/n", "quantity": "/q", "colour": "/c"}},
        {"fields": {"item_name": "/n"}},
        {"paging": {"kind": "offset"}},
        {"paging": {"kind": "next"}},
        {"auth": {"kind": "session"}},
        {"rows": "rows"},
        {"path": "stock"},
        {"unknown": 1},
    ],
)
def test_an_interface_that_makes_no_sense_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        own(**changed)
