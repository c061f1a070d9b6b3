"""Own stock: the lines and where they come from, what would be offered and why the rest is not, and own offers."""

from decimal import Decimal

import msgspec

from xstock_node.console.acts import routed, told
from xstock_node.console.drawings import draw_levels
from xstock_node.console.form import Form
from xstock_node.console.page import Ask, Column, Field, Go, Page, Press, Table
from xstock_node.console.views.importing import UNDOABLE, undo
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.domain.units import base_unit_of
from xstock_node.services.errors import Refusal
from xstock_node.services.levels import LevelView
from xstock_node.services.offer_views import OfferIds, OfferView, PreviewResult
from xstock_node.services.sources import SourceView
from xstock_node.services.stock_lines import LineView
from xstock_node.services.syncing import SyncRequest
from xstock_node.services.undoing import UndoableView

A_PAGE = 200


class StockQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines: those whose words contain `text`, from `skip` on."""

    text: str = ""
    skip: int = 0


class StockRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the own stock as a row; figures as decimals, `unit` as in the list; `by_hand`: kept here."""

    ref: str
    source: str
    item: str
    name: str
    quantity: str
    available: str
    unit: str
    location: str
    lot: str
    expiry: str
    owner: str
    status: str
    by_hand: bool


class StockView(msgspec.Struct, frozen=True, kw_only=True):
    """The own stock; `more` lines follow. `levels` are told to who sees the stock of all places."""

    query: StockQuery
    levels: list[LevelView]
    sources: list[SourceView]
    undoable: list[UndoableView]
    lines: list[StockRow]
    more: bool
    next: int


def _row(view: LineView, by_hand: bool) -> StockRow:
    line = view.line
    return StockRow(
        ref=view.ref,
        source=view.source,
        item=view.code,
        name=line.item_name or line.item_code or "",
        quantity=_figure(line.quantity),
        available=_figure(line.available),
        unit=str(base_unit_of(line.unit or "") or line.unit or ""),
        location=line.location or "",
        lot=line.lot or "",
        expiry=line.expiry or "",
        owner=line.owner or "",
        status=line.status or "",
        by_hand=by_hand,
    )


