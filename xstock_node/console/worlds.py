"""Two worlds: what is real, and what belongs to an exercise. A thing says itself which; nothing is guessed from texts.

A node may be in both. On its pages every thing of an exercise says EXERCISE in words, and what is real says nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from xstock_node.protocol.names import is_record_id

_ACTS_ON_CASES: Final = ("op.", "approve.", "paper.", "unit.")
_EXERCISES: Final = "exercise."
_DEEP: Final = 6
_PLAIN: Final = (str, int, float, bool, type(None))


def is_exercise(thing: Any) -> bool:
    """Whether a row of a view belongs to an exercise, by what it says: its flag, status, operation or network."""
    said = getattr(thing, "exercise", None)
    if isinstance(said, bool):
        return said
    if getattr(thing, "status", "") == "Exercise":
        return True
    case = getattr(thing, "case", "") or getattr(thing, "operation", "")
    if isinstance(case, str) and of_exercise(case):
        return True
    network = getattr(thing, "network", "")
    return (isinstance(network, str) and network.startswith("x-")) or _is_act(thing)


def of_exercise(case: str) -> bool:
    """Whether the id of an operation is one of an exercise (xs1: it begins with x)."""
    return case.startswith("x") and is_record_id(case)


def holds_exercise(view: Any) -> bool:
    """Whether anything in a view belongs to an exercise."""
    return any(is_exercise(thing) for thing in _things(view, 0))


def _things(value: Any, depth: int) -> Iterator[Any]:
    """All structures in a view, from the outside in."""
    if isinstance(value, msgspec.Struct):
        if depth:
            yield value
        children = [getattr(value, name) for name in value.__struct_fields__]
    elif isinstance(value, list | tuple):
        children = list(value)
    elif isinstance(value, Mapping):
        children = list(value.values())
    else:
        return
    if depth < _DEEP:
        for child in children:
            if not isinstance(child, _PLAIN):
                yield from _things(child, depth + 1)


def _is_act(thing: Any) -> bool:
    """Whether a row of the list of acts is about an operation of an exercise, or about one itself."""
    verb, subject = getattr(thing, "verb", None), getattr(thing, "subject", None)
    if not isinstance(verb, str) or not isinstance(subject, str):
        return False
    case = subject.partition(" ")[0]
    return verb.startswith(_EXERCISES) or (verb.startswith(_ACTS_ON_CASES) and of_exercise(case))
