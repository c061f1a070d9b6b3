"""The catalogue: items by any word of the region, in the reader's language; and all that is known of one."""

import msgspec

from xstock_node.console.page import Column, Page, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.domain.items import Item
from xstock_node.services.cataloguing import CatalogueRequest, ItemCode, ItemRow

MOST = 300


class CatalogueQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for."""

    text: str = ""
    category: str = ""


class CatalogueView(msgspec.Struct, frozen=True, kw_only=True):
    """Items of the catalogue, at most 300; `more` says that there are further ones."""

    query: CatalogueQuery
    items: list[ItemRow]
    more: bool


class NameRow(msgspec.Struct, frozen=True, kw_only=True):
    """An item's name in a language, and what else it is called there."""

    language: str
    name: str
    synonyms: list[str]


class ItemView(msgspec.Struct, frozen=True, kw_only=True):
    """One item and its names."""

    item: Item
    names: list[NameRow]


async def _list(visit: Visit, asked: CatalogueQuery) -> CatalogueView:
    request = CatalogueRequest(text=asked.text, category=asked.category, language=visit.words.language.code)
    found = await visit.ask("catalogue.list", request)
    return CatalogueView(query=asked, items=found[:MOST], more=len(found) > MOST)


async def _item(visit: Visit, asked: ItemCode) -> ItemView:
    item: Item = await visit.ask("catalogue.show", asked)
    names = [
        NameRow(language=language, name=name, synonyms=list(item.synonyms.get(language, ())))
        for language, name in item.names.items()
    ]
    return ItemView(item=item, names=names)


CATALOGUE = Page(
    "catalogue",
    "/catalogue",
    mark("Catalogue"),
    "see",
    _list,
    asks=CatalogueQuery,
    tables={
        "items": Table(
            mark("Items"),
            (
                Column("code", mark("Code"), "code", "/item?code={code}"),
                Column("name", mark("Name")),
                Column("category", mark("Category"), "category"),
                Column("unit", mark("Unit"), "unit"),
                Column("scheme", mark("List")),
            ),
            lambda view: view.items,
            mark("The catalogue knows no such thing."),
        )
    },
    group="stock",
)
ITEM = Page(
    "item",
    "/item",
    mark("Item"),
    "see",
    _item,
    asks=ItemCode,
    tables={
        "names": Table(
            mark("Names"),
            (
                Column("language", mark("Language")),
                Column("name", mark("Name")),
                Column("synonyms", mark("Also called")),
            ),
            lambda view: view.names,
        )
    },
)
