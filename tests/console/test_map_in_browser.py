"""The map in a real browser: alive where it was built in, drawn where it was not; by keyboard; words stay words."""

import asyncio
from pathlib import Path

import pytest

from tests.api.conftest import Desk
from tests.api.test_operations import asked, bound
from tests.browser.browser import Browser, Tab
from tests.browser.conftest import browser
from tests.browser.tools import vendor
from tests.console.conftest import HR, Enter, Reader
from xstock_node.console.serving import COOKIE
from xstock_node.domain.rights import Role
from xstock_node.testing import make_offer

__all__ = ["browser"]
HOSTILE = "<img src=x onerror=document.title='owned'>"
TENT = "HSHETENTF16C"


def opened(browser: Browser, reader: Reader, **options: object) -> Tab:
    """A tab of a person who is signed in."""
    tab = browser.tab(f"http://{reader.host}", **options)  # type: ignore[arg-type]
    tab.add_cookie(COOKIE, reader.secret)
    return tab


async def test_the_map_lives_is_reached_by_keyboard_and_shows_words_as_words(
    console: Enter, desks: dict[str, Desk], browser: Browser, tmp_path: Path
) -> None:
    vendor()
    net = desks[HR].net
    await bound(desks, 50)
    await net.publish(HR, [make_offer(901, net.clocks[HR].now(), cc="HR", place=HOSTILE, at=(45_800_000, 16_000_000))])
    await net.settle()
    reader = await console(Role.DUTY_OFFICER)

    def story() -> None:
        tab = opened(browser, reader)
        assert tab.open("/map").status == 200
        tab.gone(css=".map .pictures")
        assert tab.count(".live-map .spot") == 3 and tab.count(".live-map path.trip.promised") == 1
        assert tab.count(".live-map path.land") > 30, "no outlines"
        assert tab.faults() == []
        for _ in range(60):
            tab.press("Tab")
            if "Wien" in str(tab.evaluate("document.activeElement.getAttribute('aria-label')")):
                break
        tab.press("Enter")
        tab.see("ready in hours: 24")
        tab.press("Escape")
        names = tab.evaluate(
            "[...document.querySelectorAll('.spot-icon')].map((one) => one.getAttribute('aria-label'))"
        )
        assert any(HOSTILE in name for name in names)
        tab.evaluate(
            "[...document.querySelectorAll('.spot-icon')].find((one) => one.ariaLabel.includes('img')).focus()"
        )
        tab.press("Enter")
        tab.see("onerror=document.title")
        assert tab.evaluate("document.title") != "owned" and tab.count(".live-map img") == 0
        assert [found for found in tab.axe() if found.impact in ("serious", "critical")] == []
        assert not [url for url in tab.requests() if not url.startswith(tab.base)], "the map asks nobody else"
        tab.screenshot(tmp_path / "map.png")

    await asyncio.to_thread(story)


@pytest.mark.parametrize(
    "options", [{"javascript": False}, {"blocked": ["**/vendor/**"]}], ids=["no script", "no assets"]
)
async def test_without_script_or_assets_the_drawn_map_and_its_tables_stay(
    console: Enter, desks: dict[str, Desk], browser: Browser, options: dict[str, object]
) -> None:
    await asked(desks, "50")
    reader = await console(Role.DUTY_OFFICER)

    def story() -> None:
        for width in (390, 1440):
            tab = opened(browser, reader, width=width, **options)
            tab.open("/map")
            assert tab.evaluate("document.querySelector('.map .pictures').checkVisibility()")
            assert tab.count(".live-map") == 0 and tab.overflow() == []
            tab.choose("Goods", TENT)
            tab.click(role="button", name="Show")
            tab.at(TENT)
            assert "offers\u00a01,000" in str(tab.evaluate("document.querySelector('.map').textContent"))
            assert "Offers and needs by place" in tab.text()

    await asyncio.to_thread(story)
