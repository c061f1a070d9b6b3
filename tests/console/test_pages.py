"""Every page: shown to who may see it, with its JSON twin and tables, in every language and theme, without script."""

import csv
import io
import json
import re
from typing import Any

import pytest

from tests.console.conftest import Enter
from xstock_node.console.guard import HEADERS
from xstock_node.console.languages import LANGUAGES
from xstock_node.console.pages import PAGES
from xstock_node.domain.rights import OPEN, RIGHTS, Role

MENU = [page for page in PAGES if page.group]
EVERYBODY = tuple(Role)


@pytest.mark.parametrize("page", MENU, ids=lambda page: page.name)
async def test_a_page_is_shown_with_its_twin_and_its_tables(console: Enter, page: Any) -> None:
    reader = await console(*EVERYBODY)
    shown = await reader.get(page.path)
    assert shown.status == 200, shown.html[:2000]
    assert "<h1" in shown.html and f'href="{page.path}" aria-current="page"' in shown.html
    for name, value in HEADERS.items():
        assert shown.headers[name] == value
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=|javascript:", shown.html), "an inline script or style"
    twin = await reader.get(f"{page.path}.json")
    assert twin.status == 200 and isinstance(json.loads(twin.html), dict)
    for name, table in page.tables.items():
        found = await reader.get(f"{page.path}.csv?table={name}")
        rows = list(csv.reader(io.StringIO(found.html.removeprefix("﻿"))))
        assert found.status == 200 and len(rows[0]) == len(table.columns)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.NIGHT_DEPUTY])  # who has rights by hours
async def test_a_role_sees_the_pages_of_its_rights_and_no_other(console: Enter, role: Role) -> None:
    reader = await console(role)
    for page in MENU:
        shown = await reader.get(page.path)
        allowed = page.right in RIGHTS[role]
        assert (shown.status == 200) == allowed, (role, page.name, shown.status)
        menu = (await reader.get("/desk")).html if "see" in RIGHTS[role] else ""
        assert (f'href="{page.path}"' in menu.partition('id="menu"')[2].partition("</nav>")[0]) == allowed


async def test_a_stranger_sees_no_page_and_is_brought_back_after_the_sign_in(console: Enter) -> None:
    reader = await console()
    for page in PAGES:
        if page.right != OPEN:
            shown = await reader.get(f"{page.path}?x=1")
            assert shown.status == 303 and shown.headers["Location"].startswith("/sign-in?next="), page.name
            assert (await reader.get(f"{page.path}.json")).status == 401
            assert (await reader.get(f"{page.path}.csv")).status == 303
    assert (await reader.get("/live")).status == 401
    assert (await reader.get("/no-such-page")).status == 404


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda one: one.code)
async def test_the_desk_and_the_request_speak_each_language(console: Enter, language: Any) -> None:
    reader = await console(Role.DUTY_OFFICER)
    chosen = await reader.post("/reads", {"act": "read", "language": language.code, "theme": "night", "back": "/ask"})
    assert chosen.status == 303 and chosen.headers["Location"] == "/ask"
    for path in ("/desk", "/ask", "/requests", "/operations"):
        shown = await reader.get(path)
        assert shown.status == 200 and f'<html lang="{language.code}" data-theme="night">' in shown.html


async def test_a_language_is_chosen_by_the_browser_where_nobody_chose_one(console: Enter) -> None:
    reader = await console()
    assert '<html lang="mk"' in (await reader.get("/sign-in", **{"Accept-Language": "fr;q=0.9,mk-MK,en;q=0.1"})).html
    assert '<html lang="sr-Latn"' in (await reader.get("/sign-in", **{"Accept-Language": "sr-Latn-RS"})).html
    assert '<html lang="en"' in (await reader.get("/sign-in", **{"Accept-Language": "x" * 5000 + ";q=z,,;q="})).html
