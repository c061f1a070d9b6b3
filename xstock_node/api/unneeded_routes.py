"""Routes of what this society does not need."""

from xstock_node.api.route import Route
from xstock_node.services import unneeded

UNNEEDED_ROUTES = (
    Route(
        "unneeded.show",
        "GET",
        "/unneeded",
        "see",
        unneeded.UnneededAsked,
        unneeded.UnneededView,
        unneeded.show_unneeded,
        "What this society does not need, as the public reads it",
    ),
    Route(
        "unneeded.say",
        "POST",
        "/unneeded",
        "ask",
        unneeded.SayUnneeded,
        unneeded.UnneededView,
        unneeded.say_unneeded,
        "Say what is not needed",
    ),
)
