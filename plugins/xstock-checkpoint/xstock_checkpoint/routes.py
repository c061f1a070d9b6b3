"""What comes by HTTP: hits of a matcher, and checkpoint events of a cooperation centre. A plate has no field here."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from xstock_node.plugins import Context, Declined, PublicAnswer, PublicRequest
from xstock_node.plugins.convoys import Passage

Source = Literal["hikvision", "plate-recognizer", "openalpr", "frigate"]
Event = Literal["checkpoint", "at-border", "entry", "hold", "release", "delayed"]


class Hit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A declared convoy was seen. `convoy` is the id of the list, never the plate; any other field is refused."""

    convoy: Annotated[str, Meta(pattern=r"^[a-z2-7]{26}(?!\n)$")]
    place: Annotated[str, Meta(min_length=1, max_length=120)]
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}(?!\n)$")]
    at: Annotated[int, Meta(ge=0, le=2**40)]
    source: Source
    event: Event = "checkpoint"
    sure: bool


class CentreEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a cooperation centre says of a consignment, by the code that it carries."""

    code: Annotated[str, Meta(pattern=r"^[a-z2-7]{26}(?!\n)$")]
    place: Annotated[str, Meta(min_length=1, max_length=120)]
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}(?!\n)$")]
    at: Annotated[int, Meta(ge=0, le=2**40)]
    event: Event = "checkpoint"


class HitsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """None of its own; the token is named in the table `[host]`."""


class EventsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`centre` is how the centre is named in what this node keeps; the secret is named in `[host]`."""

    centre: Annotated[str, Meta(min_length=1, max_length=60)]


class Hits:
    """The route `checkpoint-hits`."""

    name = "checkpoint-hits"
    settings = HitsSettings

    async def answer(self, context: Context, request: PublicRequest) -> PublicAnswer:
        """200 once the passage is on disk; 409 for a convoy that is not expected, 422 for what cannot be kept."""
        try:
            hit = msgspec.json.decode(request.body, type=Hit)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return _said(422, "expected convoy, place, country, at, source, sure and nothing else")
        passage = Passage(
            convoy=hit.convoy,
            place=hit.place,
            country=hit.country,
            at=hit.at,
            source=hit.source,
            event=hit.event,
            sure=hit.sure,
        )
        try:
            noted = await context.convoys.passed(passage)
        except Declined as error:
            return _said(409 if str(error).startswith("no-convoy") else 422, str(error)[:500])
        return PublicAnswer(body=msgspec.json.encode(noted))


class Events:
    """The route `checkpoint-events`: a centre that is no member says what it sees, and learns nothing."""

    name = "checkpoint-events"
    settings = EventsSettings

    async def answer(self, context: Context, request: PublicRequest) -> PublicAnswer:
        """200 `{"acknowledged": true}` for every event, of a convoy of ours or not; 422 for what is none."""
        try:
            said = msgspec.json.decode(request.body, type=CentreEvent)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return _said(422, "expected code, place, country, at, perhaps event, and nothing else")
        passage = Passage(
            convoy=said.code,
            place=said.place,
            country=said.country,
            at=said.at,
            source=context.settings.centre,
            event=said.event,
        )
        try:
            await context.convoys.passed(passage)
        except Declined:
            context.log.info("an event of %s was of no convoy here, or of another time", context.settings.centre)
        return PublicAnswer(body=b'{"acknowledged":true}')


def _said(status: int, why: str) -> PublicAnswer:
    return PublicAnswer(status=status, body=msgspec.json.encode({"error": why}))
