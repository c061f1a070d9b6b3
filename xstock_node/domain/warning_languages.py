"""The blocks of an alert in several languages: which speak of one thing, and which is shown to whom (rule R12).

Blocks are one thing where event codes, parameters, areas, times and gravity are equal, each language once. Where that
cannot be told nothing is paired, and all of it is shown: a translation too many hides no danger.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from xstock_node.domain.alerts import Area, Block


class Speech(NamedTuple):
    """One thing said in one or more languages; `unpaired`: others of the alert are in other languages, this is not."""

    blocks: tuple[Block, ...]
    unpaired: bool = False


class Shown(NamedTuple):
    """The block that is shown; `fallback`: in none of the wanted languages, or in one that is not said."""

    block: Block
    fallback: bool
    unpaired: bool


def pairs(blocks: Iterable[Block]) -> tuple[Speech, ...]:
    """The blocks of one alert by what they speak of, in the order of the first of each."""
    every = tuple(blocks)
    languages = {one.language.lower() for one in every}
    groups: dict[object, list[Block]] = {}
    for block in every:
        groups.setdefault(_thing(block), []).append(block)
    found: list[Speech] = []
    for group in groups.values():
        apart = len({one.language.lower() for one in group}) < len(group) or any(not one.language for one in group)
        for one in [(block,) for block in group] if apart else [tuple(group)]:
            found.append(Speech(one, unpaired=len(one) == 1 and len(languages) > 1))
    return tuple(found)


def shown(speeches: Iterable[Speech], languages: Sequence[str]) -> tuple[Shown, ...]:
    """Of each thing the block in the first language that it has: as wanted, its dialects, then the language at large.

    `languages` are tags of BCP 47, the most wanted first; the look-up is that of RFC 4647, 3.4.
    """
    return tuple(_best(speech, languages) for speech in speeches)


def place_of(area: Area) -> object:
    """What an area is known by whatever the language: codes and shapes, and its words where it has neither."""
    if area.codes or area.polygons or area.circles:
        return frozenset((one.scheme, one.value) for one in area.codes), area.polygons, area.circles
    return area.description.casefold().strip()


def _thing(block: Block) -> object:
    codes, parameters = ([(one.scheme, one.value) for one in found] for found in (block.codes, block.parameters))
    return (
        frozenset(codes),
        frozenset(parameters),
        frozenset(map(place_of, block.areas)),
        (block.effective, block.onset, block.expires),
        (block.level, block.severity),
    )


def _best(speech: Speech, languages: Sequence[str]) -> Shown:
    for wanted in languages:
        parts = wanted.lower().split("-")
        for end in range(len(parts), 0, -1):
            prefix = "-".join(parts[:end])
            for block in speech.blocks:
                if f"{block.language.lower()}-".startswith(f"{prefix}-"):
                    return Shown(block, False, speech.unpaired)
    return Shown(speech.blocks[0], True, speech.unpaired)
