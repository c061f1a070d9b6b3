"""The demo opens on Serbia three hours into a flood: its link is a way in, its Desk says what is the matter."""

from pathlib import Path

import pytest

from tests.browser.browser import Browser
from tests.browser.demo import demo

pytestmark = pytest.mark.heavy


def test_the_printed_link_opens_on_serbia_in_the_third_hour(browser: Browser, tmp_path: Path) -> None:
    with demo(tmp_path / "demo", "--data", "own", "--no-browser") as found:
        assert sorted(found.consoles) == ["AT", "BG", "HR", "ME", "MK", "RS"]
        assert found.consoles["RS"] == found.base
        tab = browser.tab(found.base, width=390, height=844, locale="sr-RS", phone=True)
        tab.open(found.link)
        tab.click(css="main form button")
        tab.at("/account")
        tab.open("/desk")
        assert "EXERCISE" in tab.text(css=".exercise-banner") or "ВЕЖБА" in tab.text(css=".exercise-banner")
        tab.see("Црвено упозорење: Сава и Дунав")
        assert tab.count("article.warning") == 1, "the red warning replaced the orange one"
        assert tab.count("section[aria-labelledby=waits] li.card") >= 6
        assert tab.count("section[aria-labelledby=needs] li.card") == 3
        assert tab.overflow() == [] and tab.faults() == []
        english = browser.tab(found.base, locale="en-GB")
        cookie = tab.cookies()[0]
        english.add_cookie(cookie["name"], cookie["value"])
        english.open("/desk")
        english.see("Nothing here is real. No goods will move.")
        english.see("Your turn")
        english.see("Covered: the others may be told")
        assert found.stop() == 0
        assert all(
            "serving" in (node / "serve.log").read_text("utf-8") for node in found.folder.iterdir() if node.is_dir()
        )
