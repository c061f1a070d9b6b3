"""The people of this node and their roles."""

import msgspec

from xstock_node.console.acts import routed, told
from xstock_node.console.page import Ask, Column, Field, Page, Press, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.domain.code_words import ROLE
from xstock_node.services.people import PersonView


class PersonRow(msgspec.Struct, frozen=True, kw_only=True):
    """A role of a person: where it holds, from when, who gave it; `until` unix seconds, 0 without an end."""

    name: str
    function: str
    role: str
    sites: list[str]
    holds: bool
    effective: int
    until: int
    by: str
    tokens: int


class UsersView(msgspec.Struct, frozen=True, kw_only=True):
    """People and what they may do."""

    people: list[PersonRow]


async def _users(visit: Visit, asked: None) -> UsersView:
    found: list[PersonView] = await visit.ask("user.list")
    rows = [
        PersonRow(
            name=person.name,
            function=person.function,
            role=grant.role.value,
            sites=grant.sites,
            holds=grant.holds,
            effective=grant.effective,
            until=grant.until,
            by=grant.by,
            tokens=person.tokens,
        )
        for person in found
        for grant in person.grants
    ]
    return UsersView(people=rows)


NAME = Field("name", mark("Name"), required=True)
ROLE_FIELD = Field("role", mark("Role"), choices=tuple(ROLE.items()))
SITES = Field("sites", mark("Only at the branch"), hint=mark("Empty: the whole organisation."))
USERS = Page(
    "users",
    "/users",
    mark("People"),
    "people",
    _users,
    acts={
        "add": routed("user.add", "/users"),
        "role": routed("user.role", "/users"),
        "agree": routed("user.agree", "/users"),
        "remove": routed("user.remove", "/users"),
        "link": told("user.link"),
        "token": told("user.token"),
    },
    tables={
        "people": Table(
            mark("Who may do what"),
            (
                Column("name", mark("Name")),
                Column("role", mark("Role"), "role"),
                Column("sites", mark("Where")),
                Column("holds", mark("Holds"), "yes"),
                Column("effective", mark("Begins"), "when"),
                Column("until", mark("Until"), "when"),
                Column("by", mark("Given by")),
                Column("tokens", mark("Tokens"), "number"),
            ),
            lambda view: view.people,
            mark("Nobody yet."),
            (
                Press("agree", mark("Agree"), ("name",), "approve", when=lambda row: not row.holds),
                Press("link", mark("One-time code"), ("name",), "people"),
                Press("remove", mark("Remove"), ("name",), "people", mark("Sure")),
            ),
        )
    },
    asking=(
        Ask(
            "add",
            mark("Add a person"),
            mark("Add"),
            (NAME, ROLE_FIELD, SITES, Field("function", mark("What others see"), hint=mark("Such as duty desk."))),
            "people",
        ),
        Ask("role", mark("Give one more role"), mark("Give"), (NAME, ROLE_FIELD, SITES), "people"),
        Ask(
            "token",
            mark("A token for a program"),
            mark("Make a token"),
            (
                NAME,
                Field("days", mark("Days"), "number", "90"),
                Field("scope", mark("Only this right")),
                Field("remark", mark("What for")),
            ),
            "people",
        ),
    ),
    group="node",
    shape="plain",
)
