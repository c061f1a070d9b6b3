"""The route that publishes the node's own warnings: an Atom feed, and each warning as a CAP document."""

from typing import Annotated, Final
from urllib.parse import quote

import msgspec
from msgspec import Meta

from xstock_cap.atom import ATOM_MEDIA, Head, Linked, feed
from xstock_cap.writing import MEDIA, document
from xstock_node.plugins import Context, Declined, PublicAnswer, PublicRequest
from xstock_node.plugins.interchange import Alert

NOT_THERE: Final = PublicAnswer(status=404, content_type="text/plain", body=b"expected the id of a warning of the feed")


class OutgoingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`url` is where this route is reached from outside, `title` of the feed, `author` the organisation."""

    url: Annotated[str, Meta(pattern=r"^https?://[^\s?#]+(?!\n)$", max_length=500)]
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    author: Annotated[str, Meta(min_length=1, max_length=200)]


def _writes(context: Context, alert: Alert) -> bool:
    """Whether CAP can say it: one that it cannot keeps none of the others back."""
    try:
        document(alert)
    except Declined as error:
        context.log.error("%s is not published: %s", alert.identifier, error)
        return False
    return True


class Outgoing:
    """The route `own-warnings`."""

    name = "own-warnings"
    settings = OutgoingSettings

    async def answer(self, context: Context, request: PublicRequest) -> PublicAnswer:
        """The feed of public warnings; with `id` one of them as CAP, 404 for any other."""
        settings: OutgoingSettings = context.settings
        alerts = [one for one in await context.warnings.own() if one.scope == "Public" and _writes(context, one)]
        wanted = request.query.get("id")
        if wanted is not None:
            found = next((one for one in alerts if one.identifier == wanted), None)
            return NOT_THERE if found is None else PublicAnswer(content_type=MEDIA, body=document(found).content)
        head = Head(
            url=settings.url, title=settings.title, author=settings.author, updated=context.now() // 3600 * 3600
        )
        linked = [Linked(one, f"{settings.url}?id={quote(one.identifier, safe='')}") for one in alerts]
        return PublicAnswer(content_type=ATOM_MEDIA, body=feed(head, linked))
