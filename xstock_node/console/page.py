"""What a page is: data, from which the application, the menu, its JSON twin and its tables are made."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from markupsafe import Markup

from xstock_node.console.form import Form

if TYPE_CHECKING:
    from xstock_node.console.visit import Visit

Build = Callable[["Visit", Any], Awaitable[msgspec.Struct]]


class Go(NamedTuple):
    """What an act leads to: another page, and the code of what was done, which that page says."""

    to: str
    done: str = ""


class Again(NamedTuple):
    """The same page again with the form as it is now: a step of a longer form, nothing was changed."""

    form: Form


class Told(NamedTuple):
    """The same page with an answer that is shown once, such as a new code."""

    answer: Any


Act = Callable[["Visit", Form], Awaitable[Go | Again | Told]]
Draw = Callable[["Visit", Any], Markup]


class Field(NamedTuple):
    """A field of a form: its name, its label, how it is filled in (an input type, `area`, `list`, `yes`, `choice` or a
    kind of `vocabulary.py` to choose from), what stands in it, and a sentence beside it.
    """

    name: str
    label: str
    kind: str = "text"
    value: str = ""
    hint: str = ""
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()


class Ask(NamedTuple):
    """A form of a page as data: the act that it asks for, what it is called, its fields, and who sees it.

    `sure` is a sentence that has to be ticked before what cannot be taken back.
    """

    act: str
    heading: str
    button: str
    fields: tuple[Field, ...]
    right: str = ""
    sure: str = ""


class Press(NamedTuple):
    """A button in each row of a table: the act, its word, the fields of the row that it sends, and who sees it."""

    act: str
    word: str
    fields: tuple[str, ...]
    right: str = ""
    sure: str = ""
    when: Callable[[Any], bool] = lambda row: True


class Column(NamedTuple):
    """A column of a table: the field of a row, its heading, how it is written, and where it leads.

    `kind`: text, number, when, due, day, item, node, goods, amount (with the row's `unit`), or a kind of
    `vocabulary.py`.
    `href` is a path with fields of the row in braces.
    """

    key: str
    heading: str
    kind: str = "text"
    href: str = ""


class Table(NamedTuple):
    """A table of a page: what it is called, its columns, where its rows are in the view, what it says when empty."""

    caption: str
    columns: tuple[Column, ...]
    rows: Callable[[Any], Sequence[Any]]
    empty: str = ""
    presses: tuple[Press, ...] = ()


class Page(NamedTuple):
    """One page. `asks` is what its query says; `right` has to hold at one site at least to see it in the menu.

    `group` is its place in the menu, empty where it is in none. `open`: shown without sign-in.
    """

    name: str
    path: str
    title: str
    right: str
    build: Build
    asks: type[msgspec.Struct] | None = None
    acts: Mapping[str, Act] = {}
    tables: Mapping[str, Table] = {}
    draws: Mapping[str, Draw] = {}
    """Pictures of the page by name, drawn of its view: `picture(name)` in its template."""
    group: str = ""
    open: bool = False
    files: int = 0
    """The most bytes of a file that its forms bring."""
    asking: tuple[Ask, ...] = ()
    lead: str = ""
    """A sentence under the title, where the page has no template of its own."""
    shape: str = ""
    """The template, where it is not that of the page's name; `plain` shows the tables and forms in their order."""

    @property
    def template(self) -> str:
        """The file of its template."""
        return f"{self.shape or self.name}.html"
