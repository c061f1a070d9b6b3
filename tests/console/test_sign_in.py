"""The sign-in and account pages over HTTP, as a browser without JavaScript sends their forms; passkeys by software."""

import json
import re
from collections.abc import AsyncIterator
from html import unescape
from http.cookies import Morsel
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple

import aiohttp
import pyotp
import pytest
from aiohttp.test_utils import TestServer

from tests.console.conftest import Enter
from tests.services.authenticator import Authenticator
from tests.services.sign_in_desk import OTHER, PASSWORD, Desk, open_desk
from xstock_node.api.app import Guard, make_app
from xstock_node.console.serving import Console
from xstock_node.domain.rights import Role
from xstock_node.services import duty_codes, links, sessions
from xstock_node.services.links import LinkRequest
from xstock_node.services.office import OPERATOR
from xstock_node.services.ways import OfWhom

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Page(NamedTuple):
    """An answer: status, where it leads, the page."""

    status: int
    to: str
    text: str

    @property
    def problem(self) -> str:
        """What the page says was wrong, without its markup."""
        found = re.search(r'<section class="problem".*?</section>', self.text, re.S)
        return unescape(re.sub(r"<[^>]*>|\s+", " ", found[0])) if found else ""

    def all(self, pattern: str) -> list[str]:
        return [unescape(found) for found in re.findall(pattern, self.text, re.S)]


class Browser:
    """One browser at the console, with its cookies. `site` is how it writes the address."""

    def __init__(self, server: TestServer, site: str, secure: bool = False) -> None:
        self._server, self.site = server, site
        self.jar: dict[str, str] = {}
        self.set: dict[str, Morsel[str]] = {}
        scheme = "https" if secure else "http"
        self.origin = f"{scheme}://{site}"

    async def get(self, path: str) -> Page:
        return await self._ask("GET", path)

    async def send(self, path: str, act: str, **fields: str) -> Page:
        return await self._ask("POST", path, data={"act": act, "once": token_hex(16), **fields})

    async def json(self, path: str) -> Any:
        return json.loads((await self.get(path)).text)

    async def foreign(self, path: str, act: str, **fields: str) -> Page:
        return await self._ask("POST", path, data={"act": act, **fields}, origin="https://evil.test", site="cross-site")

    async def _ask(self, method: str, path: str, origin: str = "", site: str = "same-origin", **more: Any) -> Page:
        headers = {"Host": self.site, "User-Agent": AGENT, "Accept-Language": "en"}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        if method == "POST":
            headers |= {"Origin": origin or self.origin, "Sec-Fetch-Site": site}
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client,
            client.request(
                method, self._server.make_url(path), headers=headers, allow_redirects=False, **more
            ) as answer,
        ):
            for name, morsel in answer.cookies.items():
                self.set[name] = morsel
                self.jar[name] = morsel.value
            return Page(answer.status, answer.headers.get("Location", ""), await answer.text())


class World(NamedTuple):
    """A node with its console."""

    desk: Desk
    server: TestServer

    def browser(self, site: str = "localhost:8440", secure: bool = False) -> Browser:
        return Browser(self.server, site, secure)

    async def link(self, name: str = "ana", **more: Any) -> str:
        return (await links.make_link(self.desk.office, OPERATOR, LinkRequest(name=name, **more))).code

    async def signed_in(self, name: str = "ana", **more: Any) -> Browser:
        browser = self.browser(**more)
        assert (await browser.send("/sign-in/code", "code", code=await self.link(name))).status == 303
        return browser


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_desk(tmp_path) as desk:
        console = Console(desk.office, "https://console.redcross.example")
        server = TestServer(make_app(desk.office, Guard("operator-token"), desk.office.node.trace, console))
        await server.start_server()
        yield World(desk, server)
        await server.close()


async def test_a_one_time_code_leads_to_a_first_way_in_and_is_used_up(world: World) -> None:
    browser, code = world.browser(), await world.link()
    page = await browser.get(f"/sign-in/code?code={code}")
    assert f'value="{code}"' in page.text, "only looked at: nothing is used up"
    sent = await browser.send("/sign-in/code", "code", code=code)
    assert (sent.status, sent.to) == (303, "/account?done=sign-in.link")
    assert "The code is used up" in (await browser.get(sent.to)).text
    assert (await world.browser().send("/sign-in/code", "code", code=code)).status == 403


async def test_the_cookie_is_for_this_browser_alone_and_secure_by_https(world: World) -> None:
    plain, tls = await world.signed_in(), await world.signed_in(site="console.redcross.example", secure=True)
    for browser, secure in ((plain, False), (tls, True)):
        cookie = browser.set["xstock_session"]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
        assert bool(cookie["secure"]) is secure
        assert browser.jar["xstock_session"] not in (await browser.get("/account")).text


