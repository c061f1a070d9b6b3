"""The one structured log: an event a line, with the request's and the case's id where there is one.

The backend is loaded when the first line is written, so that a verb that logs nothing does not pay for it.
"""

import sys
from contextvars import ContextVar
from functools import cache
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="")
case_id: ContextVar[str] = ContextVar("case_id", default="")


class Trace:
    """Writes events; `node` stands on every line."""

    def __init__(self, node: str = "") -> None:
        self.node = node

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
        marks = {"node": self.node, "request": request_id.get(), "case": case_id.get()}
        getattr(_backend(), level)(event, **{k: v for k, v in marks.items() if v}, **facts)


@cache
def _backend() -> Any:
    import structlog

    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
