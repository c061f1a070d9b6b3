"""Which event each message is: business steps and dispositions of the Core Business Vocabulary 2.0 (CBV 7.1, 7.2)."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from xstock_node.plugins.interchange import MessageKind, Moment


class Step(NamedTuple):
    """The words of an event, and the moment of its message that is the time of the event."""

    step: str
    disposition: str
    moment: Moment | None = None


STEPS: Final[Mapping[MessageKind, Step]] = {
    "acceptance": Step("reserving", "reserved"),
    "confirmation": Step("picking", "in_progress"),
    "dispatch": Step("departing", "in_transit", "actual-departure"),
    "passage": Step("transporting", "in_transit", "current"),
    "receipt": Step("receiving", "in_progress", "actual-arrival"),
    "return-dispatch": Step("departing", "returned", "actual-return-departure"),
    "return-receipt": Step("receiving", "available", "actual-return-arrival"),
}
"""The messages that are events; a recall of one of them is its error declaration."""

READ: Final[Mapping[str, MessageKind]] = {
    "reserving": "acceptance",
    "picking": "confirmation",
    "departing": "dispatch",
    "shipping": "dispatch",
    "transporting": "passage",
    "arriving": "passage",
    "receiving": "receipt",
    "accepting": "receipt",
}
"""What the steps of others are; any other step is information, and flagged."""

DAMAGED: Final = "damaged"
MISMATCH: Final = "mismatch_quantity"
PIECE: Final = "H87"
NOT_SO: Final = "did_not_occur"
WRONG: Final = "incorrect_data"
_PREFIXES: Final = (
    "urn:epcglobal:cbv:bizstep:",
    "urn:epcglobal:cbv:disp:",
    "urn:epcglobal:cbv:btt:",
    "urn:epcglobal:cbv:sdt:",
    "https://ns.gs1.org/cbv/BizStep-",
    "https://ns.gs1.org/cbv/Disp-",
    "https://ns.gs1.org/cbv/BTT-",
    "https://ns.gs1.org/cbv/SDT-",
)


def bare(word: str) -> str:
    """A word of the vocabulary without the prefix under which older documents give it."""
    prefix = next((one for one in _PREFIXES if word.startswith(one)), "")
    return word.removeprefix(prefix)


def uom(unit: str) -> str:
    """A unit of Recommendation 20 as a quantity gives it: none of pieces, nor of what is no such code."""
    is_code = 2 <= len(unit) <= 3 and unit.isascii() and unit.isalnum() and unit == unit.upper()
    return unit if is_code and unit != PIECE else ""


def kind_of(step: str, disposition: str) -> MessageKind:
    """What an event of these words is."""
    kind = READ.get(step, "information")
    return "return-dispatch" if (kind, disposition) == ("dispatch", "returned") else kind