async def test_every_sign_in_is_a_new_session_and_one_that_was_brought_is_never_taken(world: World) -> None:
    browser = world.browser()
    browser.jar["xstock_session"] = fixed = "xc_" + "0" * 64
    await browser.send("/sign-in/code", "code", code=await world.link())
    first = browser.jar["xstock_session"]
    await browser.send("/sign-in/code", "code", code=await world.link())
    second = browser.jar["xstock_session"]
    assert len({fixed, first, second}) == 3
    assert await world.desk.name_of(fixed) == await world.desk.name_of(first) == ""
    assert await world.desk.name_of(second) == "ana"


async def test_a_password_is_set_up_without_javascript_and_signs_in(world: World) -> None:
    browser = await world.signed_in()
    page = await browser.send("/account", "counter")
    assert page.status == 200 and "<svg" in page.text
    (secret,) = page.all(r"<code>([A-Z2-7]{32})</code>")
    counter = pyotp.TOTP(secret)
    code = counter.at(world.desk.clock.time)
    fields = {"counter": "yes", "password": PASSWORD, "again": PASSWORD}
    page = await browser.send("/account", "password", **fields, code="000000")
    assert page.status == 403 and secret in page.text and PASSWORD not in page.text
    page = await browser.send("/account", "password", **(fields | {"again": OTHER}), code=code)
    assert page.status == 422 and secret in page.text
    assert (await browser.send("/account", "password", **fields, code=code)).to == "/account?done=user.password"
    world.desk.clock.time += 60
    other = world.browser()
    fields = {"name": "ana", "password": PASSWORD, "code": counter.at(world.desk.clock.time)}
    sent = await other.send("/sign-in", "password", next="/requests?state=open", **fields)
    assert (sent.status, sent.to) == (303, "/requests?state=open")
    assert "Firefox on Linux" in (await other.get("/account")).text


async def test_whatever_fails_is_told_in_one_sentence_and_the_name_stays(world: World) -> None:
    await world.desk.with_password("ana")
    browser, told = world.browser(), set()
    for name, password in (("ana", "wrong"), ("nobody", PASSWORD), ("ana", PASSWORD)):
        page = await browser.send("/sign-in", "password", name=name, password=password, code="123456")
        assert page.status == 403 and f'value="{name}"' in page.text and password not in page.text
        told.add(page.problem)
    told.add((await browser.send("/sign-in", "passkey", answer="{}")).problem)
    told.add((await browser.send("/sign-in/code", "code", name="ana", code="ABCD-EFGH")).problem)
    told.add((await browser.send("/sign-in/code", "code", code="no code at all")).problem)
    assert len(told) == 1 and "xstock_session" not in browser.jar


async def test_who_tries_often_is_told_to_wait_and_may_come_in_another_way(world: World) -> None:
    browser = world.browser()
    statuses = [
        (await browser.send("/sign-in", "password", name="ana", password=OTHER, code="1")).status for _ in range(8)
    ]
    assert statuses[0] == 403 and statuses[-1] == 429
    codes = await duty_codes.make_codes(world.desk.office, OPERATOR, OfWhom(name="ana"))
    assert (await browser.send("/sign-in/code", "code", name="ana", code=codes.codes[0].code)).status == 303


async def test_a_paper_code_signs_in_for_twelve_hours_and_says_so(world: World) -> None:
    await world.desk.hire("ivo", Role.DUTY_OFFICER)
    browser = world.browser()
    sheet = await duty_codes.make_codes(world.desk.office, OPERATOR, OfWhom(name="ivo"))
    sent = await browser.send("/sign-in/code", "code", name="Ivo", code=sheet.codes[0].code.lower(), next="/ask")
    assert (sent.status, sent.to) == (303, "/ask?done=sign-in.code")
    assert "for twelve hours" in (await browser.get(sent.to)).text
    page = await browser.get("/account")
    assert "sets up no other way in" in page.text and 'value="counter"' not in page.text
    assert (await browser.send("/account", "counter")).status == 403
    assert (await browser.send("/account", "codes")).status == 403
    world.desk.clock.time += 12 * 3600
    assert (await browser.get("/desk")).to.startswith("/sign-in?next=")


async def test_ten_codes_are_printed_on_the_page_once(world: World) -> None:
    browser = await world.signed_in()
    page = await browser.send("/account", "codes")
    codes = page.all(r"<li><code>([A-Z-]{9})</code>")
    assert page.status == 200 and len(set(codes)) == 10
    assert not (await browser.get("/account")).all(r"<li><code>([A-Z-]{9})</code>")
    assert (await world.browser().send("/sign-in/code", "code", name="ana", code=codes[9])).status == 303


