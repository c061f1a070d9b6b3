"""Names of elements of UBL, and the few ways in which a tree is read and built here."""

from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree

Element = ElementTree.Element

CBC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
CAC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
DOCUMENT: Final = "urn:oasis:names:specification:ubl:schema:xsd:{}-2"
DESPATCH: Final = "DespatchAdvice"
RECEIPT: Final = "ReceiptAdvice"
STATUS: Final = "TransportationStatus"
PROOF: Final = "ProofOfReexportation"
PREFIXES: Final = {
    "cbc": CBC,
    "cac": CAC,
    "ublda": DOCUMENT.format(DESPATCH),
    "ublra": DOCUMENT.format(RECEIPT),
    "ublts": DOCUMENT.format(STATUS),
    "ublpr": DOCUMENT.format(PROOF),
}
for _prefix, _space in PREFIXES.items():
    ElementTree.register_namespace(_prefix, _space)


def document_of(root: Element) -> str:
    """Which of the four documents an element is, empty for another."""
    every = (DESPATCH, RECEIPT, STATUS, PROOF)
    return next((one for one in every if root.tag == f"{{{DOCUMENT.format(one)}}}{one}"), "")


def new(document: str) -> Element:
    """The root of a document."""
    return Element(f"{{{DOCUMENT.format(document)}}}{document}")


def put(parent: Element, name: str, said: str, **attributes: str) -> None:
    """A new last child with text; none where there is nothing to say."""
    if said:
        ElementTree.SubElement(parent, f"{{{CBC}}}{name}", attributes).text = said


def inside(parent: Element, name: str) -> Element:
    """A new last child that holds others."""
    return ElementTree.SubElement(parent, f"{{{CAC}}}{name}")


def each(parent: Element | None, name: str) -> Iterator[Element]:
    """The children of this name that hold others."""
    yield from () if parent is None else parent.findall(f"{{{CAC}}}{name}")


def one(parent: Element | None, *path: str) -> Element | None:
    """The first element on a path of such children."""
    for name in path:
        parent = None if parent is None else parent.find(f"{{{CAC}}}{name}")
    return parent


def text(parent: Element | None, name: str) -> str:
    """The text of the first child of this name with single spaces, empty where there is none."""
    found = None if parent is None else parent.find(f"{{{CBC}}}{name}")
    return "" if found is None else " ".join("".join(found.itertext()).split())
