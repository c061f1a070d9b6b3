"""The one structured log: an event a line, with the request's id where there is one; a case's is a fact.

The id of a request is the trace id of W3C Trace Context: it goes along in `traceparent` to the node that is asked, so
that the lines of both nodes name it. The backend is loaded when the first line is written, so that a verb that logs
nothing does not pay for it. However much a stranger provokes, the log grows by so many lines a second and no faster;
what is left out is counted, and told with the next line of its kind.
"""

import re
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from typing import Any, Final

from xstock_node.counts import Counts
from xstock_node.lean import without

request_id: ContextVar[str] = ContextVar("request_id", default="")
span_id: ContextVar[str] = ContextVar("span_id", default="")

EVENT_BURST: Final = 100
EVENT_RATE: Final = 2.0
"""Lines of one event: at once, and a second for as long as it goes on."""
ALL_BURST: Final = 2_000
ALL_RATE: Final = 50.0
"""Lines of all events together."""
LINE_MOST: Final = 2_000
"""Characters of one fact in a line."""
_PARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


class Trace:
    """Writes events; `node` stands on every line. `counts` are what the node counts of itself."""

    def __init__(self, node: str = "", steady: Callable[[], float] = time.monotonic) -> None:
        self.node, self.counts = node, Counts()
        self._steady = steady
        self._levels: dict[str, tuple[float, float]] = {}
        self._left_out: Counter[str] = Counter()

    def info(self, event: str, **facts: Any) -> None:
        """Something that went as it should."""
        self._write("info", event, facts)

    def warning(self, event: str, **facts: Any) -> None:
        """Something refused or late, that the node got over by itself."""
        self._write("warning", event, facts)

    def error(self, event: str, **facts: Any) -> None:
        """Something a person has to look at."""
        self._write("error", event, facts)

    def _write(self, level: str, event: str, facts: dict[str, Any]) -> None:
        if not (self._has_room(event, EVENT_BURST, EVENT_RATE) and self._has_room("", ALL_BURST, ALL_RATE)):
            self._left_out[event] += 1
            self.counts.add("log_lines_dropped_total")
            return
        if left_out := self._left_out.pop(event, 0):
            facts = {**facts, "left_out": left_out}
        marks = {"node": self.node, "request": request_id.get()}
        told = {name: value for name, value in marks.items() if value} | {k: _cut(v) for k, v in facts.items()}
        getattr(_backend(), level)(event, **told)

    def _has_room(self, name: str, burst: float, rate: float) -> bool:
        now = self._steady()
        level, at = self._levels.get(name, (burst, now))
        level = min(burst, level + (now - at) * rate)
        self._levels[name] = (level - 1 if level >= 1 else level, now)
        return level >= 1


def begin_request(parent: str = "") -> None:
    """From here on lines carry the id that a caller gave in `traceparent`, or a new one."""
    found = _PARENT.fullmatch(parent)
    request_id.set(found[1] if found and found[1].strip("0") else secrets.token_hex(16))


def parent_header() -> str:
    """The `traceparent` of a request to another node."""
    current = request_id.get()
    return f"00-{current if len(current) == 32 else secrets.token_hex(16)}-{span_id.get() or secrets.token_hex(8)}-01"


def _cut(value: Any) -> Any:
    return value[:LINE_MOST] if isinstance(value, str) else value


@cache
def _backend() -> Any:
    with without("rich"):
        import structlog

    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
