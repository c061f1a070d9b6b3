"""The page of a sponsored town without a node: warnings of its area in its languages, and what its tier opens.

The key is posted, never part of an address, so that no log and no history of a browser keeps it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from xstock_network.wording import Words, choose, warnings_table
from xstock_node.domain.items import Category
from xstock_node.plugins import Context, Declined, Field, Form, PageAsk, PageData, Table
from xstock_node.plugins.members import Sight, SightAsk, TownNeed

_FIGURES: Final = {
    "people": "a whole number of people, from 1 to 1000000",
    "hours": "a whole number of hours, from 1 to 720",
}


class TownSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The language of the page before anybody gave a key."""

    language: Annotated[str, Meta(max_length=35)] = "en"


class TownPage:
    """The page `town`."""

    name, title = "network-town", "The page of a sponsored town"
    settings = TownSettings

    async def show(self, context: Context, ask: PageAsk) -> PageData:
        """A field for the key; with one what its town sees, and the way out."""
        words = Words(choose((context.settings.language,)))
        if ask.form is None:
            return PageData(title=words("yours"), forms=[_entry(words)])
        given = SightAsk(key=ask.form.get("key", "")[:64])
        try:
            sight = await context.members.sight(given)
        except Declined:
            return PageData(title=words("yours"), text=[words("wrong_key")], forms=[_entry(words)])
        own = Words(choose(sight.languages))
        if ask.form.get("leave"):
            await context.members.leave(given)
            return PageData(title=sight.name, text=[own("left")], language=own.language)
        if not ask.form.get("category"):
            return page(sight, own, given.key)
        try:
            await context.members.ask(_need(given.key, ask.form))
        except (Declined, ValueError) as error:
            return page(sight, own, given.key, str(error)[:500])
        return page(await context.members.sight(given), own, given.key)


def page(sight: Sight, words: Words, key: str, told: str = "") -> PageData:
    """What a town sees; the key stands in the form by which it asks for more, so that nobody types it again.

    `told` is what was wrong with what it asked for.
    """
    tables = [warnings_table(sight.warnings, words)] if sight.warnings else []
    if sight.offered:
        headers = [words(name) for name in ("item", "countries", "between", "unit")]
        rows = [[one.item, one.country, f"{one.least} - {one.below}", one.unit] for one in sight.offered]
        tables.append(Table(title=words("offered"), headers=headers, rows=rows))
    if sight.needs:
        tables.append(_needs(sight, words))
    out = Field(name="leave", label=words("leave"), kind="check", required=True)
    own = Field(name="key", label=words("key"), required=True)
    forms = [_asking(words, key)] if sight.tier == "town" else []
    return PageData(
        title=sight.name,
        text=[*([told] if told else []), *([] if sight.warnings else [words("no_warnings")])],
        tables=tables,
        forms=[*forms, Form(title=words("leave"), fields=[own, out], button=words("send"))],
        language=words.language,
    )


def _needs(sight: Sight, words: Words) -> Table:
    headers = [words(name) for name in ("category", "people", "day", "state")]
    rows = [
        [one.category, str(one.people), f"{datetime.fromtimestamp(one.at, UTC):%Y-%m-%d}", words(f"need_{one.state}")]
        for one in sight.needs
    ]
    return Table(title=words("needs"), headers=headers, rows=rows)


def _asking(words: Words, key: str) -> Form:
    fields = [
        Field(name="key", label=words("key"), value=key, required=True),
        Field(name="category", label=words("category"), kind="choice", options=[str(one) for one in Category]),
        Field(name="people", label=words("people"), kind="number", required=True),
        Field(name="hours", label=words("hours"), kind="number", value="72", required=True),
    ]
    return Form(title=words("ask"), fields=fields, button=words("send"))


def _need(key: str, form: Mapping[str, str]) -> TownNeed:
    """What was asked for. Raises ValueError that names the field."""
    figures = {name: form.get(name, "")[:20].strip() for name in _FIGURES}
    for name, text in figures.items():
        if not (text.isascii() and text.isdigit()):
            raise ValueError(f"{name}: expected {_FIGURES[name]}; came {text or 'none'}")
    said = {"key": key, "category": form["category"][:40], **{name: int(text) for name, text in figures.items()}}
    try:
        return msgspec.convert(said, TownNeed)
    except msgspec.ValidationError as error:
        field = next((name for name in (*_FIGURES, "category") if f"$.{name}`" in str(error)), "key")
        wanted = _FIGURES.get(field, ", ".join(Category))
        raise ValueError(f"{field}: expected {wanted}; came {said[field]}") from None


def _entry(words: Words) -> Form:
    return Form(fields=[Field(name="key", label=words("key"), required=True)], button=words("open"))
