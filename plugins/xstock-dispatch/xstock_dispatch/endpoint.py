"""The HTTP endpoint: a centre posts EMSI and reads, within five seconds, EMSI that takes it (ACK) or not (ERROR)."""

import asyncio
import hashlib
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from xstock_dispatch.documents import MEDIA, Form, read_document, to_bytes
from xstock_dispatch.emsi import Emsi, Event, Head, Link, Origin, Type
from xstock_dispatch.envelope import Outgoing
from xstock_dispatch.times import write_time
from xstock_dispatch.writing import MODES
from xstock_node.plugins import Context, Declined, Document, PublicAnswer, PublicRequest, Receipt
from xstock_node.plugins.interchange import Reading, ResourceMessage

FORM_OF: Final[dict[str, Form]] = {
    **dict.fromkeys(("application/xml", "text/xml", "application/edxl-de+xml", ""), "xml"),
    "application/json": "json",
}
SECONDS: Final = 4.5
"""How long the inbox may take, of the five seconds that a centre waits."""
UNKNOWN: Final = "unknown"
_LINKS: Final = 100


class EndpointSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`organisation` is the name under which we answer; who may post is in the table `[host]` of the file."""

    organisation: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^\S+$")]


class Endpoint:
    """The route `dispatch-messages`."""

    name = "dispatch-messages"
    settings = EndpointSettings

    async def answer(self, context: Context, request: PublicRequest) -> PublicAnswer:
        """200 with ACK once all messages are on disk; with ERROR 409 where one was refused, 415 and 422 for a document
        that cannot be read, 503 where it could not be taken in time and may be sent again.
        """
        form = FORM_OF.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
        if form is None:
            return _said(context, 415, "xml", "ERROR", (), (), "expected application/xml or application/json")
        name = f"{request.id or 'posted'}.{form}"
        document = Document(name=name, content=request.body, media=MEDIA[form])
        try:
            async with asyncio.timeout(SECONDS):
                receipts = await context.inbox.take(document)
        except TimeoutError:
            return self._refused(context, 503, form, document, "not taken in time; send it again")
        except Declined as error:
            return self._refused(context, 422, form, document, str(error)[:1000])
        messages = _messages(read_document(document.content))
        refused = tuple(one for one in receipts if one.state == "refused")
        if refused:
            reasons = "; ".join(f"{one.foreign_id}: {one.reason}" for one in refused)
            return _said(context, 409, form, "ERROR", messages, refused, reasons[:2000])
        return _said(context, 200, form, "ACK", messages, receipts, "")

    def _refused(self, context: Context, status: int, form: Form, document: Document, why: str) -> PublicAnswer:
        messages = _messages(read_document(document.content))
        return _said(context, status, form, "ERROR", messages, (), why)


def _messages(reading: Reading | None) -> tuple[ResourceMessage, ...]:
    return () if reading is None else reading.messages


def _said(
    context: Context,
    status: int,
    form: Form,
    type_: Type,
    messages: tuple[ResourceMessage, ...],
    receipts: tuple[Receipt, ...],
    why: str,
) -> PublicAnswer:
    """The answer, in the mode of what came; the same thing that comes twice is answered under the same id."""
    organisation, first = context.settings.organisation, messages[0] if messages else None
    ids = [one.foreign_id for one in receipts] or [one.id for one in messages]
    of = hashlib.sha256("\0".join((organisation, type_, why, *ids)).encode()).hexdigest()[:32]
    now = context.now()
    answer = Emsi(
        context=Head(
            id=f"{organisation}_{of}",
            mode=MODES[first.status] if first else "ACTUAL",
            msgtype=type_,
            creation=write_time(now, "now"),
            link=tuple(Link(id=one, link_role="ADDSTO") for one in ids[:_LINKS]),
            freetext=why,
            origin=Origin(org_id=organisation),
        ),
        event=Event(id=next(iter(first.incidents), UNKNOWN) if first else UNKNOWN),
    )
    recipients = (first.sender,) if first and first.sender.strip() else ()
    out = Outgoing(answer, organisation, now, first.status if first else "Actual", "", recipients)
    return PublicAnswer(status=status, content_type=MEDIA[form], body=to_bytes(out, form))
