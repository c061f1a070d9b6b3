"""The public page: who we are, aggregates, warnings of the area, what we do not need, how to apply. Nothing else."""

from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_network.wording import Words, choose, languages, name_of, warnings_table
from xstock_node.plugins import Context, Figure, PageAsk, PageData, Table
from xstock_node.plugins.members import PublicAsk, PublicFigures

Paragraph = Annotated[str, Meta(max_length=2000)]
Language = Annotated[str, Meta(min_length=2, max_length=35)]


class Texts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the page says in one language, in the words of its owner."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    who: Annotated[list[Paragraph], Meta(max_length=10)] = []
    not_needed: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=50)] = []
    apply: Annotated[list[Paragraph], Meta(max_length=10)] = []


class AboutSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`texts` by language; the first one is shown to who asks for none of them. `arrivals`: the table of people."""

    texts: Annotated[dict[Language, Texts], Meta(min_length=1, max_length=20)]
    arrivals: bool = True


class About:
    """The page `about`. A visitor chooses the language with `?lang=bg`."""

    name, title = "network-about", "The network, for the public"
    settings = AboutSettings

    async def show(self, context: Context, ask: PageAsk) -> PageData:
        """The page now."""
        settings: AboutSettings = context.settings
        first = next(iter(settings.texts))
        known = (*settings.texts, *languages())
        wanted = (*(one for one in known if one == ask.query.get("lang", "")), first)
        language = next((one for one in wanted if one in settings.texts), first)
        figures = await context.members.public(PublicAsk(languages=tuple(dict.fromkeys(wanted))))
        made = page(settings, settings.texts[language], figures, Words(choose(wanted)))
        return msgspec.structs.replace(made, written_in=language)


def page(settings: AboutSettings, texts: Texts, figures: PublicFigures, words: Words) -> PageData:
    """The page of these figures."""
    said = [words("exercise")] if figures.exercise else []
    said += texts.who
    if not figures.warnings:
        said.append(words("no_warnings"))
    tables = [warnings_table(figures.warnings, words)] if figures.warnings else []
    if figures.shares:
        rows = [[figures.categories.get(one.category, one.category), str(one.countries)] for one in figures.shares]
        tables.append(Table(title=words("offered"), headers=[words("category"), words("countries")], rows=rows))
    if settings.arrivals and figures.arrivals:
        tables.append(_arrivals(figures, words))
    unneeded = [*figures.unneeded.lines, *texts.not_needed]
    if unneeded:
        lines = [*unneeded, *filter(None, [figures.unneeded.instead])]
        tables.append(Table(headers=[words("not_needed")], rows=[[one] for one in lines]))
    if texts.apply:
        tables.append(Table(headers=[words("how")], rows=[[one] for one in texts.apply]))
    return PageData(
        title=texts.title,
        text=said,
        figures=[
            Figure(label=words("members"), value=str(figures.members)),
            Figure(label=words("towns"), value=str(figures.towns)),
        ],
        tables=tables,
        language=words.language,
        languages={code: name_of(code) for code in dict.fromkeys((*settings.texts, *languages()))},
    )


def _arrivals(figures: PublicFigures, words: Words) -> Table:
    headers = [words(name) for name in ("day", "area", "by", "people")]
    rows = [
        [one.day, one.area, words(f"by_{one.by}"), words("few") if one.people is None else str(one.people)]
        for one in figures.arrivals
    ]
    return Table(title=words("arrivals"), headers=headers, rows=rows)