def _figure(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"


async def _stock(visit: Visit, asked: StockQuery) -> StockView:
    wanted, sources = asked.text.casefold(), await visit.ask("stock.sources")
    hand = {source.name for source in sources if source.kind == "hand"}
    every = [_row(view, view.source in hand) for view in await visit.ask("stock.list")]
    rows = [row for row in every if wanted in f"{row.name} {row.item}".casefold()]
    return StockView(
        query=asked,
        levels=await _levels(visit),
        sources=sources,
        undoable=await _undoable(visit),
        lines=rows[asked.skip : asked.skip + A_PAGE],
        more=len(rows) > asked.skip + A_PAGE,
        next=asked.skip + A_PAGE,
    )


async def _levels(visit: Visit) -> list[LevelView]:
    try:
        found: list[LevelView] = await visit.ask("stock.levels")
    except Refusal as refusal:
        if refusal.code != "forbidden":
            raise
        return []
    return found


async def _undoable(visit: Visit) -> list[UndoableView]:
    try:
        found: list[UndoableView] = await visit.ask("stock.undoable")
    except Refusal as refusal:
        if refusal.code != "forbidden":
            raise
        return []
    return found


async def _sync(visit: Visit, form: Form) -> Go:
    accepts = form.act == "accept"
    request = SyncRequest(source=form.text("name"), accept_changes=accepts, seen=form.text("mark")[:64])
    result = await visit.do("stock.sync", request, form)
    return Go("/stock", "stock.held" if result.state == "held" else "stock.sync")


STOCK = Page(
    "stock",
    "/stock",
    mark("Stock"),
    "stock.see",
    _stock,
    asks=StockQuery,
    acts={
        "add": routed("stock.add", "/stock"),
        "set": routed("stock.set", "/stock"),
        "remove": routed("stock.remove", "/stock"),
        "sync": _sync,
        "accept": _sync,
        "undo": undo,
    },
    draws={"levels": lambda visit, view: draw_levels(view.levels, visit.words)},
    tables={
        "sources": Table(
            mark("Where it comes from"),
            (
                Column("name", mark("Source")),
                Column("kind", mark("Kind"), "said-source-kind"),
                Column("lines", mark("Lines"), "number"),
                Column("rejected", mark("Not taken"), "number"),
                Column("as_of", mark("As of"), "when"),
                Column("state", mark("State"), "said-source-state"),
                Column("why", mark("Why"), "told"),
                Column("examples", mark("For example")),
                Column("do", mark("What to do"), "told"),
            ),
            lambda view: view.sources,
            mark("No source yet. Import a list, or add a line by hand."),
            (
                Press("sync", mark("Read now"), ("name",), "stock", when=lambda row: row.kind == "system"),
                Press(
                    "accept",
                    mark("Take it as it is"),
                    ("name", "mark"),
                    "stock",
                    mark("I looked at it: it is right"),
                    when=lambda row: row.kind == "system" and row.state == "held",
                ),
            ),
        ),
        "undoable": UNDOABLE,
        "lines": Table(
            mark("Lines"),
            (
                Column("name", mark("In our words")),
                Column("ref", mark("Ref"), "code"),
                Column("item", mark("Goods"), "item", "/item?code={item}"),
                Column("quantity", mark("There"), "amount"),
                Column("available", mark("Free"), "number"),
                Column("location", mark("Store")),
                Column("lot", mark("Lot")),
                Column("expiry", mark("Expiry"), "day"),
                Column("owner", mark("Owner")),
                Column("status", mark("Status")),
            ),
            lambda view: view.lines,
            mark("No line yet."),
            (
                Press(
                    "remove",
                    mark("Remove"),
                    ("ref",),
                    "stock",
                    mark("Sure"),
                    when=lambda row: row.by_hand,
                ),
            ),
        ),
    },
    asking=(
        Ask(
            "set",
            mark("Change a line kept by hand"),
            mark("Change"),
            (
                Field("ref", mark("Ref"), hint=mark("As it stands in the table above."), required=True),
                Field("quantity", mark("How many")),
                Field("reserved", mark("Reserved")),
                Field("damaged", mark("Damaged")),
                Field("location", mark("Store")),
            ),
            "stock",
        ),
        Ask(
            "add",
            mark("Add a line by hand"),
            mark("Add"),
            (
                Field("name", mark("Name"), required=True),
                Field("quantity", mark("How many"), required=True),
                Field("unit", mark("Unit"), value="pcs"),
                Field("code", mark("Code of the catalogue")),
                Field("location", mark("Store")),
                Field("lot", mark("Lot")),
                Field("expiry", mark("Expiry"), hint=mark("A day or month, such as 2027-06.")),
            ),
            "stock",
        ),
    ),
    group="stock",
)


class OffersView(msgspec.Struct, frozen=True, kw_only=True):
    """Own live offers, and what the share rules would offer and keep back; null for who may not see the stock."""

    offers: list[OfferView]
    preview: PreviewResult | None


async def _offers(visit: Visit, asked: None) -> OffersView:
    preview = await visit.ask("stock.preview") if visit.may("stock.see") else None
    return OffersView(offers=await visit.ask("offer.list"), preview=preview)


async def _each(visit: Visit, form: Form, route: str) -> Go:
    await visit.do(route, OfferIds(ids=form.all("id")), form)
    return Go("/offers", "done")


async def _withdraw(visit: Visit, form: Form) -> Go:
    return await _each(visit, form, "offer.withdraw")


async def _renew(visit: Visit, form: Form) -> Go:
    return await _each(visit, form, "offer.renew")


OFFERS = Page(
    "offers",
    "/offers",
    mark("Own offers"),
    "see",
    _offers,
    acts={"publish": told("offer.publish"), "withdraw": _withdraw, "renew": _renew},
    tables={
        "offers": Table(
            mark("Published"),
            (
                Column("item", mark("Goods"), "item"),
                Column("name", mark("In our words")),
                Column("quantity", mark("Quantity"), "amount"),
                Column("terms", mark("Terms"), "term"),
                Column("place", mark("Place")),
                Column("as_of", mark("Counted"), "when"),
                Column("valid_until", mark("Valid until"), "due"),
            ),
            lambda view: view.offers,
            mark("Nothing is published."),
            (
                Press("renew", mark("Renew"), ("id",), "release"),
                Press("withdraw", mark("Withdraw"), ("id",), "release", mark("Sure")),
            ),
        ),
        "proposed": Table(
            mark("Would be offered"),
            (
                Column("code", mark("Goods"), "item"),
                Column("name", mark("In our words")),
                Column("quantity", mark("Quantity"), "amount"),
                Column("place", mark("Place")),
                Column("expiry", mark("Expiry"), "day"),
                Column("needs_release", mark("A person has to release it"), "yes"),
                Column("why", mark("Why"), "told"),
            ),
            lambda view: view.preview.offers if view.preview else [],
            mark("The share rules let nothing go."),
        ),
        "kept": Table(
            mark("Stays at home, and why"),
            (
                Column("name", mark("In our words")),
                Column("code", mark("Goods"), "item"),
                Column("rule", mark("Rule"), "number"),
                Column("why", mark("Why"), "told"),
            ),
            lambda view: view.preview.not_offered if view.preview else [],
            mark("Nothing is kept back."),
        ),
    },
    asking=(
        Ask(
            "publish",
            mark("Publish what the share rules allow"),
            mark("Sign and publish"),
            (Field("release", mark("I release what is more than before"), "yes"),),
            "release",
        ),
    ),
    group="stock",
    shape="plain",
)
