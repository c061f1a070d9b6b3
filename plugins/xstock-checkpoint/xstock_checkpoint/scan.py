"""The page that a consignment's code opens on a phone: where it is and what happened, and nothing about the load."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from xstock_node.plugins import Context, Declined, Field, Form, PageAsk, PageData
from xstock_node.plugins.convoys import Passage

EVENTS: Final = ("checkpoint", "at-border", "entry", "hold", "release", "delayed")
Checkpoint = Annotated[str, Meta(pattern=r"^.{1,120}, [A-Z]{2}(?!\n)$")]


class ScanSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`places` to choose from, such as "Giurgiu, RO"; where there are none, place and country are typed."""

    places: Annotated[tuple[Checkpoint, ...], Meta(max_length=100)] = ()


class Scan:
    """The page `scan`."""

    name = "scan"
    title = "A consignment's code was scanned"
    settings = ScanSettings

    async def show(self, context: Context, ask: PageAsk) -> PageData:
        """A form for who holds the code; a word of thanks once the passage is on disk. Another code shows nothing."""
        code = ask.query.get("code", "")
        if not await context.convoys.find(code[:64]):
            return PageData(title="Unknown code", text=["This code is of no consignment that is on its way."])
        if ask.form is None:
            return _form(context.settings.places, "")
        try:
            passage = _passage(code, ask.form, context.now(), context.settings.places)
            await context.convoys.passed(passage)
        except msgspec.ValidationError:
            return _form(context.settings.places, "Say the place, and the country by its two letters.")
        except Declined:
            return _form(context.settings.places, "It could not be noted. Look at what you wrote, and telephone.")
        return PageData(title="Noted. Thank you", text=["You may close this page."])


def _passage(code: str, form: dict[str, str], now: int, places: tuple[str, ...]) -> Passage:
    place, country = form.get("place", ""), form.get("country", "")
    if places and place not in places:
        raise msgspec.ValidationError("expected one of the places")
    if places or not country:
        place, _, country = place.rpartition(", ")
    said = {"convoy": code, "place": place.strip(), "country": country.strip().upper(), "at": now, "source": "scan"}
    return msgspec.convert(said | {"event": form.get("event", EVENTS[0])}, Passage)


def _form(places: tuple[str, ...], wrong: str) -> PageData:
    where = (
        [Field(name="place", label="Where", kind="choice", options=list(places), required=True)]
        if places
        else [
            Field(name="place", label="Where", required=True),
            Field(name="country", label="Country (two letters)", required=True),
        ]
    )
    what = Field(name="event", label="What", kind="choice", options=list(EVENTS), value=EVENTS[0], required=True)
    return PageData(
        title="Checkpoint",
        text=[wrong] if wrong else ["Say where this consignment is now. The time is noted by itself."],
        forms=[Form(fields=[*where, what], button="Note it")],
    )
