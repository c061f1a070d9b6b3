"""The same sheet as plain HTML that prints: for a node without the extra `documents`, and for a screen.

One file, no scripts, nothing fetched; everything that people wrote is escaped.
"""

from collections.abc import Iterable
from html import escape
from importlib import resources

from xstock_node.domain.documents.labels import Label
from xstock_node.domain.documents.sheets import Entry, Grid, Many, Sheet
from xstock_node.services.documents.barcodes import gs1_128_svg
from xstock_node.services.documents.drawing import has_typst, qr_svg


def draw_html(sheet: Sheet, proof: str | None = None) -> bytes:
    """The page of a sheet in UTF-8; without a QR encoder the proof stands there as text."""
    parts = [
        f"<header><h1>{_stack(sheet.title)}</h1>{_proof(sheet, proof)}</header>",
        '<dl class="entries">' + "".join(_entry(entry) for entry in sheet.entries) + "</dl>",
        *(
            "<blockquote>" + "".join(f"<p>{escape(one)}</p>" for one in _once(says)) + "</blockquote>"
            for says in sheet.says
        ),
        *(_grid(grid) for grid in sheet.grids),
        '<div class="signs">' + "".join(_sign(sign, sheet.sign_here) for sign in sheet.signs) + "</div>",
        f"<footer><code>{escape(sheet.foot)}</code><br>{escape(sheet.made)} · {_joined(sheet.filing)}</footer>",
    ]
    return _page(sheet.title, sheet.languages[0], sheet.banner, parts)


def draw_labels_html(labels: Iterable[Label]) -> bytes:
    """A page of labels with their barcodes."""
    labels = tuple(labels)
    parts = [
        f'<section class="label"><p class="place">{label.place} / {label.count}</p><h2>{_stack(label.item)}</h2>'
        f'<dl class="entries">{"".join(_entry(entry) for entry in label.entries)}</dl>'
        f'<div class="bars">{gs1_128_svg(label.content)}</div><p class="digits">{escape(label.shown)}</p></section>'
        for label in labels
    ]
    title, banner = (labels[0].title, labels[0].banner) if labels else ((), ())
    return _page(title, "en", banner, parts)


def _page(title: Many, language: str, banner: Many, parts: Iterable[str]) -> bytes:
    style = resources.files(__package__).joinpath("plain.css").read_text("utf-8")
    bar = f'<div class="exercise">{_joined(banner)}</div>' if banner else ""
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="{escape(language)}"><head><meta charset="utf-8"><title>{_joined(title)}</title>'
        f"<style>{style}</style></head>\n<body>{bar}{body}</body></html>\n"
    ).encode()


def _proof(sheet: Sheet, proof: str | None) -> str:
    if not proof:
        return ""
    drawn = qr_svg(proof) if has_typst() else f"<code>{escape(proof)}</code>"
    return f'<figure class="proof">{drawn}<figcaption>{_joined(sheet.verify)}</figcaption></figure>'


def _entry(entry: Entry) -> str:
    value = _stack(entry.value) if entry.value else '<span class="pen"></span>'
    return f"<div><dt>{_joined(entry.label)}</dt><dd>{value}</dd></div>"


def _grid(grid: Grid) -> str:
    kinds = ["figures" if column.figures else "words" for column in grid.columns]
    head = "".join(f'<th class="{kind}">{_stack(c.label)}</th>' for kind, c in zip(kinds, grid.columns, strict=True))
    rows = [_row(row, kinds) for row in grid.rows]
    foot = f"<tfoot>{_row(grid.sums, kinds)}</tfoot>" if grid.sums else ""
    title = f"<caption>{_stack(grid.title)}</caption>" if grid.title else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>{foot}</table>"


def _row(cells: Iterable[Many], kinds: list[str]) -> str:
    shown = "".join(f'<td class="{kind}">{_stack(cell)}</td>' for kind, cell in zip(kinds, cells, strict=True))
    return f"<tr>{shown}</tr>"


def _sign(sign: Many, here: Many) -> str:
    return f"<div>{_stack(sign)}<small>{_joined(here)}</small></div>"


def _stack(texts: Many) -> str:
    first, *others = _once(texts) or [""]
    return escape(first) + "".join(f'<br><span class="other">{escape(one)}</span>' for one in others)


def _joined(texts: Many) -> str:
    return " / ".join(escape(one) for one in _once(texts))


def _once(texts: Many) -> list[str]:
    return list(dict.fromkeys(texts))
