"""The log: what every line says, how it follows a request to another node, and how much a stranger may make it grow."""

import json
from typing import Any

import pytest

from xstock_node import trace
from xstock_node.trace import Trace


class Lines:
    """A backend that keeps what it is given."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def __getattr__(self, level: str) -> Any:
        return lambda event, **facts: self.told.append({"level": level, "event": event, **facts})


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    backend = Lines()
    monkeypatch.setattr(trace, "_backend", lambda: backend)
    return backend.told


def test_a_line_names_node_request_and_case(lines: list[dict[str, Any]]) -> None:
    trace.begin_request("00-" + "ab" * 16 + "-" + "cd" * 8 + "-01")
    Trace("redcross.bg").warning("refused", case="7f3a", peer="redcross.hr")
    Trace("redcross.bg").info("serving")
    assert lines[0] == {
        "level": "warning",
        "event": "refused",
        "node": "redcross.bg",
        "request": "ab" * 16,
        "case": "7f3a",
        "peer": "redcross.hr",
    }
    assert lines[1]["node"] == "redcross.bg" and "case" not in lines[1]


@pytest.mark.parametrize("given", ["", "x", "00-" + "0" * 32 + "-" + "cd" * 8 + "-01", "00-AB-cd-01", "x" * 10_000])
def test_an_id_that_is_none_is_not_taken_from_a_caller(given: str) -> None:
    trace.begin_request(given)
    assert len(trace.request_id.get()) == 32 and trace.request_id.get() != "0" * 32


def test_the_id_goes_along_to_the_node_that_is_asked() -> None:
    trace.begin_request("")
    own = trace.request_id.get()
    trace.begin_request(trace.parent_header())
    assert trace.request_id.get() == own


def test_a_flood_of_one_event_is_left_out_counted_and_told_while_others_are_written(
    lines: list[dict[str, Any]],
) -> None:
    now = [0.0]
    log = Trace("redcross.bg", steady=lambda: now[0])
    for _ in range(10_000):
        log.warning("refused", why="x" * 1_000_000)
    assert len(lines) == trace.EVENT_BURST
    assert len(json.dumps(lines)) < trace.EVENT_BURST * (trace.LINE_MOST + 200)
    log.error("own-log-halted")
    assert lines[-1]["event"] == "own-log-halted"
    now[0] += 1.0
    log.warning("refused")
    assert lines[-1]["left_out"] == 10_000 - trace.EVENT_BURST
    assert log.counts.counters["log_lines_dropped_total", ()] == 10_000 - trace.EVENT_BURST


def test_a_flood_of_many_kinds_of_events_is_bounded_too(lines: list[dict[str, Any]]) -> None:
    log = Trace(steady=lambda: 0.0)
    for number in range(100_000):
        log.info(f"event-{number % 100}")
    assert len(lines) == trace.ALL_BURST
