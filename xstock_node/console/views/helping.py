"""Help: short pages for each kind of work and the operator's manual, in the product and without a line."""

from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from markupsafe import Markup

from xstock_node.console.languages import BY_CODE
from xstock_node.console.page import Page
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.domain.latin import to_latin
from xstock_node.services.errors import Refusal

FOLDER: Final = Path(__file__).parent.parent / "help"
PACKED: Final = FOLDER / "manual.md"
IN_TREE: Final = Path(__file__).parent.parent.parent.parent / "deploy" / "README.md"
MANUAL: Final = "manual"
ORDER: Final = ("duty", "logistics", "operator", "exercise", "languages", "keys", MANUAL)
FOUND: Final = 12


class HelpQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which page; none: the list of them."""

    page: str = ""


class HelpLink(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the help by its title, in the language that it is written in."""

    page: str
    title: str
    language: str


class HelpView(msgspec.Struct, frozen=True, kw_only=True):
    """The pages of the help, and the text (Markdown) of the chosen one, in the `language` that it is written in."""

    page: str
    title: str
    pages: list[HelpLink]
    text: str
    language: str


class Section(NamedTuple):
    """A part of a page under a heading, as it is searched."""

    page: str
    heading: str
    anchor: str
    words: str


def text_of(page: str, language: str = "en") -> str:
    """The text of a page in a language, in English where it has none; raises Refusal `not-found`."""
    if page not in ORDER:
        raise Refusal("not-found", f"a page of the help: {', '.join(ORDER)}", page[:40], "choose one of the list")
    if page != MANUAL and (found := _translated(page, language)):
        return found
    path = (PACKED if PACKED.is_file() else IN_TREE) if page == MANUAL else FOLDER / f"{page}.md"
    if not path.is_file():
        raise Refusal("not-found", "the operator's manual", "a program without it", "see deploy/README.md")
    return path.read_text("utf-8")


def is_in(page: str, language: str) -> bool:
    """Whether a page is written in a language."""
    return language == "en" or (page != MANUAL and bool(_translated(page, language)))


def _translated(page: str, language: str) -> str:
    if language not in BY_CODE:
        return ""
    if language == "sr-Latn":
        parts = _translated(page, "sr-Cyrl").split("`")
        return "`".join(part if n % 2 else to_latin(part) for n, part in enumerate(parts))
    path = FOLDER / language / f"{page}.md"
    return path.read_text("utf-8") if path.is_file() else ""


@cache
def html_of(page: str, language: str = "en") -> Markup:
    """A page as HTML: headings with anchors, no markup of its own, links only to this console or elsewhere as words."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text_of(page, language))
    for token, inner in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", anchor_of(inner.content))
    options: Any = parser.options
    return Markup(parser.renderer.render(tokens, options, {}))  # noqa: S704 - our own text, its markup is escaped


def anchor_of(heading: str) -> str:
    """A heading as the name of a place."""
    return "-".join("".join(c if c.isalnum() else " " for c in heading.casefold()).split())


@cache
def sections(language: str = "en") -> tuple[Section, ...]:
    """Every part of the help."""
    found = []
    for page in ORDER:
        heading, lines = "", list[str]()
        for line in [*text_of(page, language).splitlines(), "## "]:
            if line.startswith("#"):
                if heading:
                    found.append(Section(page, heading, anchor_of(heading), " ".join([heading, *lines]).casefold()))
                heading, lines = line.lstrip("# "), []
            else:
                lines.append(line)
    return tuple(found)


def find(words: str, language: str = "en") -> Iterable[Section]:
    """The parts that hold all the words, those first that name them in their heading."""
    wanted = words.casefold().split()
    found = [one for one in sections(language) if wanted and all(word in one.words for word in wanted)]
    return sorted(found, key=lambda one: not all(word in one.heading.casefold() for word in wanted))[:FOUND]


def _title(page: str, language: str) -> str:
    return text_of(page, language).splitlines()[0].lstrip("# ")


async def _help(visit: Visit, asked: HelpQuery) -> HelpView:
    language = visit.words.language.code
    pages = [
        HelpLink(page=page, title=_title(page, language), language=language if is_in(page, language) else "en")
        for page in ORDER
    ]
    text = text_of(asked.page, language) if asked.page else ""
    title = _title(asked.page, language) if asked.page else ""
    spoken = language if asked.page and is_in(asked.page, language) else "en"
    return HelpView(page=asked.page, title=title, pages=pages, text=text, language=spoken)


HELP = Page("help", "/help", mark("Help"), "see", _help, asks=HelpQuery, group="node")
