"""The menu: the pages that a person may see, in groups."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from xstock_node.console.page import Page
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark

GROUPS: Final = {
    "help": mark("Asking and giving"),
    "stock": mark("Stock"),
    "partners": mark("Partners"),
    "events": mark("Events"),
    "node": mark("This node"),
}


class Group(NamedTuple):
    """A group of the menu, by its heading."""

    heading: str
    pages: list[Page]


def groups_of(pages: Sequence[Page], visit: Visit) -> list[Group]:
    """The groups with the pages that the visitor may see, in the order in which they are declared."""
    if visit.actor.name == "nobody":
        return []
    seen = [page for page in pages if page.group and visit.may(page.right)]
    found = [Group(heading, [page for page in seen if page.group == group]) for group, heading in GROUPS.items()]
    return [group for group in found if group.pages]
