"""The one plain template into which a page of a plugin is put. Every text is escaped, a picture runs no script."""

import base64
from html import escape
from typing import Final

from xstock_node.services.public_desk import PageData

STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}"
    "dl{display:flex;flex-wrap:wrap;gap:1rem 2rem;margin:1.5rem 0}dt{color:#555}dd{margin:0;font-size:1.6rem}"
    "table{border-collapse:collapse;width:100%;margin:1.5rem 0}caption{text-align:left;font-weight:600}"
    "th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #ccc;vertical-align:top}"
    "label{display:block;margin:.6rem 0}input,select{font:inherit;padding:.3rem}img{max-width:100%}"
)
INPUTS: Final = {"text": "text", "number": "number", "date": "date", "check": "checkbox"}


def render(page: PageData) -> str:
    """The page as an HTML document."""
    parts = [f"<h1>{escape(page.title)}</h1>", *(f"<p>{escape(text)}</p>" for text in page.text)]
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
    body = "\n".join(parts)
    head = f"<title>{escape(page.title)}</title><style>{STYLE}</style>"
    return (
        f'<!doctype html>\n<html lang="{escape(page.language)}"><head><meta charset="utf-8">{head}'
        f'<meta name="viewport" content="width=device-width"></head>\n<body>\n{body}\n</body></html>\n'
    )


def _table(title: str, headers: list[str], rows: list[list[str]]) -> str:
    caption = f"<caption>{escape(title)}</caption>" if title else ""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in headers)
    lines = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _field(name: str, label: str, kind: str, options: list[str], value: str, required: bool) -> str:
    needs = " required" if required else ""
    if kind == "choice":
        choices = "".join(f"<option{' selected' if one == value else ''}>{escape(one)}</option>" for one in options)
        field = f'<select name="{name}"{needs}>{choices}</select>'
    else:
        field = f'<input name="{name}" type="{INPUTS[kind]}" value="{escape(value)}"{needs}>'
    return f"<label>{escape(label)} {field}</label>"
