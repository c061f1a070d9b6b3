"""Importing a library without what it would load beside it, only because that happens to be installed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Inside, these modules cannot be imported, unless somebody did already: libraries then go without them.

    sqlite-utils loads numpy and pandas where they are there, structlog loads rich: twelve megabytes of a node at rest.
    """
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)
