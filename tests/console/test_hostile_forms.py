"""Hostile words in every field of every form and query: never run, never a defect, and never from another site."""

from html.parser import HTMLParser
from typing import Any, Final

import pytest

from tests.console.conftest import Enter, Reader
from xstock_node.console.pages import PAGES
from xstock_node.domain.rights import OPEN, Role

WORDS: Final = (
    '"><script>alert(1)</script>',
    "<img src=x onerror=alert(1)>' onfocus=alert(1) autofocus='",
    "javascript:alert(1)//{{7*7}}{% raw %}",
    '=HYPERLINK("http://evil.example")\r\nSet-Cookie: a=b',
    "\u202e\u0000\ud7ff\u2028" + "й" * 3000,
    "-1e309",
    "../../../../etc/passwd%00",
)
NAMES: Final = (
    "id",
    "name",
    "case",
    "step",
    "text",
    "reason",
    "request",
    "to",
    "next",
    "back",
    "content",
    "lines.X.qty",
)
ADDRESSES: Final = ("href", "src", "action", "formaction")
ACTS: Final = [(page, act) for page in PAGES for act in page.acts]


class Markup(HTMLParser):
    """Collects what of a page would be run: scripts without a file of ours, handlers, addresses that are code."""

    def __init__(self) -> None:
        super().__init__()
        self.run: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "script" and not str(said.get("src", "")).startswith("/static/"):
            self.run.append(tag)
        if tag in ("img", "iframe", "object", "embed", "base"):
            self.run.append(tag)
        for name, value in attrs:
            if name.startswith("on") or (str(value).strip().lower().startswith("javascript:") and name in ADDRESSES):
                self.run.append(f"{tag} {name}={value}")


def fields(page: Any, act: str, word: str) -> dict[str, str]:
    """Every field that a form of the page may have, all with the same word."""
    asked = [field.name for form in page.asking if form.act == act for field in form.fields]
    pressed = [name for table in page.tables.values() for press in table.presses for name in press.fields]
    query = list(page.asks.__struct_fields__) if page.asks else []
    return dict.fromkeys((*NAMES, *asked, *pressed, *query), word) | {"act": act}


def harmless(html: str, where: object) -> None:
    """No word of ours became markup."""
    parser = Markup()
    parser.feed(html)
    assert parser.run == [], where


@pytest.mark.parametrize("page", [page for page in PAGES if page.acts], ids=lambda page: f"{page.name}-{page.path}")
async def test_no_act_runs_what_is_typed_or_breaks(console: Enter, page: Any) -> None:
    reader = await console(*(role for role in Role if role is not Role.NIGHT_DEPUTY))
    for act in page.acts:
        for word in WORDS:
            answered = await reader.post(page.path, fields(page, act, word))
            assert answered.status < 500, (word, answered.html[-1500:])
            harmless(answered.html, (page.name, act, word))
            to = answered.headers.get("Location", "/")
            assert to.startswith("/") and to[1:2] not in ("/", "\\") and "\n" not in to and len(to) < 3000
            assert not any(said.startswith("a=b") for said in answered.headers.getall("Set-Cookie", []))


@pytest.mark.parametrize("page", [page for page in PAGES if page.asks], ids=lambda page: page.name)
async def test_no_query_runs_what_is_typed_or_breaks(console: Enter, page: Any) -> None:
    reader = await console(*(role for role in Role if role is not Role.NIGHT_DEPUTY))
    for word in WORDS:
        for suffix in ("", ".json", ".csv"):
            query = {**dict.fromkeys(page.asks.__struct_fields__, word), "done": word, "table": word}
            answered = await looked(reader, page.path + suffix, query)
            assert answered.status < 500, (word, answered.html[-1500:])
            if not suffix:
                harmless(answered.html, (page.name, word))


async def looked(reader: Reader, path: str, query: dict[str, str]) -> Any:
    """A page with a query, encoded as browsers do."""
    from urllib.parse import urlencode

    return await reader.get(f"{path}?{urlencode(query, errors='surrogatepass')}")


async def test_no_act_is_done_for_another_site_or_for_who_may_not(console: Enter) -> None:
    stranger, viewer, chief = await console(), await console(Role.VIEWER), await console(*Role, name="chief")
    for page, act in ACTS:
        form = fields(page, act, "x")
        assert (await chief.post(page.path, form, **{"Sec-Fetch-Site": "cross-site"})).status == 403, page.path
        if page.right != OPEN:
            assert (await stranger.post(page.path, form)).status == 401, page.path
            if page.right != "see":
                assert (await viewer.post(page.path, form)).status in (403, 422), page.path
    assert (await chief.get("/desk")).status == 200
