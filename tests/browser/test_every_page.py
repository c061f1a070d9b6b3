"""Every page of a node at work: judged by axe in two themes, widths and scripts, by keyboard, and without a script."""

from collections.abc import Iterator

import pytest

from tests.browser.browser import Browser, Tab
from tests.browser.federation import TENT, Federation, Spoken, federation
from tests.story.town_node import warn
from tests.story.two_nodes import run, stocked
from xstock_node.console.languages import LANGUAGES, Language
from xstock_node.console.pages import PAGES
from xstock_node.domain.rights import Role

pytestmark = pytest.mark.heavy
MENU = [page for page in PAGES if page.group]
SAY = Spoken("en")
UNREACHABLE = """[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
  .filter((one) => one.getClientRects().length && (one.tabIndex < 0 || one.disabled))
  .map((one) => one.outerHTML.slice(0, 120))"""


WATCH = """(() => {
  const act = (form) => [form.getAttribute("action"), form.elements.act?.value];
  const key = (form, button) => [...act(form), button?.innerText.trim()].join(" | ");
  window.sent = new Set();
  for (const form of document.forms) form.noValidate = true;
  document.addEventListener("submit", (event) => {
    window.sent.add(key(event.target, event.submitter));
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  window.wanted = () => [...document.querySelectorAll("form button:not([type=button])")]
    .filter((one) => one.getClientRects().length)
    .map((one) => key(one.form, one)).filter((one) => !window.sent.has(one));
  window.here = () => {
    const one = document.activeElement;
    const closed = one.tagName === "SUMMARY" && !one.parentElement.open;
    const sends = one.tagName === "BUTTON" && one.form && one.type === "submit" && !window.sent.has(key(one.form, one));
    return closed || sends ? "press" : one === document.body ? "end" : "";
  };
})()"""
"""Forms only say that they were sent; `wanted()` are those that were not, `here()` what the keyboard is on."""
MOST_TABS = 1200


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    """A node with stock, offers, a warning, a request of three, and a person with every role."""
    folder = tmp_path_factory.mktemp("pages")
    with federation(folder, '[alerts]\nareas = ["BG311"]\n') as found:
        # From the first approver on, other roles that decide wait for a day.
        found.hire("ana", *(role for role in Role if role not in (Role.NIGHT_DEPUTY, Role.APPROVER)), Role.APPROVER)
        said = {"bg-BG": "Наводнение по Дунав", "en-GB": "Flood on the Danube"}
        warn(found.home, folder, "BG-2026-1", "BG311", said)
        stocked(found.home, "Палатка семейна зимна, двуслойна, с подова постелка и печка", TENT, "12")
        run(found.home, "offer", "publish", "--release")
        asked = [word for name in found.others for word in ("--to", name)]
        run(found.home, "request", "new", *asked, "--line", f"{TENT}=300", "--place", "Видин", "--needed-by", "+24h")
        yield found


def paths(found: Federation) -> list[str]:
    """Every page of the menu, and one of each thing that has a page of its own."""
    request = next(one for one in run(found.home, "request", "list") if one["operations"])
    case, warning = request["operations"][0]["case"], run(found.home, "alert", "list")[0]["id"]
    offer = run(found.home, "search", "šator")["hits"][0]
    return [
        *(page.path for page in MENU),
        f"/request?id={request['id']}",
        f"/without-line?id={request['id']}",
        f"/operation?case={case}",
        f"/alert?id={warning}",
        f"/offer?node={offer['node']}&id={offer['id']}",
        f"/item?code={TENT}",
        "/jump?q=tent",
        "/help?page=manual",
        f"/ask?draft={run(found.home, 'request', 'drafts')[0]['id']}",
        "/no-such-page",
    ]


