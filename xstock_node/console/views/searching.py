"""Offers of all nodes, found by any word of the region; and one offer."""

from typing import Final

import msgspec

from xstock_node.console.page import Column, Page, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.domain.search import Order
from xstock_node.services.offer_views import OfferId
from xstock_node.services.searching import Hit, SearchRequest

A_PAGE: Final = 50


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for, with `exercise` also in exercises; the page of results begins after `skip`."""

    text: str = ""
    item: str = ""
    category: str = ""
    country: str = ""
    term: str = ""
    node: str = ""
    order: Order = Order.NEWEST
    exercise: bool = False
    skip: int = 0


class FoundView(msgspec.Struct, frozen=True, kw_only=True):
    """The offers found; `more` says that further ones exist, `next` where they begin."""

    query: SearchQuery
    hits: list[Hit]
    more: bool
    next: int


class OfferView(msgspec.Struct, frozen=True, kw_only=True):
    """One offer."""

    offer: Hit
    exercise: bool


async def _found(visit: Visit, asked: SearchQuery) -> FoundView:
    request = SearchRequest(
        text=asked.text,
        item=asked.item,
        category=asked.category,
        country=asked.country,
        term=asked.term,
        node=asked.node,
        order=asked.order,
        exercise=asked.exercise,
        skip=asked.skip,
        limit=A_PAGE,
    )
    found = await visit.ask("search", request)
    return FoundView(
        query=asked,
        hits=found.hits,
        more=found.more,
        next=asked.skip + A_PAGE,
    )


async def _offer(visit: Visit, asked: OfferId) -> OfferView:
    found = await visit.ask("offer.show", asked)
    return OfferView(offer=found, exercise=found.exercise)


SEARCH = Page(
    "search",
    "/search",
    mark("Offers of all"),
    "see",
    _found,
    asks=SearchQuery,
    tables={
        "offers": Table(
            mark("Offers"),
            (
                Column("item", mark("Goods"), "item", "/offer?node={node}&id={id}"),
                Column("name", mark("In the owner's words")),
                Column("quantity", mark("Quantity"), "amount"),
                Column("organisation", mark("Whose")),
                Column("country", mark("Country")),
                Column("place", mark("Place")),
                Column("ready_hours", mark("Ready in hours"), "number"),
                Column("terms", mark("Terms"), "term"),
                Column("as_of", mark("Counted"), "when"),
            ),
            lambda view: view.hits,
            mark("Nothing of the kind is offered. A shorter word or another category may find more."),
        )
    },
    group="help",
)
OFFER = Page("offer", "/offer", mark("Offer"), "see", _offer, asks=OfferId)
