"""The page of a sponsored town without a node: warnings of its area in its languages, and what its tier opens.

The key is posted, never part of an address, so that no log and no history of a browser keeps it.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_network.wording import Words, choose, warnings_table
from xstock_node.plugins import Context, Declined, Field, Form, PageAsk, PageData, Table
from xstock_node.plugins.members import Sight, SightAsk


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
            if ask.form.get("leave"):
                await context.members.leave(given)
                return PageData(title=sight.name, text=[Words(choose(sight.languages))("left")])
        except Declined:
            return PageData(title=words("yours"), text=[words("wrong_key")], forms=[_entry(words)])
        return page(sight, Words(choose(sight.languages)))


def page(sight: Sight, words: Words) -> PageData:
    """What a town sees."""
    tables = [warnings_table(sight.warnings, words)] if sight.warnings else []
    if sight.offered:
        headers = [words(name) for name in ("item", "countries", "between", "unit")]
        rows = [[one.item, one.country, f"{one.least} - {one.below}", one.unit] for one in sight.offered]
        tables.append(Table(title=words("offered"), headers=headers, rows=rows))
    out = Field(name="leave", label=words("leave"), kind="check", required=True)
    key = Field(name="key", label=words("key"), required=True)
    return PageData(
        title=sight.name,
        text=[] if sight.warnings else [words("no_warnings")],
        tables=tables,
        forms=[Form(title=words("leave"), fields=[key, out], button=words("send"))],
        language=words.language,
    )


def _entry(words: Words) -> Form:
    return Form(fields=[Field(name="key", label=words("key"), required=True)], button=words("open"))
