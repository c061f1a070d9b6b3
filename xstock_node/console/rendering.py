"""Pages from templates: escaped by default, every text through the reader's language, each part a macro of its own."""

import secrets
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from xstock_node.console import languages, worlds
from xstock_node.console.answers import pairs_of
from xstock_node.console.menu import groups_of
from xstock_node.console.page import Column, Page
from xstock_node.console.static_files import Static
from xstock_node.console.views.helping import html_of
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import DECIDING, WORDS

FOLDER: Final = Path(__file__).parent / "templates"


class Rendering:
    """The templates, and what every one of them finds there."""

    def __init__(self, pages: Sequence[Page], static: Static) -> None:
        self._pages, self._static = pages, static

    def page(self, visit: Visit, page: Page, view: Any, **more: object) -> str:
        """A page as HTML."""
        words = visit.words
        environment = _environment(words.language.code)
        template = environment.get_template(page.template)
        at_home = visit.office.node.log.is_exercise
        exercise = bool(getattr(view, "exercise", False)) or at_home
        return template.render(
            visit=visit,
            page=page,
            view=view,
            w=words,
            static=self._static.url,
            has_asset=self._static.has,
            menu=groups_of(self._pages, visit),
            languages=languages.LANGUAGES,
            exercise=exercise,
            mixed=not exercise and worlds.holds_exercise(view),
            beside=exercise and not at_home,
            typed=visit.typed,
            problem=visit.problem,
            once=secrets.token_hex(16),
            help_of=html_of,
            cell=lambda row, column: cell(visit, row, column),
            picture=lambda name: page.draws[name](visit, view),
            **more,
        )


def cell(visit: Visit, row: Any, column: Column) -> Markup | str:
    """What a cell shows: the value in the reader's words, led to where its column leads."""
    words, value = visit.words, getattr(row, column.key)
    shown: Markup | str
    match column.kind:
        case "number":
            shown = words.number(value)
        case "when":
            shown = words.when(value)
        case "due":
            shown = words.due(value)
        case "day":
            shown = words.day(value)
        case "item":
            shown = words.item(value)
        case "node":
            shown = words.node(value)
        case "amount":
            shown = words.amount(value, row.unit)
        case "goods":
            shown = words.goods(value) or str(value)
        case "hash":
            shown = Markup('<code class="hash">{}</code>').format(value) if value else ""
        case "code":
            shown = Markup("<code>{}</code>").format(value) if value else ""
        case "record":
            shown = Markup('<span lang="en">{}</span>').format(value) if value else ""
        case "told":
            said = value if isinstance(value, list | tuple) else [str(value or "")]
            shown = Markup("; ").join(map(words.told, said))
        case "reason":
            shown = words.reason(value, row.params) if value else ""
        case "again":
            shown = words.say("Decide again")
        case "marked" | "marked-number" | "marked-day":
            shown = marked(visit, row, column)
        case "yes":
            shown = words.say("yes") if value else words.say("no")
        case kind if kind.startswith("said-"):
            shown = words.word(kind.removeprefix("said-"), str(value))
        case kind if kind in WORDS:
            values = value if isinstance(value, list | tuple) else [value]
            state = Markup('<span class="state {0}-{1}">{2}</span>')
            say = words.decides if kind in DECIDING else words.word
            shown = Markup(" ").join(state.format(kind, one, say(kind, str(one))) for one in values if one != "")
        case _:
            shown = (
                ", ".join(map(str, value)) if isinstance(value, list | tuple) else str("" if value is None else value)
            )
    if column.href and value not in ("", None):
        return Markup('<a href="{}">{}</a>').format(_filled(column.href, row), shown or value)
    return shown


def marked(visit: Visit, row: Any, column: Column) -> Markup:
    """A cell with what is doubtful about it: a sign and its reason in words beside the value."""
    value = getattr(row, column.key)
    written = {"marked-number": visit.words.number, "marked-day": visit.words.day}.get(column.kind, str)
    shown = written(value) if value else ""
    kinds = ("mind", "left-out")
    marks = row.marks.get(column.key, ())
    why = [visit.words.word(next((k for k in kinds if code in WORDS[k]), "mind"), code) for code in marks]
    if not why:
        return Markup("{}").format(shown)
    sign = Markup('<span class="bad-cell"><span class="sign" aria-hidden="true">!</span> {} <small>{}</small></span>')
    return sign.format(shown, "; ".join(why))


def _filled(href: str, row: Any) -> str:
    """The path with the fields of the row; `{path}` alone is a path of the console that the row brings whole."""
    if href == "{path}":
        return str(row.path)
    from urllib.parse import quote

    fields = {name: quote(str(getattr(row, name))) for name in row.__struct_fields__}
    return href.format_map(fields)


@cache
def _environment(language: str) -> Environment:
    """The templates in one language: what can be translated once is translated when they are compiled."""
    from xstock_node.i18n import catalogue

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    environment.globals["of_exercise"] = worlds.is_exercise
    environment.globals["answer_pairs"] = pairs_of
    environment.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    return environment


def params(query: Mapping[str, str], **changed: str) -> str:
    """A query string with some fields changed."""
    from urllib.parse import urlencode

    return urlencode({name: value for name, value in {**query, **changed}.items() if value})
