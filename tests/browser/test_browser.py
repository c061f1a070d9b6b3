"""The browser harness on a small page: what a person does, sees and hears of; faults are told, never swallowed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.browser import Browser, BrowserError, Tab
from tests.browser.pages import served

PAGE = """<!doctype html><html lang="bg"><head><meta charset="utf-8"><title>Искане</title>
<meta name="viewport" content="width=device-width"><script type="module" src="/page.js"></script>
<link rel="stylesheet" href="/page.css"><link rel="icon" href="/icon.css"></head><body><main><h1>Искане за одеяла</h1>
<form><label>Количество <input name="n"></label><label>Единица <select name="u"><option value="C62">брой
<option value="KGM">килограм</select></label><label><input type="checkbox" name="s"> Заместители</label>
<label>Списък <input type="file" name="f"></label><button type="button">Изпрати</button></form>
<p id="said"></p><p id="zone"></p><p class="wide">Международна федерация</p></main></body></html>"""
SCRIPT = """const said = document.querySelector("#said");
document.querySelector("button").onclick = () => { const f = new FormData(document.querySelector("form"));
  said.textContent = [f.get("n"), f.get("u"), f.get("s"), f.get("f").name].join(" "); };
document.querySelector("#zone").textContent = new Date(0).toLocaleString() + " " +
matchMedia("(prefers-color-scheme: dark)").matches;"""
BAD = PAGE.replace("<label>Количество <input", "<label>Друго</label><div><input").replace(
    "<h1>", "<h1 style='color: red'>"
)
PAGES = {
    "/": PAGE,
    "/page.js": SCRIPT,
    "/icon.css": "",
    "/page.css": ".narrow {width: 9000px}",
    "/bad": BAD,
    "/wide": PAGE.replace("wide", "narrow"),
}


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served(PAGES) as found:
        yield found


@pytest.fixture
def tab(browser: Browser, base: str) -> Iterator[Tab]:
    found = browser.tab(base)
    assert found.open("/").status == 200
    yield found
    found.close()


def test_a_form_is_filled_by_its_labels_and_actions_are_counted(tab: Tab, tmp_path: Path) -> None:
    (tmp_path / "склад.csv").write_text("1", "utf-8")
    tab.fill("Количество", "120")
    tab.choose("Единица", "килограм")
    tab.check("Заместители")
    tab.upload("Списък", tmp_path / "склад.csv")
    tab.click(role="button", name="Изпрати")
    tab.see("120 KGM on склад.csv")
    assert tab.actions == 6 and tab.value("Количество") == "120"
    assert tab.names("heading") == ["Искане за одеяла"] and tab.faults() == []


def test_the_keyboard_reaches_what_the_mouse_does(tab: Tab) -> None:
    tab.press("Tab")
    assert tab.focused().tag == "input" and tab.focused().name.startswith("Количество")
    tab.type("7")
    for _ in range(4):
        tab.press("Tab")
    assert tab.focused().name == "Изпрати"
    tab.press("Enter")
    tab.see("7 C62")


def test_what_is_not_there_is_an_error_that_names_it(tab: Tab) -> None:
    with pytest.raises(BrowserError, match=r"Timeout 300ms(.|\n)*одеала"):
        tab.see("одеала", wait=0.3)


def test_size_language_zone_theme_and_scripts_are_the_person_s(browser: Browser, base: str) -> None:
    phone = browser.tab(base, width=390, height=844, locale="bg-BG", timezone="Asia/Almaty", theme="dark", phone=True)
    phone.open("/")
    assert phone.text(css="#zone") == "1.01.1970 г., 06:00:00 ч. true"
    assert phone.evaluate("innerWidth") == 390
    plain = browser.tab(base, javascript=False)
    plain.open("/")
    assert plain.text(css="#zone") == "" and "Искане за одеяла" in plain.text()
    bare = browser.tab(base, blocked=["**/page.js"])
    bare.open("/")
    assert bare.text(css="#zone") == "" and any("ERR_FAILED" in fault for fault in bare.faults())


def test_axe_finds_what_is_wrong_under_a_strict_policy_and_nothing_where_nothing_is(tab: Tab) -> None:
    assert [found.rule for found in tab.axe() if found.impact in ("serious", "critical")] == []
    tab.open("/bad")
    assert "label" in {found.rule for found in tab.axe() if found.impact in ("serious", "critical")}
    assert any("Content Security Policy" in fault for fault in tab.faults())


def test_a_page_that_scrolls_sideways_is_told(tab: Tab) -> None:
    assert tab.overflow() == []
    tab.open("/wide")
    assert any("Международна федерация" in found for found in tab.overflow())


def test_a_cut_line_is_cut_and_mended(tab: Tab) -> None:
    tab.offline()
    with pytest.raises(BrowserError, match="ERR_INTERNET_DISCONNECTED"):
        tab.open("/")
    tab.offline(False)
    assert tab.open("/").status == 200


def test_the_clock_jumps_and_time_passes(browser: Browser, base: str) -> None:
    tab = browser.tab(base)
    tab.clock("2027-03-28T00:59:00Z")
    tab.open("/")
    tab.evaluate("setTimeout(() => { document.querySelector('#said').textContent = 'later' }, 60000)")
    tab.jump("2027-03-28T03:30:00Z")
    assert str(tab.evaluate("new Date().toISOString()")).startswith("2027-03-28T03:30") and tab.text(css="#said") == ""
    tab.forward(61)
    tab.see("later")


def test_a_passkey_is_made_kept_and_carried_to_a_second_machine(browser: Browser, base: str) -> None:
    first, second = browser.tab(base), browser.tab(base)
    for one in (first, second):
        one.open("/")
        one.authenticator()
    assert first.evaluate(CREATE) == "public-key" and len(first.passkeys()) == 1
    second.add_passkey(first.passkeys()[0])
    assert second.evaluate(GET) == "public-key"


CREATE = """navigator.credentials.create({publicKey: {challenge: new Uint8Array(32), rp: {name: "node"},
  user: {id: new Uint8Array([1]), name: "ana", displayName: "Ана"}, pubKeyCredParams: [{type: "public-key", alg: -7}],
  authenticatorSelection: {residentKey: "required", userVerification: "required"}}}).then((made) => made.type)"""
GET = """navigator.credentials.get({publicKey: {challenge: new Uint8Array(32)}}).then((found) => found.type)"""


def test_a_second_tab_is_the_same_person_and_pictures_are_taken(browser: Browser, tab: Tab, tmp_path: Path) -> None:
    tab.evaluate("document.cookie = 'a=b'")
    beside = browser.beside(tab)
    beside.open("/")
    assert [cookie["name"] for cookie in beside.cookies()] == ["a"]
    path = beside.screenshot(tmp_path / "page.png")
    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    beside.close()
    assert [url.rpartition("/")[2] for url in tab.requests()] == ["", "page.js", "page.css", "icon.css"]
