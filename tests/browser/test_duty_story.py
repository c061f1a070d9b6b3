"""The duty officer's story: a warning in the night, three countries asked, read from the screen alone, on a phone."""

import json
from pathlib import Path

import pytest

from tests.browser.browser import Browser
from tests.browser.federation import NEIGHBOURS, Federation, Spoken, federation, sign_in
from tests.story.town_node import warn
from tests.story.two_nodes import run, until_state
from xstock_node.domain.rights import Role

pytestmark = pytest.mark.heavy
ALERTS = '[alerts]\nareas = ["BG311"]\n'
MOST_ACTIONS = 25


@pytest.mark.parametrize(("language", "locale"), [("en", "en-GB"), ("bg", "bg-BG")])
@pytest.mark.parametrize("width", [390, 1440])
def test_from_the_warning_to_three_requests(
    browser: Browser, tmp_path: Path, language: str, locale: str, width: int
) -> None:
    with federation(tmp_path, ALERTS) as found:
        story(browser, found, tmp_path, language, locale, width)


def story(browser: Browser, found: Federation, folder: Path, language: str, locale: str, width: int) -> None:
    say = Spoken(language)
    found.hire("ana", Role.DUTY_OFFICER)
    said = {"bg-BG": "Наводнение по Дунав", "en-GB": "Flood on the Danube"}
    warn(found.home, folder, "BG-2026-1", "BG311", said)
    tab = browser.tab(found.base, width=width, height=844, locale=locale, theme="dark", phone=width < 500)
    sign_in(tab, found, "ana", say)
    before = tab.actions
    tab.open("/desk")
    tab.see("Наводнение по Дунав" if language == "bg" else "Flood on the Danube")
    tab.click(role="link", name=say("Ask for help about this"))
    tab.fill(say("People"), "500")
    tab.check(say("a roof"))
    tab.click(role="button", name=say("Work out what that needs"))
    tab.see(say("Goods, by any name"))
    tab.fill(say("Place"), "Видин")
    tab.click(role="button", name=say("Who could help?"))
    for title in (title for _, _, title, _ in NEIGHBOURS.values()):
        tab.check(title)
    tab.click(role="button", name=say("Sign and send the request"))
    tab.at(r"/request\?id=")
    assert tab.actions - before <= MOST_ACTIONS, tab.actions - before
    tab.see(say("The request is sent. Each node has its own signed copy."))
    assert tab.overflow() == [] and tab.faults() == [] and tab.axe() == []
    (request,) = run(found.home, "request", "list")
    assert request["place"] == "Видин" and len(request["operations"]) == 3
    for name, node in found.others.items():
        case = next(one["case"] for one in request["operations"] if one["supplier"] == name)
        shown = until_state(node, case, "requested")
        assert shown["requester"] == "redcross.bg", json.dumps(shown)
    print(f"\n{language} {width}: {tab.actions - before} actions")
