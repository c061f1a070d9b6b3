"""The feed `meteoalarm`: warnings of Europe's weather services, as JSON of whole countries or as Atom with CAP.

The JSON is CAP word for word, with lists for what may come twice; it is read by the same rules.
"""

import tomllib
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Final, Literal
from xml.etree import ElementTree

import msgspec
from msgspec import Meta

from xstock_cap import bounds
from xstock_cap.countries import DATA
from xstock_cap.documents import read_feed
from xstock_cap.harvest import Harvest
from xstock_cap.polling import Url, checked_url, fetch, state_of
from xstock_cap.reading import read_alert
from xstock_node.plugins import Context, Unavailable
from xstock_node.plugins.interchange import Reading
from xstock_node.plugins.markup import BadMarkup, Element, parse_json

FEEDS: Final[Mapping[str, str]] = tomllib.loads((DATA / "meteoalarm.toml").read_text("utf-8"))
"""The name of each country's feed by ISO 3166-1 alpha-2."""


class MeteoAlarmSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`plugins/meteoalarm.toml`: whose warnings, in which form, and where from."""

    countries: Annotated[tuple[str, ...], Meta(min_length=1, max_length=50)]
    form: Literal["json", "atom"] = "json"
    url: Url = "https://feeds.meteoalarm.org"

    def __post_init__(self) -> None:
        checked_url(self.url)
        if unknown := [one for one in self.countries if one not in FEEDS]:
            raise ValueError(
                f"expected countries of MeteoAlarm such as RO; came {unknown[0][:20]}; it has no feed of it"
            )

    def address(self, country: str) -> str:
        """Where the feed of a country is."""
        path = "api/v1/warnings/feeds-" if self.form == "json" else "feeds/meteoalarm-legacy-atom-"
        return f"{self.url.rstrip('/')}/{path}{FEEDS[country]}"


class MeteoAlarm:
    """The alert source `meteoalarm`."""

    name = "meteoalarm"
    title = "MeteoAlarm"
    settings = MeteoAlarmSettings

    async def poll(self, context: Context) -> Reading:
        """What is new in the feeds, the one first that waits longest. Expired warnings come as the feed has them.

        A country that cannot be read is told, and the others are read; raises `Unavailable` where none can be.
        """
        settings: MeteoAlarmSettings = context.settings
        waits = {
            country: (await state_of(context, self.name, settings.address(country))).read_at
            for country in settings.countries
        }
        harvest, away, bad = Harvest(), list[Unavailable](), list[BadMarkup]()
        for country in sorted(waits, key=lambda one: waits[one]):
            if harvest.full:
                harvest.notes.flag(f"waits: {country} is read at the next poll")
                continue
            try:
                await self._read(context, settings, country, harvest)
            except Unavailable as error:
                away.append(error)
                harvest.notes.skip("unavailable", f"{country}: {error}")
            except BadMarkup as error:
                bad.append(error)
                harvest.notes.skip(error.word, f"{country}: {error}")
        if len(away) == len(waits):
            raise Unavailable(str(away[0]), max(one.retry_after for one in away))
        if len(bad) == len(waits):
            return Reading(error=bad[0].word, error_text=str(bad[0]))
        return harvest.reading()

    async def _read(self, context: Context, settings: MeteoAlarmSettings, country: str, harvest: Harvest) -> None:
        address = settings.address(country)
        if settings.form == "atom":
            await read_feed(context, self.name, address, harvest, country)
            return
        fetched = await fetch(context, self.name, address)
        if fetched is not None:
            read_json(fetched.body, country, harvest)
            await context.store.write(fetched.kept)


def read_json(raw: bytes, country: str, harvest: Harvest) -> None:
    """Take in the warnings of one country's feed. Raises `BadMarkup` for what is no such feed."""
    found = parse_json(raw)
    warnings = found.get("warnings") if isinstance(found, dict) else None
    if not isinstance(warnings, list):
        raise BadMarkup("not-feed", "an object with a list `warnings`", type(warnings or found).__name__)
    if len(warnings) > bounds.MANY:
        raise BadMarkup("too-many", f"at most {bounds.MANY} warnings", str(len(warnings)))
    elements = _Elements()
    for number, one in enumerate(warnings, 1):
        alert = one.get("alert") if isinstance(one, dict) else None
        if not isinstance(alert, dict):
            harvest.notes.skip("no-document", f"{country}, warning {number}: {str(one)[:200]}")
            continue
        about = str(alert.get("identifier") or f"{country}, warning {number}")[:300]
        harvest.add(partial(read_alert, elements.of("alert", alert), country=country), about)


class _Elements:
    """Objects of JSON as the elements that they would be in XML, up to a number for one feed."""

    def __init__(self) -> None:
        self._left = bounds.VALUES

    def of(self, name: str, value: Any) -> Element:
        """A value as an element: a list is the element several times. Raises `BadMarkup` for too many."""
        self._left -= 1
        if self._left < 0:
            raise BadMarkup("too-many", f"at most {bounds.VALUES} values", "more")
        element = ElementTree.Element(name)
        if isinstance(value, dict):
            for key, one in value.items():
                element.extend([self.of(key, each) for each in (one if isinstance(one, list) else [one])])
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            element.text = str(value)
        return element
