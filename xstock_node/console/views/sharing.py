"""Sharing: what of the stock would be offered, why the rest stays, publishing it, and which peers have it."""

from typing import Final

import msgspec

from xstock_node.console.acts import told
from xstock_node.console.page import Column, Page, Table
from xstock_node.console.views.importing import undo
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.domain.rights import RIGHTS
from xstock_node.services.offer_views import NotOfferedView, OfferView, PreviewResult, ProposedView
from xstock_node.services.overview import PeerName, PeerView
from xstock_node.services.undoing import UndoableView

RELEASE: Final = "release"
UNMAPPED: Final = "unmapped"


class ShareQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The source that was imported, for the way back."""

    source: str = ""


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """What would be offered: `now` is what is published of it, empty where nothing is; `news` new, more, less, same."""

    code: str
    place: str
    quantity: str
    unit: str
    now: str
    news: str
    expiry: str
    needs_release: bool
    reason: str
    params: dict[str, str]


class ShareView(msgspec.Struct, frozen=True, kw_only=True):
    """What would be offered and what stays: `unmapped` lines because nobody matched them.

    `terms` (in the reader's words) and times are those of every offer. `publishers` are the roles that may publish,
    `published` own offers, `ending` those that would be withdrawn.
    """

    source: str
    lines: int
    unmapped: int
    proposed: list[Proposed]
    kept: list[NotOfferedView]
    published: list[OfferView]
    ending: list[OfferView]
    publishers: list[str]
    to_release: int
    peers: list[PeerView]
    undoable: list[UndoableView]
    terms: str
    lease_days: int
    ready_hours: int


async def _view(visit: Visit, asked: ShareQuery) -> ShareView:
    preview: PreviewResult = await visit.ask("stock.preview")
    offers: list[OfferView] = await visit.ask("offer.list")
    place = visit.office.settings.place
    live = {(one.item, one.place): one for one in offers}
    proposed = [_proposed(one, live.get((one.code, one.place or place))) for one in preview.offers]
    wanted = {(one.code, one.place or place) for one in preview.offers}
    undoable = [one for one in await visit.ask("stock.undoable") if one.source == asked.source and one.kind == "stock"]
    return ShareView(
        source=asked.source,
        lines=preview.lines,
        unmapped=sum(one.reason == UNMAPPED for one in preview.not_offered),
        proposed=proposed,
        kept=preview.not_offered,
        published=offers,
        ending=[one for at, one in live.items() if at not in wanted],
        publishers=[role.value for role, rights in RIGHTS.items() if RELEASE in rights],
        to_release=sum(one.needs_release for one in proposed),
        peers=await visit.ask("peer.list", PeerName()),
        undoable=undoable,
        terms=", ".join(visit.words.word("term", term) for term in visit.office.settings.terms),
        lease_days=visit.office.settings.lease_days,
        ready_hours=visit.office.settings.ready_hours,
    )


def _proposed(one: ProposedView, live: OfferView | None) -> Proposed:
    from decimal import Decimal

    more = Decimal(one.quantity) - Decimal(live.quantity) if live else None
    return Proposed(
        code=one.code,
        place=one.place,
        quantity=one.quantity,
        unit=one.unit,
        now=live.quantity if live else "",
        news="new" if more is None else "more" if more > 0 else "less" if more < 0 else "same",
        expiry=one.expiry or "",
        needs_release=one.needs_release,
        reason=one.reason,
        params=one.params,
    )


PEERS: Final = Table(
    mark("Which peers have it"),
    (
        Column("organisation", mark("Organisation")),
        Column("country", mark("Country")),
        Column("up_to_date", mark("Has what we published last"), "has"),
        Column("last_out", mark("Reached"), "when"),
        Column("last_in", mark("Heard"), "when"),
    ),
    lambda view: view.peers,
    mark("No peer yet. Ask a governor for an invitation, or pin one in the settings."),
)
SHARE = Page(
    "share",
    "/import/share",
    mark("What would be offered"),
    "stock.see",
    _view,
    asks=ShareQuery,
    acts={"publish": told("offer.publish"), "undo": undo},
    tables={
        "proposed": Table(
            mark("Would be offered"),
            (
                Column("code", mark("Goods"), "item", "/item?code={code}"),
                Column("quantity", mark("Quantity"), "amount"),
                Column("now", mark("Published now"), "number"),
                Column("news", mark("Change"), "news"),
                Column("place", mark("Place")),
                Column("expiry", mark("Expiry"), "day"),
                Column("reason", mark("A person releases it, because"), "reason"),
            ),
            lambda view: view.proposed,
            mark("The share rules let nothing go."),
        ),
        "kept": Table(
            mark("Stays at home, and why"),
            (
                Column("name", mark("In our words")),
                Column("code", mark("Goods"), "item"),
                Column("partly", mark("How much of it"), "said-part"),
                Column("reason", mark("Why"), "reason"),
            ),
            lambda view: [one for one in view.kept if one.reason != UNMAPPED],
            mark("Nothing is kept back."),
        ),
        "peers": PEERS,
    },
)


class SharedView(msgspec.Struct, frozen=True, kw_only=True):
    """The own offers, and which peers are known to hold what was published last."""

    published: list[OfferView]
    peers: list[PeerView]


async def _shared(visit: Visit, asked: None) -> SharedView:
    return SharedView(published=await visit.ask("offer.list"), peers=await visit.ask("peer.list", PeerName()))


SHARED = Page("shared", "/import/shared", mark("Which peers have it"), "see", _shared, tables={"peers": PEERS})
