"""Goods by country: how much of the most offered items each country offers."""

import msgspec

from xstock_node.console.drawings import draw_countries
from xstock_node.console.page import Column, Page, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.services.offer_sums import CountriesAsked, CountrySum


class CountriesView(msgspec.Struct, frozen=True, kw_only=True):
    """The items that the most nodes offer, with their sums by country; `exercise`: nothing of it is real."""

    exercise: bool
    sums: list[CountrySum]


async def _countries(visit: Visit, asked: CountriesAsked) -> CountriesView:
    exercise = asked.exercise or visit.office.node.log.is_exercise
    return CountriesView(exercise=exercise, sums=await visit.ask("offer.countries", asked))


COUNTRIES = Page(
    "countries",
    "/countries",
    mark("Goods by country"),
    "see",
    _countries,
    asks=CountriesAsked,
    tables={
        "sums": Table(
            mark("Offered by country"),
            (
                Column("item", mark("Goods"), "item", "/search?item={item}"),
                Column("country", mark("Country")),
                Column("quantity", mark("Quantity"), "amount"),
                Column("offers", mark("Offers"), "number"),
            ),
            lambda view: view.sums,
            mark("Nobody offers anything that this node knows of."),
        )
    },
    draws={"countries": lambda visit, view: draw_countries(view.sums, visit.words)},
    group="help",
    shape="plain",
)
