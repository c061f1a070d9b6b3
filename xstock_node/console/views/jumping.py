"""Go to or find: pages by their names, requests and operations by their ids, goods by any word, words of the help."""

import msgspec

from xstock_node.console.page import Column, Page, Table
from xstock_node.console.views.helping import find
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.domain.folding import fold
from xstock_node.services.cataloguing import CatalogueRequest
from xstock_node.services.operating import CaseFilter

MOST = 12


class JumpQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed."""

    q: str = ""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where one may go."""

    kind: str
    name: str
    path: str
    exercise: bool = False


class JumpView(msgspec.Struct, frozen=True, kw_only=True):
    """Places that fit what was typed."""

    q: str
    places: list[Place]


async def _jump(visit: Visit, asked: JumpQuery) -> JumpView:
    from xstock_node.console.pages import PAGES

    words, wanted = visit.words, fold(asked.q)
    found = [
        Place(kind=words.say("page"), name=words.say(page.title), path=page.path)
        for page in PAGES
        if page.group
        and visit.may(page.right)
        and (wanted in fold(words.say(page.title)) or wanted in fold(page.title))
    ]
    if asked.q:
        for request in await visit.ask("request.list"):
            if wanted in fold(f"{request.id} {request.event} {request.place}"):
                name = request.event or request.place or request.id
                kind = words.say("request")
                found.append(Place(kind=kind, name=name, path=f"/request?id={request.id}", exercise=request.exercise))
        for row in await visit.ask("op.list", CaseFilter(ended=True)):
            if wanted in fold(f"{row.case} {row.event} {words.node(row.requester)} {words.node(row.supplier)}"):
                name = f"{words.node(row.requester)} ← {words.node(row.supplier)}"
                kind = words.say("operation")
                found.append(Place(kind=kind, name=name, path=f"/operation?case={row.case}", exercise=row.exercise))
        request = CatalogueRequest(text=asked.q, language=words.language.code)
        for item in (await visit.ask("catalogue.list", request))[:MOST]:
            found.append(Place(kind=words.say("goods"), name=item.name, path=f"/search?item={item.code}"))
        for part in find(asked.q, words.language.code):
            path = f"/help?page={part.page}#{part.anchor}"
            found.append(Place(kind=words.say("help"), name=part.heading, path=path))
    return JumpView(q=asked.q, places=found[: 4 * MOST])


JUMP = Page(
    "jump",
    "/jump",
    mark("Go to or find"),
    "see",
    _jump,
    asks=JumpQuery,
    tables={
        "places": Table(
            mark("Found"),
            (Column("name", mark("Where"), "text", "{path}"), Column("kind", mark("What"))),
            lambda view: view.places,
            mark("Nothing fits."),
        )
    },
    shape="plain",
)
