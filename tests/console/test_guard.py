"""What a browser must show: names, origins; what no page lets in: frames, scripts, formulas, ways to other sites."""

import asyncio

import pytest
from aiohttp.test_utils import TestClient, TestServer

from tests.api.conftest import Desk
from tests.console.conftest import BG, Enter, Reader
from xstock_node.api.app import Guard, make_app
from xstock_node.console.guard import is_local_path
from xstock_node.console.serving import Console
from xstock_node.console.tables import harmless
from xstock_node.domain.rights import Role
from xstock_node.protocol import limits
from xstock_node.services import sessions

FORM = {"act": "read", "language": "bg", "theme": "dark", "back": "/desk"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost"},
    ],
)
async def test_a_form_of_another_site_does_nothing(console: Enter, headers: dict[str, str]) -> None:
    reader = await console(Role.DUTY_OFFICER)
    answered = await reader.post("/reads", FORM, **headers)
    assert answered.status == 403 and "Set-Cookie" not in answered.headers


async def test_a_name_that_is_not_the_console_s_is_not_served(console: Enter) -> None:
    reader = await console(Role.DUTY_OFFICER)
    for host in ("evil.example", "localhost.evil.example:80", "127.0.0.1.nip.io", ""):
        assert (await reader.get("/desk", Host=host)).status == 421


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/ok\r\nX: y", "\\\\x", ""],
)
async def test_no_form_leads_to_another_site(console: Enter, path: str) -> None:
    reader = await console(Role.DUTY_OFFICER)
    assert not is_local_path(path)
    assert (await reader.post("/reads", FORM | {"back": path})).headers["Location"] == "/desk"


@pytest.mark.parametrize("value", ['=HYPERLINK("http://x")', "+1+1", "-2+3", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_of_a_table_is_a_formula(value: str) -> None:
    assert harmless(value) == f"'{value}"


def test_a_figure_stays_a_figure() -> None:
    assert [harmless(x) for x in ("-5", "-5.25", 12, None, ["a", "b"])] == ["-5", "-5.25", "12", "", "a, b"]


async def test_a_form_that_is_too_large_or_broken_is_refused(console: Enter) -> None:
    reader = await console(Role.DUTY_OFFICER)
    assert (await reader.post("/ask", {"act": "look", "note": "x" * 600_000})).status == 413
    assert (await reader.post("/ask", {f"line.{n}.item": "x" for n in range(5000)})).status in (413, 422)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await reader.post("/ask", b"act=look&note=\xff\xfe", **kind)).status == 422
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await reader.post("/ask", b"--x\r\nnonsense", **kind)).status in (404, 422)


async def test_what_people_type_is_shown_and_never_run(console: Enter) -> None:
    reader = await console(Role.DUTY_OFFICER)
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}${7*7}'
    fields = dict.fromkeys(("line.0.item", "place", "note", "event"), hostile)
    shown = await reader.post("/ask", {"act": "look"} | fields)
    assert "<script>alert" not in shown.html and "<img src=x" not in shown.html and "{{7*7}}" in shown.html
    assert shown.html.count("&lt;script&gt;alert(1)") >= 4
    for path in (
        f"/search?text={hostile}",
        f"/jump?q={hostile}",
        f"/desk?done={hostile}",
        f"/catalogue?text={hostile}",
    ):
        found = await reader.get(path + hostile)
        assert "<script>alert" not in found.html and "<img src=x" not in found.html, path


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
async def test_a_form_that_drips_in_is_cut(console: Enter, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(limits, "SMALL_BODY_SECONDS", 0.3)
    reader = await console()
    into, out = await asyncio.open_connection("127.0.0.1", reader.client.port)
    head = f"POST /ask HTTP/1.1\r\nHost: {reader.host}\r\nOrigin: http://{reader.host}\r\n"
    out.write(f"{head}Content-Type: {kind}\r\nContent-Length: 5000\r\n\r\n--x\r\n".encode())
    answered = await asyncio.wait_for(into.readuntil(b"</html>"), 5)
    assert b"422" in answered.splitlines()[0] and b"a form within 0.3 s" in answered
    out.close()


async def test_behind_a_proxy_the_console_is_known_by_its_own_name(desks: dict[str, Desk]) -> None:
    office = desks[BG].office
    app = make_app(office, Guard("operator"), office.node.trace, Console(office, "https://console.example.org"))
    async with TestClient(TestServer(app)) as client:
        await desks[BG].hire("ana", Role.DUTY_OFFICER)
        reader = Reader(office, client, await sessions.begin(office, "ana", "link", "test"))
        name = {"Host": "console.example.org", "Origin": "https://console.example.org"}
        assert (await reader.get("/desk", Host="console.example.org")).status == 200
        sent = await reader.post("/reads", FORM, **name)
        assert sent.status == 303 and "Secure" in sent.headers["Set-Cookie"]
        assert (await reader.post("/reads", FORM, **name | {"Origin": "http://console.example.org"})).status == 403
        assert (await reader.get("/desk", Host="console.example.org:8443")).status == 421
        assert (await reader.get("/api/1/status", Host="console.example.org")).status == 403, (
            "the API stays on loopback"
        )
