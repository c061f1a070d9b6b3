"""Pictures as a real browser draws them: words whole, apart and readable at every width, in longer languages too."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.browser import Browser, Theme
from tests.browser.pages import served
from tests.browser.tools import vendor
from tests.console.gallery import Plain, drawings, pages

READERS = {"short": Plain(), "long": Plain(" и още нещо")}
WIDTHS = (320, 390, 768, 1440)
SMALLEST = {320: 10.0, 390: 11.0, 768: 11.0, 1440: 11.0}
LOOK = """(() => {
  const svg = [...document.querySelectorAll("svg.picture")].find((one) => one.getBoundingClientRect().width);
  const frame = svg.getBoundingClientRect();
  const scale = frame.width / svg.viewBox.baseVal.width;
  const box = (one) => {
    const {left, top, right, bottom} = one.getBoundingClientRect();
    return {left: left - frame.left, top: top - frame.top, right: right - frame.left, bottom: bottom - frame.top};
  };
  const size = (one) => parseFloat(one.getAttribute("font-size")) * scale;
  const told = (one) => ({words: one.textContent, size: size(one), ...box(one)});
  const texts = [...svg.querySelectorAll("text")].map(told);
  const spots = [...svg.querySelectorAll(".spot, .badge")].slice(0, -2).map(box);  // the last two are of the legend
  const {innerWidth: room} = window;
  const scroll = document.documentElement.scrollWidth;
  return {width: frame.width, height: frame.height, texts, spots, room, scroll};
})()"""


@pytest.fixture(scope="module", params=READERS, ids=lambda key: key)
def base(request: pytest.FixtureRequest) -> Iterator[str]:
    vendor()
    with served(pages(READERS[request.param])) as found:
        yield found


NAMES = [name for name, _ in drawings(READERS["short"])]


@pytest.mark.parametrize("width", WIDTHS)
def test_no_word_is_cut_or_covered_and_all_can_be_read(browser: Browser, base: str, width: int) -> None:
    tab = browser.tab(base, width=width, height=900)
    for name in NAMES:
        tab.open(f"/{name}")
        seen = tab.evaluate(LOOK)
        assert seen["scroll"] <= seen["room"] and len(seen["texts"]) > 3, name
        for n, text in enumerate(seen["texts"]):
            assert text["size"] >= SMALLEST[width], (name, text)
            assert text["left"] >= -2 and text["top"] >= -2, (name, text)
            assert text["right"] <= seen["width"] + 2 and text["bottom"] <= seen["height"] + 2, (name, text)
            for other in seen["texts"][n + 1 :]:
                assert not touch(text, other), (name, text["words"], other["words"])
    tab.close()


def touch(one: dict[str, Any], other: dict[str, Any], most: float = 2.5) -> bool:
    """Whether two boxes cover each other by more than the blank that is above and below letters."""
    across = min(one["right"], other["right"]) - max(one["left"], other["left"])
    down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
    return bool(across > 1 and down > most)


def test_names_on_the_map_stand_beside_their_marks(browser: Browser, base: str) -> None:
    tab = browser.tab(base, width=1440, height=900)
    for name in ("places", "bare"):
        tab.open(f"/{name}")
        seen = tab.evaluate(LOOK)
        names = [text for text in seen["texts"] if len(text["words"]) > 2]
        assert not [(text["words"]) for text in names for spot in seen["spots"] if touch(text, spot)]
    tab.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_paper_shows_the_picture(browser: Browser, base: str, theme: Theme) -> None:
    tab = browser.tab(base, width=390, height=844, theme=theme)
    for name in NAMES:
        tab.open(f"/{name}")
        assert [found for found in tab.axe() if found.impact in ("serious", "critical")] == [], name
        assert tab.faults() == []
    tab.paper()
    assert tab.evaluate('getComputedStyle(document.querySelector(".wide")).display') == "block"
    tab.close()
