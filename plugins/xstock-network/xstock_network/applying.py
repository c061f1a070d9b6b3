"""The form by which a town or island applies: a body, its area and languages, a function that answers. No person."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from xstock_network.wording import Words, choose
from xstock_node.domain.towns import FUNCTIONS, KINDS, TOWN_TIERS, TownApplication
from xstock_node.plugins import Context, Declined, Field, Form, PageAsk, PageData

FIELDS: Final = (
    "name", "kind", "country", "areas", "languages", "contact", "address", "tier", "node", "digits",
)  # fmt: skip
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"kind": KINDS, "contact": FUNCTIONS, "tier": tuple(TOWN_TIERS[::-1])}
_WANTED: Final[Mapping[str, str]] = {
    "name": "a name of 1 to 120 characters",
    "kind": ", ".join(KINDS),
    "country": "two letters, such as BG",
    "areas": "1 to 20 codes that begin with their country, such as BG311, apart by spaces",
    "languages": "1 to 8 languages, such as bg ro, apart by spaces",
    "contact": ", ".join(FUNCTIONS),
    "address": "an e-mail address, or a telephone number that begins with +",
    "tier": ", ".join(TOWN_TIERS),
    "node": "the name of a node, such as vidin.bg, or nothing",
    "digits": "24 digits, or nothing",
}
_LABELS: Final[Mapping[str, str]] = {"areas": "codes"}
_OPTIONAL: Final = frozenset({"node", "digits"})
_SHOWN: Final = 200
_LONGEST: Final = 500
"""Of a field, before it is looked at."""


class ApplySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`says` stands above the form: who sponsors, and what becomes of what is written here."""

    says: Annotated[list[Annotated[str, Meta(max_length=2000)]], Meta(max_length=10)] = []
    language: Annotated[str, Meta(max_length=35)] = "en"


class Apply:
    """The page `apply`."""

    name, title = "network-apply", "Application of a town or island"
    settings = ApplySettings

    async def show(self, context: Context, ask: PageAsk) -> PageData:
        """The form; where one was sent, the number under which it is kept, or what is wrong with it."""
        settings: ApplySettings = context.settings
        words = Words(choose((ask.query.get("lang", "")[:35] or settings.language, settings.language)))
        title, given = words("application"), ask.form
        if given is None:
            return PageData(title=title, text=settings.says, forms=[_form(words, {})])
        try:
            receipt = await context.members.apply(application(given))
        except (Declined, ValueError) as error:
            return PageData(title=title, text=[str(error)[:1000]], forms=[_form(words, given)])
        return PageData(title=title, text=[receipt.id, words("sent")])


def application(form: Mapping[str, str]) -> TownApplication:
    """What was filled in, as an application. Raises ValueError that names the field."""
    unknown = sorted(set(form) - set(FIELDS))
    if unknown:
        raise ValueError(f"expected {', '.join(FIELDS)}; came {unknown[0][:40]}")
    long = [name for name, text in form.items() if len(text) > _LONGEST]
    if long:
        raise ValueError(f"{long[0]}: expected at most {_LONGEST} characters; came {len(form[long[0]])}")
    said: dict[str, Any] = {name: " ".join(text.split()) for name, text in form.items()}
    if not said.get("address"):
        raise ValueError("address: expected that of the function that answers; came none")
    said["country"] = said.get("country", "").upper()
    said["areas"] = said.get("areas", "").upper().replace(",", " ").split()
    said["languages"] = said.get("languages", "").replace(",", " ").split()
    said["digits"] = said.get("digits", "").replace(" ", "")
    said["node"] = said.get("node", "").lower()
    try:
        return msgspec.convert(said, TownApplication)
    except msgspec.ValidationError as error:
        raise ValueError(_sentence(str(error), said)) from None


def _sentence(error: str, said: Mapping[str, Any]) -> str:
    """What is wrong with which field, in words for who fills it in."""
    where = error.partition(" - at `$.")[2]
    field = where.partition("`")[0].partition("[")[0]
    if field not in _WANTED:
        missing = next((name for name in FIELDS if f"`{name}`" in error), "application")
        return f"{missing}: expected an answer; came none"
    came = said.get(field, "")
    shown = came if isinstance(came, str) else " ".join(came)
    return f"{field}: expected {_WANTED[field]}; came {shown[:80] or 'none'}"


def _form(words: Words, given: Mapping[str, str]) -> Form:
    fields = [
        Field(
            name=name,
            label=words(_LABELS.get(name, name)),
            kind="choice" if name in _CHOICES else "text",
            options=list(_CHOICES.get(name, ())),
            value=given.get(name, "")[:_SHOWN],
            required=name not in _OPTIONAL,
        )
        for name in FIELDS
    ]
    return Form(fields=fields, button=words("send"))
