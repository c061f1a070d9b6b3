"""The whole flood of the samples, played once in memory: what comes out, and that each check can fail."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import msgspec
import pytest

from tests.shared import sample
from xstock_node.testing.clock import run_simulated
from xstock_node.testing.exercise import stage_checks
from xstock_node.testing.exercise.play import Play
from xstock_node.testing.exercise.reading import ExerciseFile
from xstock_node.testing.exercise.running import ExerciseResult, finished
from xstock_node.testing.exercise.stage import Stage
from xstock_node.testing.exercise.stage_checks import StageChecks
from xstock_node.testing.exercise.story import Acknowledged, Departure

Plant = Callable[[Play, StageChecks], Any]


class Played(NamedTuple):
    """One run of the file, and what each check says of a planted fault."""

    result: ExerciseResult
    planted: dict[str, str]
    processor_seconds: float


@contextmanager
def changed(thing: Any, name: str, value: Any) -> Iterator[None]:
    """An attribute or entry is another for a while."""
    with mock.patch.dict(thing, {name: value}) if isinstance(thing, dict) else mock.patch.object(thing, name, value):
        yield


def _plan(play: Play, **fields: Any) -> Any:
    return changed(play.__dict__, "plan", msgspec.structs.replace(play.plan, **fields))


def _bare_line(play: Play) -> Any:
    short = next(line for line in play.plan.lines if line.unmet > 0)
    lines = tuple(msgspec.structs.replace(one, why=()) if one is short else one for one in play.plan.lines)
    return _plan(play, lines=lines)


def _blind_trips(play: Play) -> Any:
    return _plan(play, trips=tuple(msgspec.structs.replace(one, unknown=()) for one in play.plan.trips))


def _one_file_short(play: Play, checks: StageChecks) -> Any:
    whole = stage_checks.export_evidence

    async def short(*args: Any) -> Any:
        made = await whole(*args)
        return msgspec.structs.replace(made, messages=made.messages + 1)

    return changed(stage_checks, "export_evidence", short)


def _wrong_position(play: Play, checks: StageChecks) -> Any:
    first, *rest = checks.expected["position"]
    return changed(checks.expected, "position", [first | {"offerable": "999999"}, *rest])


def _more_sent(play: Play, checks: StageChecks) -> Any:
    key, side = next((k, v) for k, v in checks.sides.items() for c in v.counters if c.figures.get("returned"))
    counters = [msgspec.structs.replace(c, figures=c.figures | {"lost_loan": "9"}) for c in side.counters]
    both = {k: msgspec.structs.replace(v, counters=counters) for k, v in checks.sides.items() if k[1] == key[1]}
    return mock.patch.dict(checks.sides, both)


def _more_promised(play: Play, checks: StageChecks) -> Any:
    key, side = next((k, v) for k, v in checks.sides.items() for c in v.counters if c.figures.get("dispatched"))
    counters = [msgspec.structs.replace(c, figures=c.figures | {"accepted": "9999999"}) for c in side.counters]
    both = {k: msgspec.structs.replace(v, counters=counters) for k, v in checks.sides.items() if k[1] == key[1]}
    return mock.patch.dict(checks.sides, both)


def _empty_paper(play: Play, checks: StageChecks) -> Any:
    return changed(play, "certificates", [play.certificates[0]._replace(text="EXERCISE")])


PLANTS: dict[str, Plant] = {
    "K1": lambda play, _: changed(play.stage, "over", [("BG", "tent_family_16")]),
    "K1 both sides": _more_promised,
    "K2": lambda play, _: changed(play.stage, "acknowledged", [Acknowledged(play.deals[0].case, "offer", "0" * 64)]),
    "K2 offers": lambda play, _: changed(play.stage, "published", {"gone": play.stage.names["BG"]}),
    "K3": _one_file_short,
    "K4": _wrong_position,
    "K5": lambda play, _: _bare_line(play),
    "K6": lambda play, _: changed(play.file.__dict__, "fair_plan", {}),
    "K7": lambda play, _: _blind_trips(play),
    "K8": lambda play, _: changed(play.offers, ("ME", "insulin"), "planted"),  # type: ignore[arg-type]
    "K9": lambda play, _: changed(play.bound_at, next(iter(play.barred)), 3.0),
    "K10": lambda play, _: changed(play, "roads", [Departure("x", 10.0, ("X-BAJ",))]),
    "K11": _empty_paper,
    "K12": lambda play, _: changed(play, "deals", [play.deals[0]._replace(case="real")]),
    "K13": lambda play, _: changed(stage_checks, "PLATE", "tent_family_16"),
    "K14": _more_sent,
    "K15": lambda _, checks: changed(checks.expected["summary"], "asked_above_ratio", []),
}


async def _plant(checks: StageChecks, play: Play) -> dict[str, str]:
    runs = {"K1": "_double", "K2": "_lost", "K3": "_verifiable", "K4": "_offerable", "K5": "_fairness", "K6": "_bound",
            "K7": "_unknown", "K8": "_never", "K9": "_agreement", "K10": "_routes", "K11": "_papers",
            "K12": "_exercise", "K13": "_persons", "K14": "_ledger", "K15": "_over_asking"}  # fmt: skip
    found = {}
    for label, plant in PLANTS.items():
        with plant(play, checks):
            found[label], _ = await getattr(checks, runs[label.split()[0]])()
    return found


async def _run(folder: Path, data: bytes) -> Played:
    began, used = time.monotonic(), time.process_time()
    stage = Stage(folder, ExerciseFile(data))
    play = Play(stage)
    await stage.open()
    try:
        await play.run()
        checks = StageChecks(play)
        result = finished(play, checks, await checks.all(), began)
        seconds = time.process_time() - used
        return Played(result, await _plant(checks, play), seconds)
    finally:
        await stage.close()


@pytest.fixture(scope="module")
def flood() -> Played:
    memory = Path("/dev/shm")  # noqa: S108
    with tempfile.TemporaryDirectory(prefix="xstock-test-", dir=memory if memory.is_dir() else None) as folder:
        return run_simulated(_run(Path(folder), sample("exercise-flood.json").read_bytes()))


def test_nothing_is_promised_twice_lost_or_unprovable(flood: Played) -> None:
    found = flood.result
    assert (found.double_promises, found.lost_acknowledged, found.unverifiable_operations) == (0, 0, 0)
    assert found.requests == 16 and found.operations == 34 and found.holds
    assert all(0 < one.share <= one.bound + 0.001 for one in found.need_covered_share.values())


def test_every_check_passes_but_the_one_that_the_nodes_cannot_answer_yet(flood: Played) -> None:
    results = {check.id: check.result for check in flood.result.checks}
    assert results.pop("K15") == "not exercised"
    assert set(results.values()) == {"pass"} and len(results) == 14


def test_every_check_can_fail(flood: Played) -> None:
    assert flood.planted == dict.fromkeys(PLANTS, "fail") and len(PLANTS) > 15


def test_every_event_of_the_file_is_played_or_says_why_not_within_the_bound(flood: Played) -> None:
    told = flood.result.timeline
    assert len(told) == 56 and all(one.detail for one in told)
    missing = {one.kind for one in told if one.result == "not played"}
    assert missing == {"alert", "clock", "duplicate", "recall_lot", "outside_help", "dispatch_message",
                       "threat_convoy", "loan_status"}  # fmt: skip
    assert flood.result.events_played == 37
    assert "7 of 8 offers were tried before, and refused" in next(o.detail for o in told if o.kind == "agreement")
    assert flood.processor_seconds < 45
