"""The one template into which a page of a plugin is put, in the look of the console.

Every text is escaped, a picture runs no script, and the policy knows the style by its hash.
"""

import base64
import hashlib
from html import escape
from importlib import resources
from typing import Final, NamedTuple

from xstock_node.i18n import catalogue
from xstock_node.services.public_desk import PageData

TOKENS: Final = resources.files("xstock_node").joinpath("console", "static", "tokens.css")
STYLE: Final = TOKENS.read_text("utf-8") + resources.files(__package__).joinpath("public.css").read_text("utf-8")
STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
MARK: Final = (
    '<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><path d="M4 10 16 4l12 6v12l-12 6-12-6z"/>'
    '<path d="M4 10l12 6 12-6M16 16v12"/></svg>'
)
INPUTS: Final = {"text": "text", "number": "number", "date": "date", "check": "checkbox"}


class Frame(NamedTuple):
    """What stands around a page: whose node it is, and whether nothing of it is real."""

    organisation: str
    exercise: bool


def render(page: PageData, frame: Frame) -> str:
    """The page as an HTML document."""
    title, language = escape(page.title), escape(page.language)
    mark = escape(catalogue(page.language).gettext("EXERCISE"))
    banner = f'<p class="exercise" role="note">{mark}</p>' if frame.exercise else ""
    return (
        f'<!doctype html>\n<html lang="{language}" data-theme="auto"><head><meta charset="utf-8">'
        f"<title>{f'{mark} · ' if frame.exercise else ''}{title}</title><style>{STYLE}</style>"
        f'<meta name="viewport" content="width=device-width, initial-scale=1"></head>\n<body>\n{banner}'
        f'<header class="top"><span class="brand">{MARK}{escape(frame.organisation)}</span>'
        f"{_languages(page)}</header>\n"
        f"<main>\n{_body(page)}\n</main>\n"
        f'<footer class="foot">{escape(frame.organisation)} · X-Stock</footer>\n</body></html>\n'
    )


def _body(page: PageData) -> str:
    other = page.written_in not in ("", page.language)
    lang = f' lang="{escape(page.written_in)}"' if other else ""
    parts = [f"<h1{lang}>{escape(page.title)}</h1>", *(f"<p{lang}>{escape(text)}</p>" for text in page.text)]
    if page.figures:
        figures = "".join(
            f"<div><dt>{escape(f.label)}</dt><dd>{escape(f.value)} {escape(f.unit)}</dd></div>" for f in page.figures
        )
        parts.append(f"<dl>{figures}</dl>")
    parts += [_table(table.title, table.headers, table.rows) for table in page.tables]
    if page.svg:
        picture = base64.b64encode(page.svg.encode()).decode()
        parts.append(f'<img alt="{escape(page.title)}" src="data:image/svg+xml;base64,{picture}">')
    for form in page.forms:
        fields = "".join(_field(f.name, f.label, f.kind, f.options, f.value, f.required) for f in form.fields)
        title = f"<h2>{escape(form.title)}</h2>" if form.title else ""
        parts.append(f'{title}<form method="post">{fields}<button>{escape(form.button)}</button></form>')
    return "\n".join(parts)


def _languages(page: PageData) -> str:
    if not page.languages:
        return ""
    links = "".join(
        f'<a href="?lang={escape(code)}" lang="{escape(code)}" hreflang="{escape(code)}"'
        f"{' aria-current=page' if code == page.language else ''}>{escape(name)}</a>"
        for code, name in page.languages.items()
    )
    label = escape(catalogue(page.language).gettext("Language"))
    return f'<nav class="languages" aria-label="{label}">{links}</nav>'


def _table(title: str, headers: list[str], rows: list[list[str]]) -> str:
    caption = f"<caption>{escape(title)}</caption>" if title else ""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in headers)
    heads = [f' data-heading="{escape(text)}"' if len(headers) > 1 else "" for text in headers]
    lines = "".join(f"<tr>{_cells(row, heads)}</tr>" for row in rows)
    label = escape(title or ", ".join(headers))
    return (
        f'<div class="scroll" role="region" aria-label="{label}" tabindex="0"><table>{caption}'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _cells(row: list[str], heads: list[str]) -> str:
    pairs = zip(row, (*heads, *[""] * len(row)), strict=False)
    return "".join(f"<td{head}><span>{escape(cell)}</span></td>" for cell, head in pairs)


def _field(name: str, label: str, kind: str, options: list[str], value: str, required: bool) -> str:
    needs = " required" if required else ""
    if kind == "choice":
        choices = "".join(f"<option{' selected' if one == value else ''}>{escape(one)}</option>" for one in options)
        field = f'<select name="{name}"{needs}>{choices}</select>'
    else:
        field = f'<input name="{name}" type="{INPUTS[kind]}" value="{escape(value)}"{needs}>'
    return f"<label>{escape(label)} {field}</label>"
