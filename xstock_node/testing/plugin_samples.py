"""What a node hands to plugins, made up for tests."""

from decimal import Decimal

from xstock_node.plugins.adapters import Notice
from xstock_node.plugins.inventory import Movement, MovementKind, MovementLine


def a_notice(to: str = "maria") -> Notice:
    """A notice to a person."""
    return Notice(
        id="check-notice",
        to=to,
        language="en",
        subject="A request waits",
        text="Bulgaria asks for 50 tents.",
        kind="request",
        thing="abcdabcdabcdabcd",
        command="xstock op show abcdabcdabcdabcd",
        operation="abcdabcdabcdabcd",
        node="redcross.example.org",
        exercise=True,
        at=1_800_000_000,
    )


def a_movement(kind: MovementKind, line: MovementLine, of: str = "") -> Movement:
    """A movement of one piece of a line."""
    taken = MovementLine(
        key=line.key,
        quantity=Decimal(1),
        unit=line.unit,
        item_code=line.item_code,
        location=line.location,
        lot=line.lot,
    )
    return Movement(key=f"check-{kind}", kind=kind, lines=(taken,), of=of, note="a check", at=1_800_000_000)
