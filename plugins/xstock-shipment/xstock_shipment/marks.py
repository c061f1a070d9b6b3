"""What UBL has no element for: references of a document and properties of an item, under a URN of ours."""

from collections.abc import Iterator
from typing import Final

from xstock_shipment.tags import Element, each, inside, put, text

URN: Final = "urn:xstock:ubl:1#"
DOCUMENT: Final = ("status", "incident", "preceding", "recalls", "replaces", "recipient", "order")
ITEM: Final = ("terms", "expiry")
CATALOGUE: Final = "urn:xstock:catalogue"


def refer(root: Element, mark: str, value: str, element: str = "AdditionalDocumentReference") -> None:
    """A mark of a document, where it says anything."""
    if value:
        entry = inside(root, element)
        put(entry, "ID", value)
        put(entry, "DocumentTypeCode", URN + mark)


def referred(root: Element, mark: str, element: str = "AdditionalDocumentReference") -> Iterator[str]:
    """The values of a mark of a document."""
    for entry in each(root, element):
        if text(entry, "DocumentTypeCode") == URN + mark:
            yield text(entry, "ID")


def describe(item: Element, mark: str, value: str) -> None:
    """A mark of an item, where it says anything."""
    if value:
        entry = inside(item, "AdditionalItemProperty")
        put(entry, "Name", URN + mark)
        put(entry, "Value", value)


def described(item: Element | None, mark: str) -> str:
    """The value of a mark of an item."""
    for entry in each(item, "AdditionalItemProperty"):
        if text(entry, "Name") == URN + mark:
            return text(entry, "Value")
    return ""
