"""What this society does not need: said once by a person, told to the public in every language of the console."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from xstock_node.domain.unneeded import INSTEAD, KINDS, WORDS, Kind, Language, Line, Unneeded
from xstock_node.i18n import catalogue
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.services.times import iso
from xstock_node.services.typed import plain
from xstock_node.storage.interfaces import Transaction

UNNEEDED: Final[Shelf[Unneeded]] = Shelf("unneeded", Unneeded)
NOW: Final = "now"
NEIGHBOURS: Final = ("en", "bg", "ro", "sr-Cyrl", "uk", "ru")
"""Languages of those who send, after the node's own."""
SIDE_BY_SIDE: Final = 5


class SayUnneeded(msgspec.Struct, frozen=True, kw_only=True):
    """What is not needed from now on, in the place of what was said before; nothing at all where all is empty."""

    kinds: Annotated[list[Kind], Meta(max_length=len(KINDS))] = []
    more: Annotated[dict[Language, Annotated[list[Line], Meta(max_length=20)]], Meta(max_length=20)] = {}
    money: bool = True


class UnneededAsked(msgspec.Struct, frozen=True, kw_only=True):
    """In which language (BCP 47); empty: in the node's own and those of neighbours, five in all."""

    language: Annotated[str, Meta(max_length=35, pattern=r"^[A-Za-z0-9-]*(?!\n)$")] = ""


class UnneededText(msgspec.Struct, frozen=True, kw_only=True):
    """The same in one language, as it is shown to the public. Own lines that are not in it stay in the language that
    they were written in, and are marked with it.
    """

    language: str
    lines: list[str]
    instead: str


class UnneededView(msgspec.Struct, frozen=True, kw_only=True):
    """What is not needed, since when, and its text in each language."""

    kinds: list[Kind]
    more: dict[Language, list[Line]]
    money: bool
    since: str
    texts: list[UnneededText]


async def show_unneeded(office: Office, actor: Actor, request: UnneededAsked) -> UnneededView:
    """What is not needed now."""
    return _view(office, await office.node.engine.read(held), request.language)


async def say_unneeded(office: Office, actor: Actor, request: SayUnneeded) -> UnneededView:
    """Say what is not needed; the public page tells it at once."""
    now = office.node.clock.now()
    more = {
        language: tuple(plain(line.strip(), "line") for line in lines if line.strip())
        for language, lines in request.more.items()
    }
    kinds = tuple(kind for kind in KINDS if kind in request.kinds)
    said = Unneeded(kinds=kinds, more={k: v for k, v in more.items() if v}, money=request.money, since=now)

    def work(tx: Transaction) -> None:
        UNNEEDED.put(tx, NOW, said, now)
        office.record(tx, actor, "unneeded.say", "public", ", ".join(kinds) or "nothing")

    await office.node.engine.write(work, durable=True)
    office.changes.tell("")
    return _view(office, said)


def held(tx: Transaction) -> Unneeded:
    """What was said last."""
    return UNNEEDED.get(tx, NOW) or Unneeded()


def text_in(said: Unneeded, language: str) -> UnneededText:
    """What the public reads in a language: the kinds, then the own words of that language or of the first one."""
    spoken = catalogue(language)
    own, others = list(said.more.get(language, ())), next(iter(said.more.items()), ("", ()))
    foreign = [] if own else [f"{line} [{others[0]}]" for line in others[1]]
    lines = [spoken.gettext(WORDS[kind]) for kind in said.kinds] + own + foreign
    return UnneededText(language=language, lines=lines, instead=spoken.gettext(INSTEAD) if lines and said.money else "")


def _view(office: Office, said: Unneeded, language: str = "") -> UnneededView:
    side_by_side = list(dict.fromkeys((*office.settings.languages, *NEIGHBOURS)))[:SIDE_BY_SIDE]
    return UnneededView(
        kinds=list(said.kinds),
        more={code: list(lines) for code, lines in said.more.items()},
        money=said.money,
        since=iso(said.since) if said.since else "",
        texts=[text_in(said, one) for one in ([language] if language else side_by_side)],
    )
