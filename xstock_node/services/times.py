"""Times as people and programs read them."""

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=4096)  # lists say the same few times again and again
def iso(unix: int) -> str:
    """Unix seconds as an ISO time in UTC."""
    return datetime.fromtimestamp(int(unix), UTC).isoformat()[:19] + "Z"
