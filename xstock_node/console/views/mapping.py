"""Matching: what each line of the own list is in the catalogue, proposed with reasons and decided by a person."""

from typing import Final
from urllib.parse import urlencode

import msgspec

from xstock_node.console.asked import item_of
from xstock_node.console.figures import readings
from xstock_node.console.form import Form
from xstock_node.console.page import Again, Column, Go, Page, Table
from xstock_node.console.views.importing import undo
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.units import factor as factor_of
from xstock_node.services.errors import Refusal
from xstock_node.services.mapping_desk import (
    CandidateView,
    DecideRequest,
    Decision,
    MappedRequest,
    MappedView,
    MatchRequest,
    MatchView,
)
from xstock_node.services.typed import decimal_text
from xstock_node.services.undoing import UndoableView

A_PAGE: Final = 20
MOST_DECIDED: Final = 500
OTHER, REJECT, LATER = "other", "reject", ""
SIMPLE: Final = frozenset({"", "pcs", "kg", "l", "m", "t", "pair", "set", "kit"})
"""Units of which one is one, and nobody has to be asked how many there are in it."""


class MatchQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Of which source, from the how-manieth open line on; `ref` shows one line again that was decided."""

    source: str = ""
    after: int = 0
    ref: str = ""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A line to decide, with what was chosen and typed; `found` are items that a typed name may mean.

    `packs`: it may hold several of the item. `doubt` says in words what is missing, empty where nothing is.
    """

    match: MatchView
    picked: str
    other: str
    factor: str
    found: list[CandidateView]
    packs: bool
    doubt: str