@pytest.mark.parametrize(
    ("width", "theme", "locale"), [(1440, "light", "en-GB"), (390, "dark", "bg-BG"), (1440, "dark", "sr-Latn-RS")]
)
def test_axe_finds_nothing_and_nothing_is_over_the_edge(
    browser: Browser, found: Federation, width: int, theme: str, locale: str
) -> None:
    tab = browser.tab(found.base, width=width, height=844, theme=theme, locale=locale, phone=width < 500)  # type: ignore[arg-type]
    enter(tab, found)
    wrong = []
    for path in paths(found):
        answered = tab.open(path)
        assert answered.status == (404 if path == "/no-such-page" else 200), path
        bad = [one for one in tab.axe() if one.impact in ("serious", "critical")]
        faults = [one for one in tab.faults() if "404" not in one]
        unreachable = tab.evaluate(UNREACHABLE)
        if bad or faults or unreachable or tab.overflow():
            wrong.append(
                (path, [(one.rule, one.nodes[:1]) for one in bad], tab.overflow()[:2], faults, unreachable[:2])
            )
    assert wrong == []


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one.code != "en"], ids=lambda one: one.code)
def test_no_word_of_any_language_reaches_over_the_edge_of_a_phone(
    browser: Browser, found: Federation, language: Language
) -> None:
    tab = browser.tab(found.base, width=390, height=844, phone=True)
    enter(tab, found)
    tab.add_cookie("xstock_language", language.code)
    wide = []
    for path in paths(found):
        tab.open(path)
        assert tab.evaluate("document.documentElement.lang") == language.code, path
        wide += [(path, one) for one in tab.overflow()[:2]]
    assert wide == []


def test_every_page_works_without_script_and_without_style(browser: Browser, found: Federation) -> None:
    tab = browser.tab(found.base, javascript=False, blocked=["**/static/**"])
    enter(tab, found)
    for path in paths(found):
        tab.open(path)
        assert tab.names("heading"), path
    tab.open("/ask")
    tab.fill(SAY("Goods, by any name"), TENT)
    tab.fill(SAY("How many"), "20")
    tab.fill(SAY("Place"), "Лом")
    tab.click(role="button", name=SAY("Who could help?"))
    tab.check("Hrvatski Crveni križ")
    tab.click(role="button", name=SAY("Sign and send the request"))
    tab.see(SAY("The request is sent. Each node has its own signed copy."))
    assert "Лом" in [one["place"] for one in run(found.home, "request", "list")]


def test_every_act_of_every_page_is_done_by_keyboard(browser: Browser, found: Federation) -> None:
    tab = browser.tab(found.base)
    enter(tab, found)
    left, acts = {}, 0
    for path in paths(found):
        tab.open(path)
        tab.evaluate(WATCH)
        for _ in range(MOST_TABS):
            tab.press("Tab")
            where = tab.evaluate("window.here()")
            if where == "press":
                tab.press("Enter")
            elif where == "end":
                break
        acts += tab.evaluate("window.sent.size")
        if missing := tab.evaluate("window.wanted()"):
            left[path] = missing
    print(f"{acts} acts on {len(paths(found))} pages")
    assert left == {} and acts > 80


def test_a_request_is_asked_by_keyboard_alone(browser: Browser, found: Federation) -> None:
    tab = browser.tab(found.base)
    enter(tab, found)
    tab.open("/desk")
    tab.press("n")
    tab.at("/ask")
    keyed(tab, SAY("Goods, by any name"), TENT)
    keyed(tab, SAY("How many"), "7")
    keyed(tab, SAY("Place"), "Козлодуй")
    tab.press("Enter")
    tab.see("Hrvatski Crveni križ")
    tab.focus(label="Hrvatski Crveni križ")
    tab.press("Space")
    tab.focus(role="button", name=SAY("Sign and send the request"))
    tab.press("Enter")
    tab.at(r"/request\?id=")
    tab.press("Control+K")
    assert tab.focused().id == "jump"


def test_a_line_kept_by_hand_is_changed_on_its_page(browser: Browser, found: Federation) -> None:
    tab = browser.tab(found.base)
    enter(tab, found)
    tab.open("/stock")
    ref = tab.text(css='td[data-heading="Ref"] code')
    assert "Remove" in tab.names("button"), "what is kept by hand may be removed by hand"
    tab.click(text=SAY("Change a line kept by hand"))
    tab.fill(SAY("Ref"), ref)
    tab.fill(SAY("How many"), "14")
    tab.click(role="button", name=SAY("Change"), exact=True)
    tab.see(SAY("Done."))
    assert run(found.home, "stock", "list")[0]["line"]["quantity"] == "14"


def keyed(tab: Tab, label: str, text: str) -> None:
    """Go to a field and type, as fingers do."""
    tab.focus(label=label)
    tab.type(text)


def enter(tab: Tab, found: Federation) -> None:
    """Come in; the words of the sign-in are those of the tab's language."""
    tab.open(f"/sign-in/code?code={found.code('ana')}")
    tab.click(css="main form button")
    tab.see("ana")
