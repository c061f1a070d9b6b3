"""Times as people and programs read them."""

from datetime import UTC, datetime


def iso(unix: int) -> str:
    """Unix seconds as an ISO time in UTC."""
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
