"""Without a line: a request as a mail, as words for the telephone, and as a sheet that is filled in by hand."""

import msgspec

from xstock_node.console.page import Page
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.services.overview import PeerName, PeerView
from xstock_node.services.request_views import RequestView
from xstock_node.services.requesting import RequestId
from xstock_node.services.settling import ReceptionFilter


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """Who is called: the node, the digits that are compared, whom to notify by its reception profile; the case."""

    node: str
    organisation: str
    digits: str
    notify: str
    case: str


class WithoutLine(msgspec.Struct, frozen=True, kw_only=True):
    """A request to be told by mail, telephone or paper: `mail` in the reader's language, `english` beside it."""

    request: RequestView
    exercise: bool
    called: list[Called]
    subject: str
    mail: list[str]
    english: list[str]


async def _view(visit: Visit, asked: RequestId) -> WithoutLine:
    request: RequestView = await visit.ask("request.show", RequestId(id=asked.id))
    peers: list[PeerView] = await visit.ask("peer.list", PeerName())
    profiles = await visit.ask("reception.show", ReceptionFilter())
    notify = {one.profile.country: one.profile.notify_party or "" for one in profiles}
    known = {peer.name: peer for peer in peers}
    called = [
        Called(
            node=row.supplier,
            organisation=visit.words.node(row.supplier),
            digits=known[row.supplier].digits if row.supplier in known else "",
            notify=notify.get(known[row.supplier].country, "") if row.supplier in known else "",
            case=row.case,
        )
        for row in request.operations
    ]
    say = visit.words.say
    subject = say("Request for help {id}", id=request.id)
    return WithoutLine(
        request=request,
        exercise=request.exercise,
        called=called,
        subject=f"{say('EXERCISE')} · {subject}" if request.exercise else subject,
        mail=_mail(visit, request, translated=True),
        english=_mail(visit, request, translated=False),
    )


MAIL = (
    mark("{organisation} asks for help. Request {id}."),
    mark("{quantity} {unit} {item} ({code})"),
    mark("Place: {place}. Event: {event}."),
    mark("Needed by: {needed}."),
    mark("Please answer in X-Stock, or by telephone and confirm in writing. Without an answer we ask again."),
)


def _mail(visit: Visit, request: RequestView, translated: bool) -> list[str]:
    words = visit.words

    def say(source: str, **params: object) -> str:
        return words.say(source, **params) if translated else source.format_map(params)

    lines = [say("EXERCISE"), say("Nothing here is real. No goods will move.")] if request.exercise else []
    lines.append(say(MAIL[0], organisation=visit.office.node.identity.title(), id=request.id))
    for line in request.lines:
        item = words.item(line.item) if translated else line.item
        unit = words.word("unit", line.unit) if translated else line.unit
        quantity = words.number(line.asked) if translated else line.asked
        lines.append(say(MAIL[1], quantity=quantity, unit=unit, item=item, code=line.item))
    lines.append(say(MAIL[2], place=request.place or "–", event=request.event or "–"))
    if request.needed_by:
        lines.append(say(MAIL[3], needed=request.needed_by))
    return [*lines, say(MAIL[4])]


WITHOUT_LINE = Page("without-line", "/without-line", mark("Without a line"), "see", _view, asks=RequestId)
