"""Laying out types before threads share them.

msgspec lays out a struct type when it is first decoded, and another thread that decodes it meanwhile meets fields that
are not there yet: the process ends with a segmentation fault. One thread lays out all of them first.
"""

from collections.abc import Iterator

import msgspec

_DONE: set[type] = set()


def lay_out_types() -> None:
    """Lay out every struct type that is loaded; those that nothing can decode are left, as nothing decodes them."""
    for type_ in {*_loaded(msgspec.Struct)} - _DONE:
        try:
            msgspec.json.Decoder(type_)
        except TypeError:
            pass
        _DONE.add(type_)


def is_laid_out(type_: type) -> bool:
    """Whether threads may share a type."""
    return type_ in _DONE


def _loaded(type_: type) -> Iterator[type]:
    found: type
    for found in type_.__subclasses__():
        yield found
        yield from _loaded(found)