async def test_a_passkey_is_made_and_shown_by_the_forms_that_the_script_fills(world: World) -> None:
    browser = await world.signed_in()
    key = Authenticator(browser.origin, "localhost")
    asked = await browser.json("/account.json?passkey=true")
    fields = {"token": asked["token"], "answer": key.make(asked["options"]).decode(), "label": "телефон"}
    assert (await browser.send("/account", "passkey", **fields)).to == "/account?done=user.passkey"
    assert "телефон" in (await browser.get("/account")).text
    other = world.browser()
    asked = await other.json("/sign-in.json?passkey=true&next=/ask")
    fields = {"token": asked["token"], "answer": key.show(asked["options"]).decode(), "next": asked["next"]}
    thief = world.browser()
    assert (await thief.send("/sign-in", "passkey", **fields)).status == 403, "not the browser that was asked"
    assert (await other.send("/sign-in", "passkey", **fields)).to == "/ask"
    assert other.set["xstock_attempt"]["httponly"]


async def test_a_passkey_goes_by_the_name_of_the_console_by_https(world: World) -> None:
    browser = await world.signed_in(site="console.redcross.example", secure=True)
    key = Authenticator("https://console.redcross.example", "console.redcross.example")
    asked = await browser.json("/account.json?passkey=true")
    fields = {"token": asked["token"], "answer": key.make(asked["options"]).decode()}
    assert (await browser.send("/account", "passkey", **fields)).status == 303
    laptop = world.browser()
    asked = await laptop.json("/sign-in.json?passkey=true")
    answer = key.show(asked["options"]).decode()
    assert (await laptop.send("/sign-in", "passkey", token=asked["token"], answer=answer)).status == 403


async def test_at_a_bare_address_the_page_says_where_passkeys_work(world: World) -> None:
    page = await world.browser("127.0.0.1:8440").get("/sign-in")
    assert page.all('href="(http://localhost:8440/sign-in)"') and "data-passkey" not in page.text


@pytest.mark.parametrize(
    "next_",
    [
        "https://evil.test/",
        "//evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/\t/evil.test",
        "/desk\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "http:evil.test",
        "desk",
        "",
        "/sign-in?next=/desk",
        "/%0d%0aLocation:%20https://evil.test",
    ],
)
async def test_next_never_leads_away(world: World, next_: str) -> None:
    browser = await world.signed_in()
    sent = await browser.send("/sign-in/code", "code", code=await world.link(), next=next_)
    assert sent.status == 303
    assert sent.to.startswith("/account?done=") or re.fullmatch(r"/[a-z%0-9A-Z:./]*", sent.to)


async def test_next_of_the_query_is_a_local_path_in_the_form(world: World) -> None:
    from urllib.parse import quote

    browser = world.browser()
    for bad in ("https://evil.test/", "//evil.test", "/\\evil.test", '"><script>alert(1)</script>'):
        assert set((await browser.get(f"/sign-in?next={quote(bad)}")).all('name="next" value="([^"]*)"')) == {"/desk"}
    good = (await browser.get("/sign-in?next=/operation%3Fcase%3D1")).all('name="next" value="([^"]*)"')
    assert set(good) == {"/operation?case=1"}


@pytest.mark.parametrize("field", ["name", "code", "label", "remark", "days", "scope", "session", "key", "passkey"])
async def test_what_is_typed_is_never_markup(world: World, field: str) -> None:
    hostile = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
    browser = await world.signed_in()
    for act in (
        "passkey",
        "password",
        "token",
        "token-end",
        "session-end",
        "passkey-end",
        "counter",
        "codes",
        "no-act",
    ):
        page = await browser.send("/account", act, **{field: hostile})
        assert "<script>alert" not in page.text and "<img src=x" not in page.text, act
    for path, act in (("/sign-in", "password"), ("/sign-in", "passkey"), ("/sign-in/code", "code")):
        page = await world.browser().send(path, act, **{field: hostile})
        assert page.status in (403, 429) and "<script>alert" not in page.text and "<img src=x" not in page.text


async def test_no_other_site_signs_anybody_in_or_out_or_changes_an_account(world: World) -> None:
    browser = await world.signed_in()
    code = await world.link()
    for path, act in (
        ("/sign-in/code", "code"),
        ("/sign-in", "password"),
        ("/sign-out", "leave"),
        ("/account", "codes"),
        ("/account", "token"),
        ("/account", "sign-out-everywhere"),
    ):
        assert (await browser.foreign(path, act, code=code)).status == 403
    assert (await browser.get("/account")).status == 200
    assert (await world.browser().send("/sign-in/code", "code", code=code)).status == 303, "not used up"


