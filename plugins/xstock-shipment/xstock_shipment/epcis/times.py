"""Times of EPCIS: ISO 8601 with an offset, as unix seconds."""

from datetime import UTC, datetime

from xstock_shipment.parts import Broken


def write_time(at: int) -> str:
    """Unix seconds in UTC. Raises `Broken` for what is in no calendar."""
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        raise Broken("wrong-time", "a time before the year 10000", str(at), "correct it") from None


def read_time(text: str, name: str) -> int:
    """Unix seconds; 0 where nothing is said. A time without an offset is taken for UTC."""
    if not text:
        return 0
    try:
        found = datetime.fromisoformat(text)
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise Broken("wrong-time", f"a time in {name}", text) from None
