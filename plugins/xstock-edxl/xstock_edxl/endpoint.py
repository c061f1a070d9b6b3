"""The HTTP endpoint: another system posts EDXL-DE to the node's public port and reads what became of each message."""

import msgspec

from xstock_node.plugins import Context, Declined, Document, PublicAnswer, PublicRequest, Receipt

XML = ("application/xml", "text/xml", "application/edxl-de+xml", "")


class EndpointSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """None of its own; who may post is in the table `[host]` of its file."""


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The answer's body: what became of each message, or why none was taken."""

    messages: tuple[Receipt, ...] = ()
    error: str = ""


class Endpoint:
    """The route `edxl-messages`."""

    name = "edxl-messages"
    settings = EndpointSettings

    async def answer(self, context: Context, request: PublicRequest) -> PublicAnswer:
        """200 once all messages are on disk, 409 where one of them was refused, 415 and 422 where there is none."""
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media not in XML:
            return _said(415, Answered(error=f"expected application/xml; came {media[:80]}"))
        document = Document(name=f"{request.id or 'posted'}.xml", content=request.body, media="application/xml")
        try:
            receipts = await context.inbox.take(document)
        except Declined as error:
            return _said(422, Answered(error=str(error)[:1000]))
        refused = any(one.state == "refused" for one in receipts)
        return _said(409 if refused else 200, Answered(messages=receipts))


def _said(status: int, body: Answered) -> PublicAnswer:
    return PublicAnswer(status=status, body=msgspec.json.encode(body))
