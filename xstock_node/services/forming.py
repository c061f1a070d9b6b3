"""Forms of other bodies: what people filled in is kept, a plugin arranges the rest, and the node draws it."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from xstock_node.domain.documents.sheets import Column, Grid, Sheet, printable
from xstock_node.domain.documents.sheets import Entry as SheetEntry
from xstock_node.domain.forms import FormFacts
from xstock_node.plugins.calls import Defect
from xstock_node.plugins.errors import AdapterError, Declined
from xstock_node.plugins.forms import FormData, FormField, Table
from xstock_node.plugins.host import Adapter
from xstock_node.services.documents import library
from xstock_node.services.documents.drawing import draw_pdf, has_typst
from xstock_node.services.documents.plain import draw_html
from xstock_node.services.errors import Refusal
from xstock_node.services.form_facts import gather
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.services.typed import plain
from xstock_node.storage.interfaces import Transaction

FORM: Final = "form"
YEAR: Final = 365 * 86_400
Name = Annotated[str, Meta(max_length=60)]
About = Annotated[str, Meta(min_length=1, max_length=200)]
Filled = Annotated[
    dict[Annotated[str, Meta(max_length=40)], Annotated[str, Meta(max_length=2000)]], Meta(max_length=60)
]


class FormView(msgspec.Struct, frozen=True, kw_only=True):
    """A form that can be made, with what people fill in."""

    name: str
    title: str
    plugin: str
    fields: list[FormField]


class FormRef(msgspec.Struct, frozen=True, kw_only=True):
    """A form about a request, an operation, or the `node`."""

    form: Name
    about: About


class FillForm(FormRef, frozen=True, kw_only=True):
    """Fields to keep; an empty one is emptied."""

    fields: Filled


class FilledView(msgspec.Struct, frozen=True, kw_only=True):
    """What is filled in; `open` are fields that are empty."""

    form: str
    about: str
    fields: dict[str, str]
    open: list[str]


class MakeForm(FormRef, frozen=True, kw_only=True):
    """A form to make; `since` and `until` (unix seconds, 0: the last year) bound a report."""

    kind: Literal["pdf", "html", "json"] = "pdf"
    since: Annotated[int, Meta(ge=0)] = 0
    until: Annotated[int, Meta(ge=0)] = 0


class FormFile(msgspec.Struct, frozen=True, kw_only=True):
    """A form as a file; `reference` is the number it goes under, `open` the fields that people have left empty."""

    file: str
    media_type: str
    sha256: str
    reference: str
    open: list[str]
    content: bytes


_FILLED: Shelf[dict[str, str]] = Shelf("form", dict[str, str])


async def list_forms(office: Office, actor: Actor, request: None = None) -> list[FormView]:
    """The forms that plugins offer."""
    found = []
    for one in office.host.of_kind(FORM):
        fields = await _asked(one, "fields")
        found.append(FormView(name=one.name, title=one.title, plugin=one.plugin.name, fields=list(fields)))
    return found


async def show_form(office: Office, actor: Actor, request: FormRef) -> FilledView:
    """What people filled in for a form."""
    fields: tuple[FormField, ...] = await _asked(_adapter(office, request.form), "fields")
    held = await office.node.engine.read(lambda tx: _FILLED.get(tx, _key(request)))
    return _view(request, fields, held or {})


async def fill_form(office: Office, actor: Actor, request: FillForm) -> FilledView:
    """Keep what people fill in; the fields that are not named stay as they are."""
    fields: tuple[FormField, ...] = await _asked(_adapter(office, request.form), "fields")
    now = office.node.clock.now()
    known = [one.name for one in fields]
    unknown = [name for name in request.fields if name not in known]
    if unknown:
        expected = f"fields of {request.form}: {', '.join(known)}"
        raise Refusal("no-field", expected, ", ".join(unknown), "see `xstock form list`", 2)
    await gather(office, request.about, 0, 0, {})
    new = {name: plain(value, name) for name, value in request.fields.items()}

    def work(tx: Transaction) -> FilledView:
        held = {name: v for name, v in ((_FILLED.get(tx, _key(request)) or {}) | new).items() if v}
        _FILLED.put(tx, _key(request), held, now)
        office.record(tx, actor, "form.fill", request.about, f"{request.form} {', '.join(sorted(new))}")
        return _view(request, fields, held)

    return await office.node.engine.write(work, durable=True)


async def make_form(office: Office, actor: Actor, request: MakeForm) -> FormFile:
    """A form as PDF, plain HTML or JSON. HTML where the extra `documents` is not installed and a PDF is asked for."""
    adapter = _adapter(office, request.form)
    until = request.until or office.node.clock.now() + 1
    held = await office.node.engine.read(lambda tx: _FILLED.get(tx, _key(request))) or {}
    facts = await gather(office, request.about, request.since or max(until - YEAR, 0), until, held)
    made: FormData = await _asked(adapter, "make", facts)
    kind = request.kind if request.kind != "pdf" or has_typst() else "html"
    content = _json(made) if kind == "json" else _drawn(request, facts, made, kind)
    media = {"pdf": "application/pdf", "html": "text/html; charset=utf-8", "json": "application/json"}[kind]
    return FormFile(
        file=f"{_safe(request.about)}-{request.form}.{kind}",
        media_type=media,
        sha256=hashlib.sha256(content).hexdigest(),
        reference=made.reference,
        open=list(made.open),
        content=content,
    )


def _drawn(request: MakeForm, facts: FormFacts, made: FormData, kind: str) -> bytes:
    words, at = library.words(("en",)), datetime.fromtimestamp(facts.now, UTC)
    sheet = Sheet(
        code=request.form,
        title=(printable(made.title),),
        languages=("en",),
        operation=printable(made.reference or request.about),
        exercise=facts.exercise,
        banner=words.say("word", "exercise") if facts.exercise else (),
        entries=tuple(SheetEntry((printable(e.label),), _text(e.value)) for e in made.entries),
        grids=tuple(_grid(one) for one in made.tables if one.rows),
        says=tuple((printable(one),) for one in made.says),
        signs=tuple((printable(one),) for one in made.signs),
        sign_here=words.say("word", "signature"),
        filing=("prepared by this node",),
        page=words.say("word", "page"),
        verify=(),
        foot=printable(f"{facts.node} {request.about}"),
        made=f"{at:%Y-%m-%d %H:%M} UTC",
    )
    return draw_pdf(sheet, at) if kind == "pdf" else draw_html(sheet)


def _grid(table: Table) -> Grid:
    places = range(len(table.headers))
    cells = [[row[place] if place < len(row) else "" for place in places] for row in table.rows]
    columns = tuple(
        Column((printable(table.headers[place]),), place in table.figures, _width(row[place] for row in cells))
        for place in places
    )
    rows = tuple(tuple(_text(text) for text in row) for row in cells)
    return Grid(columns, rows, (), _text(table.title))


def _width(texts: Iterable[str]) -> int:
    """A column's share of the width by its longest text."""
    return min(max(map(len, texts), default=0) // 6 + 2, 8)


def _json(made: FormData) -> bytes:
    try:
        return msgspec.json.format(msgspec.json.encode(msgspec.json.decode(made.data)), indent=2) + b"\n"
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Refusal("form-failed", "a form as JSON", str(error)[:200], "tell the plugin's author") from None


def _text(text: str) -> tuple[str, ...]:
    return (printable(text),) if text else ()


def _view(request: FormRef, fields: tuple[FormField, ...], held: dict[str, str]) -> FilledView:
    open_ = [one.name for one in fields if not held.get(one.name)]
    return FilledView(form=request.form, about=request.about, fields=held, open=open_)


def _key(request: FormRef) -> str:
    return f"{request.form} {request.about}"


def _safe(text: str) -> str:
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "_" for sign in text)[:80]


def _adapter(office: Office, name: str) -> Adapter:
    found = {one.name: one for one in office.host.of_kind(FORM)}
    if name not in found:
        known = ", ".join(found) or "none: allow a plugin that has forms"
        raise Refusal("no-form", f"a form that is loaded ({known})", name, "see `xstock form list`", 2)
    return found[name]


async def _asked(adapter: Adapter, method: str, *value: FormFacts) -> Any:
    try:
        return await adapter.plugin.call(FORM, adapter.name, method, *value)
    except Declined as error:
        expected = f"something that {adapter.name} can be made of"
        raise Refusal("form-declined", expected, f"no such thing ({error})", "choose another form", 2) from None
    except (AdapterError, Defect) as error:
        raise Refusal("form-failed", f"the form {adapter.name}", str(error), "see `xstock plugin list`") from None
