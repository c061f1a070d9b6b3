"""Values that people write into files: read strictly, refused with what was expected, what came and what to do."""

import tomllib
from decimal import Decimal
from typing import TypeVar

import msgspec

T = TypeVar("T")


class FieldError(ValueError):
    """A value that cannot be taken: expected, came, do."""

    def __init__(self, expected: str, came: object, do: str) -> None:
        self.expected = expected
        self.came = str(came)[:200]
        self.do = do
        super().__init__(f"expected {expected}; came {self.came}; {do}")


def read_file(data: bytes, kind: type[T]) -> T:
    """`data` as a `kind`: JSON where it begins with a brace, TOML otherwise; decimals are exact, as text or figure.

    Raises FieldError that names the field.
    """
    try:
        if data.lstrip()[:1] == b"{":
            return msgspec.json.decode(data, type=kind)
        return msgspec.convert(tomllib.loads(data.decode("utf-8"), parse_float=Decimal), kind)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as wrong:
        raise FieldError("a TOML or JSON file in UTF-8", wrong, "correct the place that is named") from wrong
    except msgspec.DecodeError as wrong:
        raise FieldError(f"the fields of {kind.__name__}", wrong, "correct that field") from wrong


def need(true: bool, expected: str, came: object, do: str) -> None:
    """Raise FieldError unless `true`."""
    if not true:
        raise FieldError(expected, came, do)
