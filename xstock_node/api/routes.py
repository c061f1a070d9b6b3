"""Every route as data: name, method, path, right, types, handler. OpenAPI and the rights matrix come from here.

A handler is `async (office, actor, request) -> response`; the request is a JSON body, or a query where it is a GET.
"""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from xstock_node.domain.items import Item
from xstock_node.services import cataloguing, checks, mapping_desk, overview, publishing, searching, stocktake
from xstock_node.services.office import Actor, Office

Handler = Callable[[Office, Actor, Any], Awaitable[Any]]
PREFIX = "/api/1"


class Route(NamedTuple):
    """One thing that may be asked of a node. `request` is None where there is nothing to say."""

    name: str
    method: str
    path: str
    right: str
    request: Any
    response: Any
    handler: Handler
    summary: str


ROUTES = (
    Route("status", "GET", "/status", "see", None, overview.StatusView, overview.status, "This node at a glance"),
    Route(
        "doctor", "GET", "/doctor", "operate", None, list[checks.Finding], checks.doctor, "What is well, what is not"
    ),
    Route(
        "log.verify",
        "GET",
        "/logs/verify",
        "audit",
        None,
        list[checks.LogVerification],
        checks.verify_logs,
        "Hash every stored record again",
    ),
    Route(
        "stock.import",
        "POST",
        "/stock/import",
        "stock",
        stocktake.ImportRequest,
        stocktake.ImportResult,
        stocktake.import_file,
        "Take a file as the new snapshot of a source",
    ),
    Route(
        "stock.list",
        "GET",
        "/stock",
        "stock.see",
        None,
        list[stocktake.LineView],
        stocktake.list_lines,
        "Lines of own stock",
    ),
    Route(
        "stock.preview",
        "GET",
        "/stock/preview",
        "stock.see",
        None,
        publishing.PreviewResult,
        publishing.preview,
        "What would be offered, and why the rest is not",
    ),
    Route(
        "stock.match",
        "GET",
        "/stock/match",
        "stock.see",
        mapping_desk.MatchRequest,
        list[mapping_desk.MatchView],
        mapping_desk.list_matches,
        "Lines to map to the catalogue, with candidates",
    ),
    Route(
        "stock.decide",
        "POST",
        "/stock/match",
        "stock",
        mapping_desk.DecideRequest,
        mapping_desk.DecideResult,
        mapping_desk.decide,
        "Confirm or reject mappings",
    ),
    Route(
        "stock.add",
        "POST",
        "/stock/lines",
        "stock",
        stocktake.LineRequest,
        stocktake.LineView,
        stocktake.add_line,
        "Add a line kept by hand",
    ),
    Route(
        "stock.set",
        "POST",
        "/stock/lines/set",
        "stock",
        stocktake.LineRequest,
        stocktake.LineView,
        stocktake.set_line,
        "Change a line kept by hand",
    ),
    Route(
        "stock.remove",
        "POST",
        "/stock/lines/remove",
        "stock",
        stocktake.RefRequest,
        stocktake.RefRequest,
        stocktake.remove_line,
        "Remove a line kept by hand",
    ),
    Route(
        "catalogue.list",
        "GET",
        "/catalogue",
        "see",
        cataloguing.CatalogueRequest,
        list[cataloguing.ItemRow],
        cataloguing.list_items,
        "Items of the catalogue",
    ),
    Route(
        "catalogue.show",
        "GET",
        "/catalogue/item",
        "see",
        cataloguing.ItemCode,
        Item,
        cataloguing.show_item,
        "All that is known of an item",
    ),
    Route(
        "catalogue.import",
        "POST",
        "/catalogue/import",
        "stock",
        cataloguing.CatalogueFile,
        cataloguing.CatalogueImported,
        cataloguing.import_items,
        "Add a list of items",
    ),
    Route(
        "offer.list",
        "GET",
        "/offers",
        "see",
        None,
        list[publishing.OfferView],
        publishing.list_offers,
        "Own live offers",
    ),
    Route(
        "offer.show",
        "GET",
        "/offers/offer",
        "see",
        publishing.OfferId,
        searching.Hit,
        searching.show_offer,
        "One offer, own or another node's",
    ),
    Route(
        "offer.publish",
        "POST",
        "/offers/publish",
        "release",
        publishing.PublishRequest,
        publishing.PublishResult,
        publishing.publish,
        "Sign offers for what the share rules allow",
    ),
    Route(
        "offer.withdraw",
        "POST",
        "/offers/withdraw",
        "release",
        publishing.OfferIds,
        publishing.CountResult,
        publishing.withdraw,
        "End own offers",
    ),
    Route(
        "offer.renew",
        "POST",
        "/offers/renew",
        "release",
        publishing.OfferIds,
        publishing.CountResult,
        publishing.renew,
        "Give offers a new lease after a check of their stock",
    ),
    Route(
        "offer.export",
        "GET",
        "/offers/export",
        "see",
        publishing.OfferId,
        publishing.ExportResult,
        publishing.export,
        "A portable offer with its proof",
    ),
    Route(
        "search",
        "GET",
        "/search",
        "see",
        searching.SearchRequest,
        searching.SearchResult,
        searching.search,
        "Find offers of all nodes",
    ),
    Route(
        "peer.list",
        "GET",
        "/peers",
        "see",
        overview.PeerName,
        list[overview.PeerView],
        overview.peers,
        "Pinned peers",
    ),
    Route(
        "peer.sync",
        "POST",
        "/peers/sync",
        "operate",
        overview.PeerName,
        overview.SyncResult,
        overview.sync,
        "One round with a peer, or with all, now",
    ),
)

BY_NAME = {route.name: route for route in ROUTES}
