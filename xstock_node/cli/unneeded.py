"""`xstock unneeded`: what this society does not need, for the public page and the press."""

from pathlib import Path

import click
import msgspec

from xstock_node.cli.output import emit, verb
from xstock_node.cli.session import open_session
from xstock_node.domain.unneeded import KINDS
from xstock_node.services.errors import Refusal
from xstock_node.services.unneeded import SayUnneeded, UnneededAsked, UnneededView


@click.group("unneeded")
def unneeded() -> None:
    """What we do not need: show, say."""


@unneeded.command("show")
@click.option("--lang", default="", help="In this language (BCP 47) alone; else in five.")
@verb
async def show(as_json: bool, home: Path | None, lang: str) -> None:
    """What is not needed now, as the public reads it."""
    asked = msgspec.convert({"language": lang}, UnneededAsked)
    async with open_session(home) as session:
        emit(await session.call("unneeded.show", asked), as_json, _text)


@unneeded.command("say")
@click.argument("kinds", metavar="KIND...", nargs=-1, type=click.Choice(KINDS))
@click.option("--more", multiple=True, metavar="LANG=TEXT", help='A line in own words, such as en="no used tyres".')
@click.option("--no-money", is_flag=True, help="Without the sentence that money helps.")
@verb
async def say(as_json: bool, home: Path | None, kinds: tuple[str, ...], more: tuple[str, ...], no_money: bool) -> None:
    """Say what is not needed from now on, in the place of what was said before; without KIND: nothing."""
    lines: dict[str, list[str]] = {}
    for one in more:
        language, _, text = one.partition("=")
        if not text:
            raise Refusal("bad-value", "--more LANG=TEXT", one, "write the language before the text", 2)
        lines.setdefault(language, []).append(text)
    said = msgspec.convert({"kinds": kinds, "more": lines, "money": not no_money}, SayUnneeded)
    async with open_session(home) as session:
        emit(await session.call("unneeded.say", said), as_json, _text)


def _text(found: UnneededView) -> str:
    """The texts one below the other."""
    if not any(one.lines for one in found.texts):
        return "nothing is said to be unneeded"
    parts = []
    for one in found.texts:
        parts += [f"[{one.language}]", *(f"- {line}" for line in one.lines), one.instead, ""]
    return "\n".join(parts).rstrip()
