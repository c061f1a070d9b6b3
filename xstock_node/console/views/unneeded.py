"""What we do not need: said once, read by the public in every language."""

from collections.abc import Iterator

import msgspec

from xstock_node.console.form import Form
from xstock_node.console.page import Go, Page
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.domain.unneeded import KINDS, WORDS
from xstock_node.services.unneeded import SayUnneeded, UnneededAsked, UnneededView

MORE = "more."
"""How the fields begin that hold own lines, one field a language."""


class KindChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of thing, in the reader's words, and whether it is said to be unneeded now."""

    kind: str
    label: str
    on: bool


class UnneededPage(msgspec.Struct, frozen=True, kw_only=True):
    """What is said now, what may be chosen, and the languages that own lines may be in."""

    said: UnneededView
    choices: list[KindChoice]
    languages: list[str]


async def _view(visit: Visit, asked: None) -> UnneededPage:
    said: UnneededView = await visit.ask("unneeded.show", UnneededAsked())
    words = visit.words
    choices = [KindChoice(kind=kind, label=words.say(WORDS[kind]), on=kind in said.kinds) for kind in KINDS]
    languages = dict.fromkeys((*visit.office.settings.languages, *said.more, "en"))
    return UnneededPage(said=said, choices=choices, languages=list(languages))


async def _say(visit: Visit, form: Form) -> Go:
    fields = {
        "kinds": form.all("kind"),
        "more": {language: lines for language, lines in _own(form) if lines},
        "money": form.has("money"),
    }
    await visit.do("unneeded.say", msgspec.convert(fields, SayUnneeded), form)
    return Go("/unneeded", "unneeded.say")


def _own(form: Form) -> Iterator[tuple[str, list[str]]]:
    for name, text in form.fields.items():
        if name.startswith(MORE):
            yield name.removeprefix(MORE), [line.strip() for line in text.splitlines() if line.strip()]


UNNEEDED = Page(
    "unneeded",
    "/unneeded",
    mark("What we do not need"),
    "see",
    _view,
    acts={"say": _say},
    group="events",
)
