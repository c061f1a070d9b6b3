"""The catalogue: listing, showing, and taking an organisation's or the IFRC's list of items in."""

import msgspec

from xstock_node.domain.catalogue import parse_catalogue
from xstock_node.domain.crosswalks import Crosswalk, parse_crosswalk
from xstock_node.domain.ifrc_csv import parse_ifrc_csv
from xstock_node.domain.items import CatalogueError, Item
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction


class CatalogueRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Narrow by words in any language, or by category."""

    text: str = ""
    category: str = ""
    language: str = ""


class ItemRow(msgspec.Struct, frozen=True, kw_only=True):
    """One item in a list."""

    code: str
    scheme: str
    name: str
    category: str
    unit: str


class ItemCode(msgspec.Struct, frozen=True, kw_only=True):
    """One item, by its code."""

    code: str


class CatalogueFile(msgspec.Struct, frozen=True, kw_only=True):
    """A list of items: the IFRC standard catalogue as csv, or a TOML file in the form of the default catalogue."""

    file: str
    content: bytes


class CatalogueImported(msgspec.Struct, frozen=True, kw_only=True):
    """How many items were stored, and how many of the file were known already."""

    stored: int
    known: int


class CrosswalkFile(msgspec.Struct, frozen=True, kw_only=True):
    """A crosswalk as csv, and the name of the list whose codes it explains; it replaces an older one of that name."""

    scheme: str
    content: bytes


class CrosswalkImported(msgspec.Struct, frozen=True, kw_only=True):
    """How many codes are explained, and those that mean an item which the catalogue does not have (at most 200)."""

    scheme: str
    stored: int
    unknown: list[str]


CROSSWALKS: Shelf[Crosswalk] = Shelf("crosswalk", Crosswalk)
SHOWN = 200


async def list_items(office: Office, actor: Actor, request: CatalogueRequest) -> list[ItemRow]:
    """Items of the catalogue."""
    catalogue = await office.catalogue()
    language = request.language or office.settings.languages[0]
    matching = set(catalogue.codes_matching(request.text)) if request.text else None
    return [
        ItemRow(
            code=item.code,
            scheme=item.scheme,
            name=catalogue.name(item.code, language),
            category=item.category.value,
            unit=item.unit.value,
        )
        for item in catalogue.all()
        if (matching is None or item.code in matching) and request.category in ("", item.category.value)
    ]


async def show_item(office: Office, actor: Actor, request: ItemCode) -> Item:
    """All that the catalogue knows of an item."""
    item = (await office.catalogue()).get(request.code)
    if item is None:
        raise Refusal("no-item", "a code of the catalogue", request.code, "see `xstock catalogue list`")
    return item


async def import_items(office: Office, actor: Actor, request: CatalogueFile) -> CatalogueImported:
    """Add items to the operator's catalogue; an item known by default keeps its names and facts."""
    try:
        if request.file.lower().endswith(".toml"):
            items = parse_catalogue(request.content).all()
        else:
            items = parse_ifrc_csv(request.content)
    except CatalogueError as error:
        raise Refusal("bad-catalogue", error.expected, error.came, error.do) from None
    catalogue = await office.catalogue()
    new = [item for item in items if item.code not in catalogue]

    def store(tx: Transaction) -> None:
        tx.stock.put_catalogue_items([(item.code, msgspec.json.encode(item)) for item in new])
        office.record(tx, actor, "catalogue.import", request.file, f"{len(new)} items")

    await office.node.engine.write(store, durable=True)
    office.forget_catalogue()
    return CatalogueImported(stored=len(new), known=len(items) - len(new))


async def import_crosswalk(office: Office, actor: Actor, request: CrosswalkFile) -> CrosswalkImported:
    """Take a crosswalk; its codes are proposed from now on, and confirmed by people."""
    try:
        found = parse_crosswalk(request.scheme, request.content)
    except CatalogueError as error:
        raise Refusal("bad-crosswalk", error.expected, error.came, error.do) from None
    catalogue = await office.catalogue()
    unknown = sorted({row.item for row in found.rows if row.item not in catalogue})

    def store(tx: Transaction) -> None:
        CROSSWALKS.put(tx, found.scheme, found, office.node.clock.now())
        office.record(tx, actor, "catalogue.crosswalk", found.scheme, f"{len(found.rows)} codes")

    await office.node.engine.write(store, durable=True)
    return CrosswalkImported(scheme=found.scheme, stored=len(found.rows), unknown=unknown[:SHOWN])
