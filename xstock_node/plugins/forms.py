"""The interface to forms of other bodies: a plugin arranges what this node knows, the node draws it. Since API level 5.

A form is data: entries, tables, sentences, and the same once more as JSON. How it looks as PDF or HTML is the node's
affair. What the node does not know is a field that people fill in, and it is kept until it changes.
"""

from typing import Annotated, Protocol

import msgspec
from msgspec import Meta

from xstock_node.domain.documents.facts import OperationFacts, Party
from xstock_node.domain.forms import Deed, FormFacts, FormLine, FormRequest, HeldReserve
from xstock_node.plugins.context import Context
from xstock_node.protocol import limits

__all__ = [
    "Deed",
    "Entry",
    "FormData",
    "FormFacts",
    "FormField",
    "FormLine",
    "FormMaker",
    "FormRequest",
    "HeldReserve",
    "OperationFacts",
    "Party",
    "Table",
]

Short = Annotated[str, Meta(max_length=200)]
Text = Annotated[str, Meta(max_length=2000)]


class FormField(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is asked for; `help` says what belongs there."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    label: Short
    help: Short = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the form with its value as it is to be read; one without a value is a line for the pen."""

    label: Short
    value: Text = ""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table of texts; `figures` are the numbers of the columns that hold figures, from 0."""

    title: Short = ""
    headers: Annotated[tuple[Short, ...], Meta(min_length=1, max_length=20)]
    rows: Annotated[tuple[tuple[Text, ...], ...], Meta(max_length=2000)] = ()
    figures: tuple[int, ...] = ()


class FormData(msgspec.Struct, frozen=True, kw_only=True):
    """A form ready to be drawn. `data` is the same as JSON, `open` names fields that people have left empty."""

    title: Short
    reference: Short = ""
    entries: Annotated[tuple[Entry, ...], Meta(max_length=200)] = ()
    tables: Annotated[tuple[Table, ...], Meta(max_length=20)] = ()
    says: Annotated[tuple[Text, ...], Meta(max_length=20)] = ()
    signs: Annotated[tuple[Short, ...], Meta(max_length=6)] = ()
    open: Annotated[tuple[Short, ...], Meta(max_length=200)] = ()
    data: Annotated[bytes, Meta(max_length=limits.MESSAGE)] = b"{}"


class FormMaker(Protocol):
    """One form. It is on without settings and touches nothing but what it is given. Since API level 5."""

    name: str
    title: str

    async def fields(self, context: Context) -> tuple[FormField, ...]:
        """What people fill in."""
        ...

    async def make(self, context: Context, facts: FormFacts) -> FormData:
        """The form from these facts; raises `Declined` for facts that it has no form for."""
        ...
