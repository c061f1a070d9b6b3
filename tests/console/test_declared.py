"""What pages declare fits what stands behind them: forms their routes, columns their rows, acts a form of their own."""

import json
import re
import typing
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.api.conftest import BG, HR, Desk
from tests.api.test_operations import asked, lines
from tests.console.conftest import Enter
from xstock_node.api.routes import BY_NAME
from xstock_node.console.acts import Routed
from xstock_node.console.page import Page, Press, Table
from xstock_node.console.pages import PAGES
from xstock_node.console.rendering import FOLDER
from xstock_node.domain.rights import ALL, Role

OTHERS = re.compile(r"{% (?:extends|include|import) \"([a-z_-]+\.html)\"")
TABLES = [(page, name) for page in PAGES for name in page.tables]
ROUTED = [(page, name, act) for page in PAGES for name, act in page.acts.items() if isinstance(act, Routed)]


class Probe:
    """Stands for a value of a type: its attributes are probes of the types of its fields."""

    def __init__(self, type_: Any) -> None:
        self.type_ = type_

    def __getattr__(self, name: str) -> "Probe":
        fields = {field.name: field.type for field in msgspec.structs.fields(struct_of(self.type_))}
        assert name in fields, f"{self.type_} has no {name}"
        return Probe(fields[name])

    def __iter__(self) -> "Iterator[Probe]":
        yield Probe(struct_of(self.type_))


def struct_of(type_: Any) -> Any:
    """The struct in a type, through lists, unions and what is said beside it."""
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        return type_
    return next((found for inner in typing.get_args(type_) if (found := struct_of(inner))), None)


def row_of(page: Page, table: Table) -> Any:
    """The type of a table's rows, from what the page's view is said to be."""
    view = typing.get_type_hints(page.build)["return"]
    rows = table.rows(Probe(view))
    return struct_of((rows[0] if isinstance(rows, list) else rows).type_)  # type: ignore[attr-defined]


def names_of(type_: Any) -> set[str]:
    """Fields and properties of a struct."""
    return {*type_.__struct_fields__, *(name for name in dir(type_) if isinstance(getattr(type_, name), property))}


@pytest.mark.parametrize(("page", "name"), TABLES, ids=[f"{page.name}-{name}" for page, name in TABLES])
def test_each_column_is_a_field_of_the_row(page: Page, name: str) -> None:
    table = page.tables[name]
    row = row_of(page, table)
    for column in table.columns:
        assert column.key in names_of(row), f"{row.__name__} has no {column.key}"
        assert column.kind != "amount" or "unit" in row.__struct_fields__
        if column.href != "{path}":
            column.href.format_map(dict.fromkeys(row.__struct_fields__, "x"))
    for press in table.presses:
        assert set(press.fields) <= set(row.__struct_fields__) and press.act in page.acts
        assert not press.right or press.right in ALL


@pytest.mark.parametrize(("page", "name", "act"), ROUTED, ids=[f"{page.name}-{name}" for page, name, _ in ROUTED])
def test_each_form_says_what_its_route_wants(page: Page, name: str, act: Routed) -> None:
    request = BY_NAME[act.route].request
    fields = msgspec.structs.fields(request) if request is not None else ()
    known, wanted = {field.name for field in fields}, {field.name for field in fields if field.required}
    forms = [{field.name for field in form.fields} for form in page.asking if form.act == name]
    forms += [set(press.fields) for press in presses(page) if press.act == name]
    assert forms or f'"{name}"' in template(page), "no form sends this act"
    for form in forms:
        assert form <= known, f"{act.route} has no {form - known}"
        assert wanted <= form, f"{act.route} wants {wanted - form}"


@pytest.mark.parametrize("page", [page for page in PAGES if page.acts], ids=lambda page: page.path)
def test_each_act_is_sent_by_some_form(page: Page) -> None:
    declared = {form.act for form in page.asking} | {press.act for press in presses(page)}
    assert declared <= set(page.acts)
    for name in set(page.acts) - declared:
        said = template(page) + senders(page)
        assert any(f"{mark}{name}{mark}" in said for mark in "\"'"), f"no form of {page.path} sends {name}"


def presses(page: Page) -> list[Press]:
    return [press for table in page.tables.values() for press in table.presses]


def senders(page: Page) -> str:
    """The templates of other pages whose forms go to a page."""
    texts = (path.read_text("utf-8") for path in FOLDER.glob("*.html"))
    return "".join(text for text in texts if f'"{page.path}"' in text)


def template(page: Page) -> str:
    """The page's template with what it includes, and the shell, whose forms are on every page."""
    read, found = [page.template], ""
    for name in read:
        text = (FOLDER / name).read_text("utf-8")
        read += [other for other in OTHERS.findall(text) if other not in read]
        found += text
    return found


async def test_the_mobilisation_table_has_the_figures_of_the_event(console: Enter, desks: dict[str, Desk]) -> None:
    case = await asked(desks, "50", event="FL-2026-000123-BGR")
    hold = desks[HR].office.node.clock.now() + 3600
    await case.step(HR, "offer", lines=lines(50), hold_until=hold, terms=["donation"])
    await case.until(BG, "offered")
    await case.step(BG, "accept", terms="donation", place="Vidin")
    await case.until(BG, "confirmed")
    reader = await console(Role.DUTY_OFFICER)
    (line,) = json.loads((await reader.get("/mobilisation.json?event=FL-2026-000123-BGR")).html)["lines"]
    assert (line["requested"], line["promised"], line["under_way"], line["gap"]) == ("50", "50", "0", "0")
