"""XML of strangers: bounded, without document types, entities and network, before a tree of it is built.

An expat pass over the bytes looks first, since the options of tree builders fail silently: a document type is refused
where it begins, so that no entity is ever declared, and depth, elements, attributes and text are counted. Only then is
the tree built, by the standard library, which opens nothing.
"""

import json
import math
import re
from typing import Any, Final
from xml.etree import ElementTree
from xml.parsers import expat

from xstock_node.protocol import limits

Element = ElementTree.Element
_PIECE: Final = 512 * 1024
_NAMES: Final = 2000  # different ones in a document; no standard has as many
_NAMESPACE: Final = 300  # characters: a tree builder copies it into every name
_JSON: Final = re.compile(r'"(?:[^"\\]++|\\.|\\\Z)*+"?|[\[{]|[\]}]', re.DOTALL)
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


class BadMarkup(Exception):
    """What came is no document that may be read; `word` is closed: too-large, packed, doctype, too-deep, too-many,
    not-xml, not-json. The text says what was expected, what came and what to do.
    """

    def __init__(self, word: str, expected: str, came: str) -> None:
        super().__init__(f"expected {expected}; came {came}; ask its sender for a document that keeps to it")
        self.word = word


def parse_xml(raw: bytes) -> Element:
    """The root of a document of at most `limits.MESSAGE` bytes; `BadMarkup` for what may not be read."""
    _sized(raw)
    _look(raw)
    try:
        return ElementTree.fromstring(raw)  # noqa: S314 - what is dangerous in it was refused above
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise BadMarkup("not-xml", "well-formed XML", str(error)[:200]) from None


def parse_json(raw: bytes) -> Any:
    """JSON in UTF-8 of at most `limits.MESSAGE` bytes, `limits.MARKUP_DEPTH` levels and `limits.MARKUP_ELEMENTS` lists
    and objects, its numbers finite; `BadMarkup` for what may not be read.
    """
    _sized(raw)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadMarkup("not-json", "JSON in UTF-8", str(error)[:200]) from None
    _count(text)
    try:
        found = json.loads(text, parse_constant=_no_number, parse_float=_finite)
        if _SURROGATE.search(text):
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BadMarkup("not-json", "JSON in UTF-8", str(error)[:200]) from None
    return found


def _count(text: str) -> None:
    depth = held = 0
    for one in _JSON.finditer(text):
        mark = one[0]
        if mark in "[{":
            depth, held = depth + 1, held + 1
            if depth > limits.MARKUP_DEPTH:
                raise BadMarkup("too-deep", f"at most {limits.MARKUP_DEPTH} levels", "more")
            if held > limits.MARKUP_ELEMENTS:
                raise BadMarkup("too-many", f"at most {limits.MARKUP_ELEMENTS} lists and objects", "more")
        elif mark in "]}":
            depth -= 1


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _finite(text: str) -> float:
    found = float(text)
    if math.isinf(found):
        raise ValueError(f"{text[:40]} is too large a number")
    return found


def _sized(raw: bytes) -> None:
    if len(raw) > limits.MESSAGE:
        raise BadMarkup("too-large", f"at most {limits.MESSAGE} bytes", str(len(raw)))
    if raw[:2] == b"\x1f\x8b" or raw[:2] == b"PK":
        raise BadMarkup("packed", "a document that is not packed", "gzip or zip")


def _look(raw: bytes) -> None:
    look = _Look()
    try:
        for at in range(0, len(raw), _PIECE):
            look.parser.Parse(raw[at : at + _PIECE], False)
        look.parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise BadMarkup("not-xml", "well-formed XML", str(error)[:200]) from None


class _Look:
    """Counts what a document has, and stops it at the first thing too many."""

    def __init__(self) -> None:
        self.depth = self.elements = 0
        self.names: set[str] = set()
        self.parser = parser = expat.ParserCreate()
        parser.ordered_attributes = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype
        parser.ExternalEntityRefHandler = self._outside
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end

    def _doctype(self, *what: object) -> None:
        raise BadMarkup("doctype", "XML without a document type", f"<!DOCTYPE {str(what[0])[:60]}")

    def _outside(self, *what: object) -> int:
        raise BadMarkup("doctype", "XML without entities", "a reference to one")

    def _begin(self, name: str, attributes: list[str]) -> None:
        self.depth, self.elements = self.depth + 1, self.elements + 1
        if self.depth > limits.MARKUP_DEPTH:
            raise BadMarkup("too-deep", f"at most {limits.MARKUP_DEPTH} levels", f"more, at <{name[:60]}>")
        if self.elements > limits.MARKUP_ELEMENTS:
            raise BadMarkup("too-many", f"at most {limits.MARKUP_ELEMENTS} elements", f"more, at <{name[:60]}>")
        if len(attributes) > 2 * limits.MARKUP_ATTRIBUTES:
            raise BadMarkup("too-many", f"at most {limits.MARKUP_ATTRIBUTES} attributes", f"more, at <{name[:60]}>")
        self.names.update((name, *attributes[::2]))
        if len(self.names) > _NAMES:
            raise BadMarkup("too-many", f"at most {_NAMES} different names", f"more, at <{name[:60]}>")
        for attribute, value in zip(attributes[::2], attributes[1::2], strict=True):
            if len(value) > _NAMESPACE and (attribute == "xmlns" or attribute.startswith("xmlns:")):
                raise BadMarkup("too-large", f"namespaces of at most {_NAMESPACE} characters", f"{len(value)}")

    def _end(self, name: str) -> None:
        self.depth -= 1