class MatchPage(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of a source that wait for a person (a page of them), those that are decided, and how far it is."""

    source: str
    sources: list[str]
    after: int
    mapped: MappedView
    cards: list[Card]
    decided: list[MatchView]
    undoable: list[UndoableView]


async def _view(visit: Visit, asked: MatchQuery) -> MatchPage:
    sources = [one.name for one in await visit.ask("stock.sources") if one.lines]
    source = asked.source or next(iter(sources), "")
    request = MatchRequest(source=source, after=max(0, asked.after), most=A_PAGE, ref=asked.ref)
    matches = await visit.ask("stock.match", request)
    catalogue, form = await visit.office.catalogue(), visit.typed
    undoable = [one for one in await visit.ask("stock.undoable") if one.source == source and one.kind == "stock"]
    return MatchPage(
        source=source,
        sources=sources,
        after=max(0, asked.after),
        mapped=await visit.ask("stock.mapped", MappedRequest(source=source)),
        cards=[_card(one, form, catalogue, visit.words.language.code) for one in matches],
        decided=await visit.ask("stock.match", MatchRequest(source=source, decided=True, most=MOST_DECIDED)),
        undoable=undoable,
    )


def _card(match: MatchView, form: Form | None, catalogue: Catalogue, language: str) -> Card:
    """A line with what was typed about it."""
    known = {one.code for one in match.candidates}
    packs = match.unit not in SIMPLE or any(not one.factor for one in match.candidates)
    card = Card(match=match, picked=LATER, other="", factor="", found=[], packs=packs, doubt="")
    if form is None or not form.act or form.act == "undo":
        return card
    at = f"line.{match.ref}"
    picked, other, factor = form.text(f"{at}.pick"), form.text(f"{at}.other"), form.text(f"{at}.factor")
    card = msgspec.structs.replace(card, picked=picked, other=other, factor=factor)
    if picked in (LATER, REJECT):
        return card
    if picked == OTHER:
        item, codes = item_of(other, catalogue)
        found = [_named(code, catalogue, language) for code in ([item.code] if item else codes) if code not in known]
        doubt = mark("Which of these is meant?") if codes else mark("The catalogue knows no such thing.")
        card = msgspec.structs.replace(card, found=found, doubt="" if item else doubt)
        picked = item.code if item else ""
        if not item:
            return card
    elif picked not in known and picked in catalogue:
        card = msgspec.structs.replace(card, found=[_named(picked, catalogue, language)])
    doubt = _factor_doubt(card, picked, catalogue)
    return msgspec.structs.replace(card, picked=picked, doubt=doubt, packs=card.packs or bool(doubt))


def _factor_doubt(card: Card, code: str, catalogue: Catalogue) -> str:
    """What is wrong with the factor, or with its lack; empty where nothing is."""
    if card.factor:
        return "" if len(readings(card.factor)) == 1 else mark("Say how many as a plain figure, such as 12 or 0.5.")
    one = next((one for one in card.match.candidates if one.code == code), None)
    item = catalogue.get(code)
    if item is None:
        return mark("The catalogue knows no such thing.")
    is_known = one.factor if one and one.unit else factor_of(card.match.unit, item.unit)
    return "" if is_known else mark("Say how many of the item one of this unit holds.")


def _named(code: str, catalogue: Catalogue, language: str) -> CandidateView:
    """An item that a person looked for, as a candidate without a score."""
    item = catalogue.get(code)
    return CandidateView(code, catalogue.name(code, language) if item else code, 0, "", "", {}, "", "")


async def _decide(visit: Visit, form: Form) -> Go | Again:
    """Confirm what was chosen; where anything of it is doubtful nothing is confirmed yet."""
    asked = _asked(visit)
    catalogue = await visit.office.catalogue()
    request = MatchRequest(source=asked.source, after=asked.after, most=A_PAGE, ref=asked.ref)
    cards = [_card(one, form, catalogue, visit.words.language.code) for one in await visit.ask("stock.match", request)]
    chosen = [card for card in cards if card.picked != LATER]
    if any(card.doubt for card in cards):
        return Again(form)
    if not chosen:
        expected, do = "a choice for one line at least", "choose what the lines are; those left for later stay open"
        raise Refusal("bad-field", expected, "none", do, 2)
    decisions = [
        Decision(
            ref=card.match.ref,
            code="" if card.picked == REJECT else card.picked,
            reject=card.picked == REJECT,
            factor=_plain(card.factor) if card.picked != REJECT else "",
        )
        for card in chosen
    ]
    done = await visit.do("stock.decide", DecideRequest(decisions=decisions), form)
    if done.not_done:
        do = "choose again; the others are confirmed"
        raise Refusal("bad-step", "lines that can be matched so", "; ".join(done.not_done)[:500], do)
    return Go(_address(asked.source, asked.after), "stock.decide")


async def _same_code(visit: Visit, form: Form) -> Go:
    asked = _asked(visit)
    source = form.text("source") or asked.source
    done = await visit.do("stock.decide", DecideRequest(same_code=True, source=source), form)
    if done.not_done and not done.confirmed:
        raise Refusal(
            "bad-step", "lines with the catalogue's codes", "; ".join(done.not_done)[:500], "match them singly"
        )
    return Go(_address(source), "stock.decide")


def _asked(visit: Visit) -> MatchQuery:
    after = visit.query.get("after", "")
    return MatchQuery(
        source=visit.query.get("source", ""),
        after=int(after) if after.isascii() and after.isdigit() and len(after) < 8 else 0,
        ref=visit.query.get("ref", ""),
    )


def _plain(factor: str) -> str:
    return decimal_text(readings(factor)[0]) if factor else ""


def _address(source: str, after: int = 0) -> str:
    return "/import/match?" + urlencode({"source": source} | ({"after": str(after)} if after else {}))


MATCH = Page(
    "match",
    "/import/match",
    mark("Match the lines"),
    "stock",
    _view,
    asks=MatchQuery,
    acts={"decide": _decide, "same": _same_code, "undo": undo},
    tables={
        "decided": Table(
            mark("Decided"),
            (
                Column("name", mark("In our words")),
                Column("local", mark("Own code")),
                Column("unit", mark("Unit"), "said-line-unit"),
                Column("state", mark("State"), "mapping"),
                Column("code", mark("Goods"), "item"),
                Column("factor", mark("How many in one"), "number"),
                Column("ref", mark("Change"), "again", "/import/match?source={source}&ref={ref}"),
            ),
            lambda view: view.decided,
            mark("Nothing is decided yet."),
        )
    },
)
