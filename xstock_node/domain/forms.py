"""What forms of other bodies are made from: a request and its operations, the node's own acts.

Figures are decimals of a UNECE Rec 20 unit, None where unknown; times unix seconds, 0 where unknown. No person and no
vehicle is in it.
"""

from decimal import Decimal

import msgspec

from xstock_node.domain.documents.facts import OperationFacts, Party


class FormLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of a request: what is asked, what was promised, offered or received of it."""

    item: str
    unit: str
    asked: Decimal
    promised: Decimal = Decimal(0)
    offered: Decimal = Decimal(0)
    received: Decimal = Decimal(0)
    name: str = ""
    need: str = ""
    substitutes: bool = False
    needed_by: int = 0
    gross: Decimal | None = None
    own: Decimal | None = None


class FormRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request of this node, or that of a partner as its operation has it."""

    id: str
    at: int
    place: str = ""
    country: str = ""
    area: str = ""
    people: int = 0
    severity: int = 0
    needed_by: int = 0
    terms: tuple[str, ...] = ()
    note: str = ""
    pre_notification: bool = False
    lines: tuple[FormLine, ...] = ()


class Deed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How often something was done in a period, by the word of the list of acts; first and last in unix seconds.

    `exercise` is known of steps of operations alone.
    """

    verb: str
    count: int
    first: int
    last: int
    exercise: bool = False


class HeldReserve(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Stock of an asked item that is held for all: at which node, under which pool, who decides on its release.

    `quantity` is what stands in its record, as old as `as_of` (unix seconds); a promise is none of it.
    """

    node: str
    item: str
    unit: str
    quantity: Decimal
    pool: str
    decides: str = ""
    country: str = ""
    as_of: int = 0


class FormFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a form may use. `references` are those of the event, the first the request's own; `filled` is what people
    filled in; `reserves` are of the items that are asked; deeds are those from `since` until `until`.
    """

    about: str
    now: int
    node: str
    own: Party
    exercise: bool = False
    references: tuple[str, ...] = ()
    request: FormRequest | None = None
    operations: tuple[OperationFacts, ...] = ()
    reserves: tuple[HeldReserve, ...] = ()
    deeds: tuple[Deed, ...] = ()
    since: int = 0
    until: int = 0
    filled: dict[str, str] = {}
