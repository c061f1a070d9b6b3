"""Against recorded answers in the shapes of Odoo's External API pages; no real server was there to try."""

import xmlrpc.client
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from xstock_odoo.settings import OdooSettings
from xstock_odoo.source import OdooSource

from xstock_node.plugins import AdapterError, Context, RejectedLine, SnapshotEnd, SourceLine, Unauthorised, Unavailable
from xstock_node.testing.plugin_context import plugin_context

NOW = 1_800_000_000
KEY = "6578616d706c65206a736f6e20617069206b6579"
UNAUTHORISED = {
    "name": "werkzeug.exceptions.Unauthorized",
    "message": "Invalid apikey",
    "arguments": ["Invalid apikey", 401],
    "context": {},
    "debug": "Traceback (most recent call last): ...",
}


def quant(id_: int, product: int, quantity: float, lot: Any = False, **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "product_id": [product, f"[P{product}] shown"],
        "location_id": [8, "WH/Stock"],
        "lot_id": lot,
        "owner_id": False,
        "quantity": quantity,
        "reserved_quantity": 0.0,
    } | more


RECORDS: dict[str, list[dict[str, Any]]] = {
    "stock.quant": [
        quant(1, 11, 100.0, reserved_quantity=30.0),
        quant(2, 12, 12.5, location_id=[9, "WH/Stock/Shelf A"]),
        quant(4, 13, 400.0, [5, "P-2401"]),
        quant(7, 13, 50.0, [5, "P-2401"]),  # the same, in another package
        quant(8, 11, -2.0, owner_id=[3, "Red Cross of Testland"]),
        quant(9, 14, 0.0),
    ],
    "product.product": [
        {"id": 11, "default_code": "BLANKET", "name": "Blanket", "uom_id": [1, "Units"]},
        {"id": 12, "default_code": False, "name": "Rope", "uom_id": [7, "m"]},
        {"id": 13, "default_code": "PARA", "name": "Paracetamol 500 mg", "uom_id": [20, "Strip of 10"]},
        {"id": 14, "default_code": "GONE", "name": "Gone", "uom_id": [1, "Units"]},
    ],
    "stock.lot": [{"id": 5, "name": "P-2401", "expiration_date": "2031-05-31 10:00:00"}],
    "stock.location": [{"id": 8, "complete_name": "WH/Stock"}, {"id": 9, "complete_name": "WH/Stock/Shelf A"}],
}


class Odoo:
    """A server of recorded answers; `calls` are model, method and what was given."""

    def __init__(self, version: str) -> None:
        self.version, self.url, self.secret = version, "", KEY
        self.records = {model: [dict(row) for row in rows] for model, rows in RECORDS.items()}
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.logins = 0
        self.instead: web.Response | None = None

    def answer(self, model: str, method: str, given: dict[str, Any]) -> Any:
        self.calls.append((model, method, given))
        if model not in self.records:
            raise LookupError(f"Object {model} doesn't exist")
        if method == "fields_get":
            names = {name for row in self.records[model] for name in row}
            return {name: {"type": "char"} for name in given["allfields"] if name in names}
        assert method == "search_read"
        rows = self.records[model]
        for field, operator, value in given["domain"]:
            if field == "id" and operator == ">":
                rows = [row for row in rows if row["id"] > value]
            elif operator == "in":
                rows = [row for row in rows if row[field] in value]
            elif field == "location_id" and operator == "child_of":
                rows = [row for row in rows if row["location_id"][0] in value]
        rows = rows[: given.get("limit") or None]
        return [{name: row[name] for name in ("id", *given["fields"])} for row in rows]

    async def take(self, request: web.Request) -> web.StreamResponse:
        if self.instead is not None:
            return web.Response(status=self.instead.status, body=self.instead.body, headers=self.instead.headers.copy())
        if request.path == "/web/version":
            if self.version < "19":
                return web.Response(status=404)
            return web.json_response({"version_info": [19, 0, 0, "final", 0, ""], "version": self.version})
        if request.path.startswith("/json/2/"):
            return await self.json2(request)
        return web.Response(body=self.xmlrpc(request.path, await request.read()), content_type="text/xml")

    async def json2(self, request: web.Request) -> web.StreamResponse:
        assert request.headers["X-Odoo-Database"] == "society" and self.version >= "19"
        if request.headers["Authorization"] != f"bearer {self.secret}":
            self.logins += 1
            return web.json_response(UNAUTHORISED, status=401)
        _, _, model, method = request.path.strip("/").split("/")
        try:
            return web.json_response(self.answer(model, method, await request.json()))
        except LookupError as error:
            gone = {"name": "werkzeug.exceptions.NotFound", "message": str(error), "debug": "Traceback ..."}
            return web.json_response(gone, status=404)

    def xmlrpc(self, path: str, body: bytes) -> bytes:
        given, method = xmlrpc.client.loads(body)
        try:
            if (path, method) == ("/xmlrpc/2/common", "version"):
                found: Any = {"server_version": self.version, "protocol_version": 1}
            elif (path, method) == ("/xmlrpc/2/common", "authenticate"):
                self.logins += 1
                found = 2 if given[:3] == ("society", "node", self.secret) else False
            else:
                assert (path, method) == ("/xmlrpc/2/object", "execute_kw") and given[:2] == ("society", 2)
                if given[2] != self.secret:
                    raise xmlrpc.client.Fault(3, "Access Denied")
                found = self.answer(given[3], given[4], given[6])
        except LookupError as error:
            fault = xmlrpc.client.Fault(
                1, f"Traceback (most recent call last):\n  File ...\nKeyError: {error.args[0]}\n"
            )
            return xmlrpc.client.dumps(fault).encode()
        except xmlrpc.client.Fault as fault:
            return xmlrpc.client.dumps(fault).encode()
        return xmlrpc.client.dumps((found,), methodresponse=True).encode()


