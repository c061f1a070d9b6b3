"""What a browser must show: names, origins; what no page lets in: frames, scripts, formulas, ways to other sites."""

import pytest

from tests.console.conftest import Enter
from xstock_node.console.guard import is_local_path
from xstock_node.console.tables import harmless
from xstock_node.domain.rights import Role

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
