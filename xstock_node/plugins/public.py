"""Routes and pages of plugins: what comes in on the public port, what goes out, and pages as data.

What a route is allowed (its method, address, authentication, size and rate) stands in the manifest, where an operator
reads it before any code runs; the host keeps to it before a plugin sees a request.
"""

from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta

from xstock_node.plugins.context import Context
from xstock_node.protocol import limits

Text = Annotated[str, Meta(max_length=2000)]
Short = Annotated[str, Meta(max_length=200)]
Code = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{0,35}(?!\n)$")]
Authentication = Literal["token", "hmac", "mutual-tls", "none"]


class PublicRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that passed the host: right method and address, authenticated, not too large, not too often.

    `id` is that of a signed webhook, the same when it is sent again. Header names are lower case; those that carry
    secrets are left out. `at` is unix seconds.
    """

    method: str
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: bytes = b""
    id: str = ""
    at: int = 0


class PublicAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered. A route answers 200 only once what came is on disk (`context.store.write`)."""

    status: Annotated[int, Meta(ge=200, le=599)] = 200
    content_type: Short = "application/json"
    body: Annotated[bytes, Meta(max_length=limits.PLUGIN_PUBLIC_ANSWER)] = b""


class PublicRoute(Protocol):
    """One address on the public port. Since API level 3."""

    name: str

    @property
    def settings(self) -> type[msgspec.Struct]:
        """The type of its settings; the host's part of them is the table `[host]`."""
        ...

    async def answer(self, context: Context, request: PublicRequest) -> PublicAnswer:
        """Answer one request."""
        ...


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure with its label; `value` as it is to be read."""

    label: Short
    value: Short
    unit: Short = ""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table of texts; every row has as many cells as there are `headers`."""

    title: Short = ""
    headers: Annotated[list[Short], Meta(max_length=40)]
    rows: Annotated[list[list[Text]], Meta(max_length=2000)] = []


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a form; with `options` one of them is chosen."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    label: Short
    kind: Literal["text", "number", "date", "choice", "check"] = "text"
    options: Annotated[list[Short], Meta(max_length=200)] = []
    value: Text = ""
    required: bool = False


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """A form that is sent back to the page that shows it."""

    title: Short = ""
    fields: Annotated[list[Field], Meta(max_length=40)]
    button: Short = "Send"


class PageData(msgspec.Struct, frozen=True, kw_only=True):
    """A page: what is shown, never how. `text` are paragraphs, `svg` is one picture, of which no script runs.

    `language` (BCP 47) is that of its texts. Since API level 7: `written_in` that of the title and the paragraphs,
    where it is another; `languages` those that it has, by code with their own names, one of which the visitor asks for
    with `?lang=`.
    """

    title: Short
    text: Annotated[list[Text], Meta(max_length=50)] = []
    figures: Annotated[list[Figure], Meta(max_length=50)] = []
    tables: Annotated[list[Table], Meta(max_length=20)] = []
    forms: Annotated[list[Form], Meta(max_length=10)] = []
    svg: Annotated[str, Meta(max_length=limits.PLUGIN_SVG)] = ""
    language: Code = "en"
    written_in: Code = ""
    languages: Annotated[dict[Code, Short], Meta(max_length=30)] = {}


class PageAsk(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a page: the query, and what was filled in where a form was sent."""

    query: dict[str, str] = {}
    form: dict[str, str] | None = None


class Page(Protocol):
    """A page of a plugin. Since API level 3. Where its manifest says `public`, it is on the public port too."""

    name: str
    title: str

    @property
    def settings(self) -> type[msgspec.Struct]:
        """The type of its settings."""
        ...

    async def show(self, context: Context, ask: PageAsk) -> PageData:
        """The page now."""
        ...
