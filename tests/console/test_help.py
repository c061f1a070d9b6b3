"""Help without a line: each page is there, its headings are places, Ctrl-K leads to them, and nothing in it is run."""

import re

import pytest

from tests.console.conftest import Enter
from xstock_node.console.pages import PAGES
from xstock_node.console.views import helping
from xstock_node.domain.rights import Role


@pytest.mark.parametrize("page", helping.ORDER)
async def test_a_page_of_the_help_is_shown_with_its_places(console: Enter, page: str) -> None:
    reader = await console(Role.VIEWER)
    shown = await reader.get(f"/help?page={page}")
    assert shown.status == 200 and "<article" in shown.html
    for section in helping.sections():
        if section.page == page:
            assert f'id="{section.anchor}"' in shown.html, section.heading


async def test_what_is_not_there_says_what_is(console: Enter) -> None:
    reader = await console(Role.VIEWER)
    for page in ("nothing", "../../etc/passwd", "duty.md"):
        missing = await reader.get(f"/help?page={page}")
        assert missing.status == 404 and "duty, logistics" in missing.html


async def test_ctrl_k_finds_pages_goods_and_places_of_the_help(console: Enter) -> None:
    reader = await console(Role.DUTY_OFFICER)
    found = await reader.get("/jump?q=stand down")
    link = re.search(r'href="(/help\?page=duty#[a-z-]+)"', found.html)
    assert link and (await reader.get(link[1].partition("#")[0])).status == 200
    assert 'href="/peers"' in (await reader.get("/jump?q=peers")).html
    assert 'href="/search?item=' in (await reader.get("/jump?q=шатор")).html, "any script"
    nothing = await reader.get("/jump?q=zzzzzz")
    assert nothing.status == 200 and "Nothing fits." in nothing.html


def test_the_manual_names_every_page_with_its_right() -> None:
    manual = helping.text_of(helping.MANUAL)
    for page in PAGES:
        if not page.open:
            assert f"| `{page.path}` | {page.title} | `{page.right}` |" in manual, page.path
    assert 'id="the-console"' in str(helping.html_of(helping.MANUAL))