async def test_sign_out_ends_the_session_everywhere_it_was_copied(world: World) -> None:
    browser = await world.signed_in()
    copied = browser.jar["xstock_session"]
    assert (await browser.get("/sign-out")).status == 200 and await world.desk.name_of(copied) == "ana"
    sent = await browser.send("/sign-out", "leave")
    assert (sent.to, browser.jar["xstock_session"]) == ("/sign-in?done=sign-out", "")
    assert await world.desk.name_of(copied) == ""


async def test_other_sessions_are_listed_and_ended(world: World) -> None:
    browser, lost = await world.signed_in(), await world.signed_in()
    page = await browser.get("/account")
    (other,) = page.all(r'<option value="([0-9a-f]{16})">Firefox on Linux')
    assert (await browser.send("/account", "session-end", session=other)).to == "/account?done=session.end"
    assert (await lost.get("/desk")).status == 303 and (await browser.get("/desk")).status == 200
    await browser.send("/account", "sign-out-everywhere")
    assert (await browser.get("/desk")).status == 303


async def test_a_token_of_ones_own_is_made_narrow_shown_once_and_ended(world: World) -> None:
    browser = await world.signed_in()
    page = await browser.send("/account", "token", remark="stock list", days="7", scope="stock.see")
    (token,) = page.all(r"<code>(xs_[0-9a-f]{48})</code>")
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}", "Host": "localhost:1"}) as client:
        async with client.get(world.server.make_url("/api/1/stock")) as answer:
            assert answer.status == 200
        async with client.get(world.server.make_url("/api/1/people/ways")) as answer:
            assert answer.status == 403, "outside its scope"
        page = await browser.get("/account")
        assert token not in page.text and "stock list" in page.text
        key = page.all(r'<option value="([0-9a-f]{16})">stock list')[0]
        assert (await browser.send("/account", "token-end", key=key)).status == 303
        async with client.get(world.server.make_url("/api/1/stock")) as answer:
            assert answer.status == 403
    assert (await browser.send("/account", "token", days="9999")).status == 422
    assert (await browser.send("/account", "token", scope="people")).status in (200, 403, 422)


async def test_a_session_cookie_is_no_key_to_the_api(world: World) -> None:
    browser = await world.signed_in()
    assert (await browser.get("/api/1/people/ways")).status == 403


async def test_a_form_that_comes_after_its_session_hands_no_secret_back(world: World) -> None:
    browser = await world.signed_in()
    await sessions.end(world.desk.office, browser.jar["xstock_session"])
    page = await browser.send("/account", "password", password=PASSWORD, again=PASSWORD, code="123456", label="kept")
    assert page.status == 401 and PASSWORD not in page.text and "123456" not in page.text and "kept" in page.text


async def test_an_account_of_long_ago_asks_for_a_new_sign_in_before_it_changes_anything(world: World) -> None:
    browser = await world.signed_in()
    world.desk.clock.time += sessions.FRESH
    page = await browser.get("/account")
    assert page.status == 200 and 'href="/sign-in?next=/account"' in page.text
    for act in ("counter", "codes", "token", "password-end", "passkey-end"):
        assert (await browser.send("/account", act, passkey="x")).status == 403, act


async def test_pages_of_the_sign_in_say_nothing_of_the_node_and_keep_their_headers(world: World) -> None:
    for path in ("/sign-in", "/sign-in/code", "/sign-out", "/sign-in.json"):
        page = await world.browser().get(path)
        assert page.status == 200 and "ana" not in re.sub(r"language|manage|name", "", page.text)


async def test_no_link_begins_a_sign_in_elsewhere_and_no_other_site_does(console: Enter) -> None:
    reader = await console(Role.LOGISTICS)
    for path in ("/sign-in/with?provider=oidc&connect=true", "/sign-in/with?provider=oidc", "/sign-in/with"):
        shown = await reader.get(path, **{"Sec-Fetch-Site": "cross-site"})
        assert shown.status == 200 and "onward.js" not in shown.html and "data-onward" not in shown.html
        assert "xstock_question" not in str(shown.headers)
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    sent = await reader.post("/sign-in/with", {"act": "begin", "provider": "oidc", "connect": "yes"}, **foreign)
    assert sent.status == 403
    back = await reader.get("/sign-in/with?state=1.2.own.oidc..x&code=evil")
    assert "data-onward" in back.html, "a browser only carries what it was given"
    sent = await reader.post("/sign-in/with", {"act": "finish", "back.state": "1.2.own.oidc..x", "back.code": "evil"})
    assert sent.status == 422 and "begin again" in sent.html
