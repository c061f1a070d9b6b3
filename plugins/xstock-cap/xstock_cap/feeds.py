"""The feed `cap-feed`: any Atom or RSS feed whose entries are CAP documents, or link to them."""

from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_cap.countries import is_country
from xstock_cap.documents import read_feed
from xstock_cap.harvest import Harvest
from xstock_cap.polling import Url, checked_url
from xstock_node.plugins import Context
from xstock_node.plugins.interchange import Reading
from xstock_node.plugins.markup import BadMarkup

Host = Annotated[str, Meta(pattern=r"^[a-z0-9.-]{1,200}(:[0-9]{1,5})?(?!\n)$")]


class CapFeedSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`plugins/cap-feed.toml`: the feed, other hosts that its links may lead to, the country that it warns."""

    url: Url
    hosts: Annotated[tuple[Host, ...], Meta(max_length=20)] = ()
    country: str = ""

    def __post_init__(self) -> None:
        checked_url(self.url)
        if self.country and not is_country(self.country):
            raise ValueError(f"expected country as a code such as RO; came {self.country[:20]}")


class CapFeed:
    """The alert source `cap-feed`."""

    name = "cap-feed"
    title = "Feed of CAP warnings"
    settings = CapFeedSettings

    async def poll(self, context: Context) -> Reading:
        """What is new; nothing where the feed did not change. Raises `Unauthorised` and `Unavailable`."""
        settings: CapFeedSettings = context.settings
        harvest = Harvest()
        try:
            await read_feed(context, self.name, settings.url, harvest, settings.country)
        except BadMarkup as error:
            return Reading(error=error.word, error_text=str(error))
        return harvest.reading()
