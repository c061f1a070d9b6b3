"""The one function that turns strangers' JSON into a value or a `ProtocolError`.

msgspec alone is not enough: it keeps the last of duplicate keys, takes integers above 2^53 and answers bad UTF-8
and deep nesting with other exceptions. `strict_json` refuses each; `decode` adds the type.
"""

import json
import re
from typing import Any, Never, TypeVar

import msgspec

from xstock_node.protocol import limits
from xstock_node.protocol.errors import ProtocolError, TooLarge

T = TypeVar("T")
# Strings, whole or cut off at the end, and whatever else is no bracket; nothing in it is ever tried twice.
_BESIDE_BRACKETS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[^"\[\]{}]++', re.DOTALL)


def strict_json(data: bytes) -> Any:
    """JSON of integers, strings, lists, objects, booleans and null, without duplicate keys or deep nesting.

    See xs1 1.4.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProtocolError("UTF-8 text", f"a bad byte at {error.start}") from None
    _check_depth(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_float=_no_float,
            parse_int=_safe_int,
            parse_constant=_no_float,
        )
        if "\\u" in text:  # nothing else makes a lone surrogate of whole UTF-8
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ProtocolError("text of whole characters", "a lone surrogate") from None
    except (ValueError, RecursionError) as error:
        raise ProtocolError("JSON", str(error)) from None
    return value


def decode(data: bytes, kind: type[T], most: int) -> T:
    """Strict JSON of at most `most` bytes as a value of type `kind` (xs1 1.5, 21.1)."""
    if len(data) > most:
        raise TooLarge(f"at most {most} bytes", f"{len(data)}")
    value = strict_json(data)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"a {kind.__name__}", str(error)) from None


def _check_depth(text: str) -> None:
    """Nesting is counted before parsing, so that no parser meets it; brackets inside strings are skipped.

    Text with few opening brackets cannot nest deeper than that, wherever they stand.
    """
    if text.count("[") + text.count("{") <= limits.JSON_DEPTH:
        return
    depth = 0
    for character in _BESIDE_BRACKETS.sub("", text):
        depth += 1 if character in "[{" else -1
        if depth > limits.JSON_DEPTH:
            raise ProtocolError(f"JSON at most {limits.JSON_DEPTH} deep", f"depth {depth}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ProtocolError("each key once", "a duplicate key")
    return value


def _no_float(text: str) -> Never:
    raise ProtocolError("integers only", text)


def _safe_int(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > limits.INTEGER or text == "-0":
        raise ProtocolError("an integer within 2^53-1", text)
    return int(text)
