"""Times as people and programs read them."""

from datetime import UTC, datetime


def iso(unix: int) -> str:
    """Unix seconds as an ISO time in UTC."""
    return datetime.fromtimestamp(int(unix), UTC).isoformat()[:19] + "Z"