@pytest.fixture(params=["19.0", "18.0"])
async def odoo(request: pytest.FixtureRequest) -> AsyncIterator[Odoo]:
    found = Odoo(request.param)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", found.take)
    server = TestServer(app)
    await server.start_server()
    found.url = f"http://127.0.0.1:{server.port}"
    yield found
    await server.close()


@asynccontextmanager
async def opened(odoo: Odoo, folder: Path, secret: str = KEY, **changed: Any) -> AsyncIterator[Context]:
    path = folder / "odoo.key"
    path.write_text(f"{secret}\n", "ascii")
    path.chmod(0o600)
    fields = {"url": odoo.url, "database": "society", "user": "node", "key_file": path.name}
    async with plugin_context(OdooSettings(**fields | changed), folder, now=lambda: NOW) as context:
        yield context


async def read(context: Context) -> list[SourceLine | RejectedLine | SnapshotEnd]:
    return [one async for one in OdooSource().snapshot(context)]


async def test_stock_is_read_with_lots_and_expiry(odoo: Odoo, tmp_path: Path) -> None:
    for page in (1, 2, 500):
        async with opened(odoo, tmp_path, page=page) as context:
            *lines, end = await read(context)
        found = {one.key: one.line for one in lines if isinstance(one, SourceLine)}
        assert {
            key: (line.item_code, line.item_name, line.quantity, line.reserved, line.unit, line.location)
            for key, line in found.items()
        } == {
            "11-0-8-0": ("BLANKET", "Blanket", Decimal(100), Decimal(30), "pcs", "WH/Stock"),
            "12-0-9-0": (None, "Rope", Decimal("12.5"), Decimal(0), "m", "WH/Stock/Shelf A"),
            "13-5-8-0": ("PARA", "Paracetamol 500 mg", Decimal(450), Decimal(0), "Strip of 10", "WH/Stock"),
            "11-0-8-3": ("BLANKET", "Blanket", Decimal(-2), Decimal(0), "pcs", "WH/Stock"),
        }
        assert (found["13-5-8-0"].lot, found["13-5-8-0"].expiry) == ("P-2401", "2031-05-31")
        assert (found["11-0-8-3"].owner, found["11-0-8-3"].flags) == ("Red Cross of Testland", ("negative",))
        assert end == SnapshotEnd(as_of=NOW, count=4)


async def test_it_asks_for_internal_locations_in_pages_and_not_for_each_item(odoo: Odoo, tmp_path: Path) -> None:
    async with opened(odoo, tmp_path) as context:
        await read(context)
    assert [call[:2] for call in odoo.calls] == [
        ("stock.quant", "search_read"),
        ("product.product", "search_read"),
        ("stock.lot", "fields_get"),
        ("stock.lot", "search_read"),
    ]
    assert ["location_id.usage", "=", "internal"] in odoo.calls[0][2]["domain"]


async def test_the_version_chooses_the_way(odoo: Odoo, tmp_path: Path) -> None:
    async with opened(odoo, tmp_path) as context:
        told = await OdooSource().describe(context)
    assert told.system == f"Odoo {odoo.version}" and not told.movements
    assert odoo.logins == (0 if odoo.version == "19.0" else 1)


