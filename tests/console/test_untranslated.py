"""No word of the console is left in English in a language that is said to be complete."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from lxml import html

from tests.console.both_worlds import EARNEST, BothWorlds, both_worlds, on_the_road
from xstock_node.console.languages import LANGUAGES, Language
from xstock_node.console.pages import PAGES
from xstock_node.i18n import catalogue

COMPLETE = [one for one in LANGUAGES if one.complete and one.code != "en"]
CYRILLIC = ("bg", "mk", "sr-Cyrl")
APART = ("code", "pre", "script", "style", "kbd", "option")
ATTRIBUTES = ("aria-label", "title", "alt", "placeholder")
ID = re.compile(r"\b(?:[a-z2-7]{16}|[0-9a-f]{12})\b")
LATIN = re.compile(r"[A-Za-z][A-Za-z'-]{2,}")
LISTED = (Path(__file__).parent / "names.txt").read_text("utf-8").splitlines()
FILE = re.compile(r"\S+\.(?:toml|json)\b")
NAMES = frozenset(word for line in LISTED if not line.startswith("/") for word in line.split())
"""What stays Latin everywhere: products, standards, formats; and what the two worlds of the test are called."""
THERE = frozenset(tuple(line.split(": ", 1)) for line in LISTED if line.startswith("/"))
"""What stays Latin on one page alone: the values of settings."""

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


def latin_words(path: str, text: str) -> list[str]:
    """The Latin words of a text that are no names of ours."""
    names = NAMES | {word for page, line in THERE if page == path for word in line.split()}
    words = [word.strip("'-") for word in LATIN.findall(FILE.sub("", LAW.sub("", ID.sub("", text))))]
    return [word for word in words if word not in names and not word.startswith("xstock-")]


def is_source(language: Language, text: str) -> bool:
    """Whether a text is one of ours as it stands in the source, where the language says it otherwise."""
    return len(text) > 3 and text not in NAMES and catalogue(language.code).gettext(text) != text


def said(page: str, language: str) -> Iterator[str]:
    """The words that a page says in its own language; what is code, or marked as another language, is left out."""
    tree: Any = html.fromstring(page)
    for element in list(tree.iter()):
        if not isinstance(element.tag, str) or element.getparent() is None:
            continue
        if element.tag in APART or element.get("lang", language) != language:
            element.drop_tree()
    for element in tree.iter():
        if isinstance(element.tag, str):
            yield from (text for text in (element.text, element.tail, *map(element.get, ATTRIBUTES)) if text)


async def test_no_word_is_left_in_english_in_a_complete_language(tmp_path: Path) -> None:
    left: set[tuple[str, str, str]] = set()
    async with both_worlds(tmp_path) as found:
        case = await on_the_road(found.offices, "see", EARNEST)
        for language, path in product(COMPLETE, paths(found, case)):
            shown = await found.reader.get(path, **{"Accept-Language": language.code})
            texts = [" ".join(text.split()) for text in said(shown.html, language.code)]
            left |= {(language.code, path, text) for text in texts if is_source(language, text)}
            if language.code in CYRILLIC and not path.startswith("/item"):  # which names a thing in every language
                left |= {(language.code, path, text[:90]) for text in texts if latin_words(path, text)}
    assert not left, "\n".join(map(str, sorted(left)))
