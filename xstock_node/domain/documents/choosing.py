"""Choosing: which papers an operation has now, from the steps that were taken and the way of each consignment."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from xstock_node.domain.consignments import HandlingClass
from xstock_node.domain.corridors import Corridor
from xstock_node.domain.corridors import Stage as By
from xstock_node.domain.documents.composing import Library
from xstock_node.domain.fields import FieldError, need
from xstock_node.domain.items import Category, Item, Storage
from xstock_node.domain.operation import Operation
from xstock_node.domain.operations import BY_VERB
from xstock_node.domain.reasons import Reason
from xstock_node.domain.terms import Source

KEPT: Final = frozenset({Storage.COOL, Storage.COLD_CHAIN, Storage.FROZEN})
REACHED: Final[dict[By, frozenset[str]]] = {
    By.CLEARANCE: frozenset({"stage", "green-light", "clear", "dispatch"}),
    By.DISPATCH: frozenset({"stage", "clear", "dispatch"}),
    By.RECEIPT: frozenset({"received"}),
    By.RETURN: frozenset({"returned"}),
    By.CLOSE: frozenset({"close-proposed", "close"}),
}
"""The steps from which on a paper of each stage is there to be made."""


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The document of each paper that a step names, and the kind of goods of customs headings."""

    step: dict[str, str]
    heading: dict[str, str]


class Chosen(NamedTuple):
    """A paper of an operation, of one consignment where it is named. `due`: it is there to be made now.

    `by` is the stage of the way, or the step. `languages` is empty where the parties' own are taken; `source` is None
    for what the operation alone asks for.
    """

    code: str
    consignment: str
    by: str
    signs: tuple[str, ...]
    languages: tuple[str, ...]
    source: Source | None
    why: Reason
    due: bool
    text: str = ""


class Goods(NamedTuple):
    """What goods are for a border: classes that travel apart, and kinds in words."""

    handling: tuple[HandlingClass, ...]
    kinds: tuple[str, ...]


def parse_choice(data: bytes, library: Library) -> Choice:
    """The file `data/paper_choice.toml`; raises FieldError for a document that the library does not know."""
    try:
        choice = msgspec.convert(tomllib.loads(data.decode("utf-8")), Choice)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as wrong:
        raise FieldError("papers of steps and headings", wrong, "correct that line") from wrong
    unknown = sorted(set(choice.step.values()) - set(library.documents))
    need(not unknown, "documents of the library", ", ".join(unknown), "correct the names")
    return choice


def goods_of(items: Iterable[Item], choice: Choice) -> Goods:
    """The classes and kinds of items; food counts as food of animal origin until somebody says that it is not."""
    handling, kinds = set(), set()
    for item in items:
        handling.add(class_of(item))
        if item.storage in KEPT:
            kinds.add("temperature")
        kinds |= {kind for heading, kind in choice.heading.items() if (item.hs or "").startswith(heading)}
    order = [one for one in HandlingClass if one in handling]
    return Goods(tuple(order) or (HandlingClass.GENERAL,), tuple(sorted(kinds)))


def class_of(item: Item) -> HandlingClass:
    """What an item must not share a consignment with."""
    if item.storage is Storage.HAZARDOUS:
        return HandlingClass.DANGEROUS
    if item.medical:
        return HandlingClass.MEDICINES
    return HandlingClass.ANIMAL_FOOD if item.category is Category.FOOD else HandlingClass.GENERAL


def choose(operation: Operation, ways: Mapping[str, Corridor], library: Library, choice: Choice) -> list[Chosen]:
    """Every paper of an operation, each once a consignment; `ways` are the corridors of its consignments.

    A paper that the way asks for is listed before it is due, so that nobody is surprised by it.
    """
    found: dict[tuple[str, str, str], Chosen] = {}
    by_way = [one for id_, way in ways.items() for one in _of_way(operation, id_, way)]
    of_ways = {one.code for one in by_way}
    for one in (*_of_steps(operation, library, choice, of_ways), *by_way):
        key = one.code, one.consignment, one.text
        before = found.get(key)
        if before is None or (before.source is None and one.source is not None):
            found[key] = one._replace(due=one.due or (before is not None and before.due))
    return list(found.values())


def consignment_of(operation: Operation, named: str) -> str:
    """The consignment that a step means: the one it names, else the only one that there is."""
    return named or (next(iter(operation.consignments)) if len(operation.consignments) == 1 else "")


def _of_steps(operation: Operation, library: Library, choice: Choice, of_ways: set[str]) -> Iterator[Chosen]:
    for event in operation.events:
        step = BY_VERB.get(event.verb)
        for paper in step.papers if step else ():
            code = choice.step.get(paper, "")
            document = library.documents.get(code)
            if document is None or (paper in WAY_ONLY and code not in of_ways):
                continue
            named = getattr(event.body, "consignment", None)
            consignment = "" if named is None else consignment_of(operation, named)
            why = Reason("paper_step", {"step": event.verb})
            yield Chosen(code, consignment, event.verb, document.signs, (), None, why, True)


WAY_ONLY: Final = frozenset({"cmr", "pro-forma", "re-export"})
"""Papers of a step that only some ways ask for."""


def _of_way(operation: Operation, id_: str, way: Corridor) -> Iterator[Chosen]:
    verbs = {e.verb for e in operation.events if consignment_of(operation, _named(e.body)) in (id_, "")}
    shown = {"way": " ".join(way.countries), "terms": way.terms}
    for paper in way.papers:
        due = bool(REACHED[paper.stage] & verbs)
        whole = paper.stage is By.CLOSE
        yield Chosen(
            paper.code, "" if whole else id_, paper.stage, paper.signs, paper.languages, paper.source,
            Reason("paper_way", shown), due, paper.text or "",
        )  # fmt: skip


def _named(body: object) -> str:
    return str(getattr(body, "consignment", ""))
