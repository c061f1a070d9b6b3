"""Towns and islands beside the network: a public page, a feed of warnings, a form, a page for each."""

from xstock_network.about import About
from xstock_network.applying import Apply
from xstock_network.feed import Feed
from xstock_network.town import TownPage
from xstock_node.plugins import Registry, hookimpl


@hookimpl
def xstock_register(registry: Registry) -> None:
    """Offer the pages and the feed; each is off until its file of settings stands."""
    for page in (About(), Apply(), TownPage()):
        registry.page(page)
    registry.route(Feed())
