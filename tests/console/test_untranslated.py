"""No word of the console is left in English in a language that is said to be complete."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from tests.console.both_worlds import EARNEST, BothWorlds, both_worlds, on_the_road
from xstock_node.console.languages import LANGUAGES, Language
from xstock_node.console.pages import PAGES
from xstock_node.i18n import catalogue

COMPLETE = [one for one in LANGUAGES if one.complete and one.code != "en"]
CYRILLIC = [one for one in COMPLETE if one.code in ("bg", "mk", "sr-Cyrl")]
APART = ("code", "pre", "script", "style", "kbd", "option")
ATTRIBUTES = ("aria-label", "title", "alt", "placeholder")
ID = re.compile(r"\b(?:[a-z2-7]{16}|[0-9a-f]{12})\b")
LATIN = re.compile(r"[A-Za-z][A-Za-z'-]{2,}")
NAMES = frozenset((Path(__file__).parent / "names.txt").read_text("utf-8").split())
"""What stays Latin everywhere: products, standards, formats; and what the two worlds of the test are called."""


LAW = re.compile(r": [A-Z][^:]*(?:Treaty|Convention|Code|Regulation|Decision|resolution|Art\.).*", re.S)
"""A law is cited as it is called."""


def paths(found: BothWorlds, case: str) -> list[str]:
    """Every page of the menu and of the sign-in, and one about each thing."""
    return [
        *(page.path for page in PAGES if page.group or page.open),
        f"/request?id={found.drill.request}",
        f"/operation?case={found.drill.case}",
        f"/operation?case={case}",
        f"/alert?id={found.drill.warning}",
        "/ask?item=HSHETENTF16C",
        "/item?code=HSHETENTF16C",
        f"/without-line?id={found.earnest.request}",
        "/operation?case=none",
        "/reads",
    ]


def said(page: str, language: str) -> Iterator[str]:
    """The words that a page says in its own language; what is code, or marked as another language, is left out."""
    tree: Any = html.fromstring(page)
    for element in list(tree.iter()):
        if not isinstance(element.tag, str) or element.getparent() is None:
            continue
        if (
            element.tag in ("code", "pre", "script", "style", "kbd", "option")
            or element.get("lang", language) != language
        ):
            element.drop_tree()
    for element in tree.iter():
        if isinstance(element.tag, str):
            yield from (text for text in (element.text, element.tail, *map(element.get, ATTRIBUTES)) if text)


@pytest.mark.parametrize("language", CYRILLIC, ids=lambda one: one.code)
async def test_no_latin_word_is_left_in_cyrillic(tmp_path: Path, language: Language) -> None:
    async with both_worlds(tmp_path) as found:
        case = await on_the_road(found.offices, "see", EARNEST)
        left = set()
        for path in paths(found, case):
            if path.startswith("/item"):
                continue  # it names a thing in every language
            shown = await found.reader.get(path, **{"Accept-Language": language.code})
            for text in said(shown.html, language.code):
                words = [word for word in LATIN.findall(LAW.sub("", ID.sub("", text))) if word not in NAMES]
                left |= {(path, word, " ".join(text.split())[:90]) for word in words}
        assert not left, "\n".join(map(str, sorted(left)))


@pytest.mark.parametrize("language", COMPLETE, ids=lambda one: one.code)
async def test_no_source_string_is_shown_as_it_is(tmp_path: Path, language: Language) -> None:
    spoken = catalogue(language.code)
    async with both_worlds(tmp_path) as found:
        case = await on_the_road(found.offices, "see", EARNEST)
        left = set()
        for path in paths(found, case):
            shown = await found.reader.get(path, **{"Accept-Language": language.code})
            for text in said(shown.html, language.code):
                plain = " ".join(text.split())
                if len(plain) > 3 and plain not in NAMES and spoken.gettext(plain) != plain:
                    left.add((path, plain))
        assert not left, "\n".join(map(str, sorted(left)))