async def test_a_key_that_is_refused_is_tried_once(odoo: Odoo, tmp_path: Path) -> None:
    async with opened(odoo, tmp_path, "wrong") as context:
        with pytest.raises(Unauthorised) as error:
            await read(context)
    assert odoo.logins == 1 and "wrong" not in str(error.value) and "Traceback" not in str(error.value)


async def test_rights_that_are_taken_meanwhile(odoo: Odoo, tmp_path: Path) -> None:
    if odoo.version == "18.0":
        odoo.xmlrpc = lambda path, body: xmlrpc.client.dumps(xmlrpc.client.Fault(4, "no read")).encode()  # type: ignore[method-assign]
    else:
        odoo.instead = web.json_response({"name": "odoo.exceptions.AccessError", "message": "no read"}, status=403)
    async with opened(odoo, tmp_path) as context:
        with pytest.raises(Unauthorised):
            await read(context)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_a_server_that_is_busy_or_down_is_unavailable(odoo: Odoo, tmp_path: Path, status: int) -> None:
    odoo.instead = web.Response(status=status, headers={"Retry-After": "90"})
    async with opened(odoo, tmp_path) as context:
        with pytest.raises(Unavailable) as error:
            await read(context)
    assert error.value.retry_after == 90


async def test_an_odoo_without_inventory_is_named(odoo: Odoo, tmp_path: Path) -> None:
    del odoo.records["stock.quant"]
    async with opened(odoo, tmp_path) as context:
        with pytest.raises(AdapterError, match=r"stock\.quant") as error:
            await read(context)
    assert not isinstance(error.value, Unavailable) and "Traceback" not in str(error.value)


async def test_lots_before_16_and_without_dates(odoo: Odoo, tmp_path: Path) -> None:
    (lot,) = odoo.records.pop("stock.lot")
    del lot["expiration_date"]
    odoo.records["stock.production.lot"] = [lot]
    async with opened(odoo, tmp_path) as context:
        found = {one.key: one.line for one in await read(context) if isinstance(one, SourceLine)}
    assert (found["13-5-8-0"].lot, found["13-5-8-0"].expiry) == ("P-2401", None)


async def test_locations_of_the_settings(odoo: Odoo, tmp_path: Path) -> None:
    async with opened(odoo, tmp_path, locations=("WH/Stock/Shelf A",)) as context:
        assert [one.key for one in await read(context) if isinstance(one, SourceLine)] == ["12-0-9-0"]
    async with opened(odoo, tmp_path, locations=("WH/Attic",)) as context:
        with pytest.raises(Unauthorised, match="WH/Attic"):
            await read(context)


async def test_what_cannot_be_read_is_rejected_or_stops(odoo: Odoo, tmp_path: Path) -> None:
    odoo.records["stock.lot"][0]["expiration_date"] = "soon"
    odoo.records["product.product"] = [row for row in odoo.records["product.product"] if row["id"] != 12]
    async with opened(odoo, tmp_path) as context:
        lines = await read(context)
    assert [one.reason for one in lines if isinstance(one, RejectedLine)] == ["incomplete_line", "bad_date"]
    odoo.records["stock.quant"][0]["quantity"] = "many"
    async with opened(odoo, tmp_path) as context:
        with pytest.raises(Unavailable):
            await read(context)


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><methodResponse/>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><methodResponse/>'.encode("utf-16"),
        b"<methodResponse>",
        b"<html></html>",
        b"",
    ],
)
async def test_xml_that_is_no_plain_answer_is_refused(tmp_path: Path, odoo: Odoo, body: bytes) -> None:
    odoo.instead = web.Response(body=body)
    async with opened(odoo, tmp_path, protocol="xmlrpc") as context:
        with pytest.raises(Unavailable):
            await read(context)


@pytest.mark.parametrize("body", [b"<html>", b"[" * 100_000, b'{"id": 1}'])
async def test_json_that_is_no_answer_is_refused(tmp_path: Path, odoo: Odoo, body: bytes) -> None:
    odoo.instead = web.Response(body=body)
    async with opened(odoo, tmp_path, protocol="json2") as context:
        with pytest.raises(Unavailable):
            await read(context)


def test_settings_say_what_they_expect() -> None:
    good = {"url": "https://odoo.redcross.example", "database": "society", "key_file": "k"}
    OdooSettings(**good)
    for changed, words in (({"url": "http://odoo.redcross.example"}, "https"), ({"protocol": "xmlrpc"}, "user")):
        with pytest.raises(ValueError, match=words):
            OdooSettings(**good | changed)  # type: ignore[arg-type]
