"""The public page: what stands on it in which language, and what is marked."""

import msgspec
from xstock_network.about import About, AboutSettings, Texts

from xstock_node.domain.arrivals import ArrivalCell
from xstock_node.plugins import PageAsk, PageData
from xstock_node.plugins.members import PublicAsk, PublicFigures, Unneeded
from xstock_node.testing.members import FIGURES, WARNING, LooseMembers
from xstock_node.testing.plugin_context import plugin_context

TEXTS = {"bg": Texts(title="Дунав"), "sq": Texts(title="Drini", who=["Ne jemi këtu."])}


class Asked(LooseMembers):
    """A desk that keeps in which languages it was asked."""

    languages: tuple[str, ...] = ()

    async def public(self, ask: PublicAsk) -> PublicFigures:
        self.languages = ask.languages
        return await super().public(ask)


async def shown(figures: PublicFigures = FIGURES, lang: str = "", arrivals: bool = True) -> tuple[PageData, Asked]:
    members = Asked()
    members.figures = figures
    async with plugin_context(AboutSettings(texts=TEXTS, arrivals=arrivals)) as context:
        query = {"lang": lang} if lang else {}
        return await About().show(context._replace(members=members), PageAsk(query=query)), members


async def test_warnings_are_asked_for_in_the_visitors_language_and_then_in_the_pages() -> None:
    for lang, wanted, title in (("", ("bg",), "Дунав"), ("ro", ("ro", "bg"), "Дунав"), ("sq", ("sq", "bg"), "Drini")):
        page, members = await shown(lang=lang)
        assert (members.languages, page.title) == (wanted, title)
    assert (await shown(lang="x" * 5000))[1].languages == ("bg",), "no language that nobody speaks is asked for"


async def test_an_exercise_says_so_first_and_no_warning_is_said_too() -> None:
    page, _ = await shown(msgspec.structs.replace(FIGURES, exercise=True, warnings=()))
    assert page.text[0].startswith("УЧЕНИЕ") and "няма действащо" in page.text[-1]


async def test_what_is_doubtful_about_a_warning_is_marked() -> None:
    doubtful = msgspec.structs.replace(WARNING, fallback=True, unsure=True, level="", language="")
    page, _ = await shown(msgspec.structs.replace(FIGURES, warnings=(doubtful,)))
    row = page.tables[0].rows[0]
    assert row[0].endswith("[?, не е на вашия език, мястото не е сигурно]") and row[1] == "неизвестно"


async def test_people_who_arrived_are_shown_where_the_owner_wants_it() -> None:
    cells = (
        ArrivalCell(area="BG311", day="2027-03-28", by="sea", people=None),
        ArrivalCell(area="BG311", day="2027-03-28", by="road", people=150),
    )
    figures = msgspec.structs.replace(FIGURES, arrivals=cells)
    rows = [row for table in (await shown(figures))[0].tables for row in table.rows]
    assert ["2027-03-28", "BG311", "по море", "под 10"] in rows and ["2027-03-28", "BG311", "по шосе", "150"] in rows
    assert "BG311" not in str((await shown(figures, arrivals=False))[0])


async def test_what_is_not_needed_is_the_nodes_list_and_the_owners_own_lines() -> None:
    said = Unneeded(language="bg", lines=("употребявани дрехи",), instead="Парите помагат веднага.")
    texts = {"bg": Texts(title="Дунав", not_needed=["гуми"])}
    members = Asked()
    members.figures = msgspec.structs.replace(FIGURES, unneeded=said)
    async with plugin_context(AboutSettings(texts=texts)) as context:
        page = await About().show(context._replace(members=members), PageAsk())
    (table,) = [one for one in page.tables if one.rows[0] == ["употребявани дрехи"]]
    assert table.rows == [["употребявани дрехи"], ["гуми"], ["Парите помагат веднага."]]
    assert page.languages["bg"] == "Български" and "ro" in page.languages
