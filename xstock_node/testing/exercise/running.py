"""Running an exercise: from a file to one object that says how it went."""

import tempfile
import time
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import msgspec

from xstock_node.testing.clock import run_simulated
from xstock_node.testing.exercise.checks import Check, Checks
from xstock_node.testing.exercise.play import Play
from xstock_node.testing.exercise.reading import ExerciseFile
from xstock_node.testing.exercise.real_counting import Sides, accepted, alive
from xstock_node.testing.exercise.stage import Stage
from xstock_node.testing.exercise.stage_checks import StageChecks
from xstock_node.testing.exercise.story import Story
from xstock_node.testing.exercise.timeline import Told
from xstock_node.testing.storm import MEMORY

OWN = Path(__file__).parent / "rain.json"
Got = tuple[str, str]


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a node's asked lines is covered on average (0 to 1), and the most that the fairness rule allows."""

    share: float
    bound: float


class ExerciseResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came out of an exercise. All figures are counted on the nodes after the play."""

    exercise: str
    nodes: int
    requests: int
    operations: int
    double_promises: int
    lost_acknowledged: int
    unverifiable_operations: int
    seconds: float
    need_covered_share: dict[str, Covered]
    at_risk: list[str]
    checks: list[Check]
    events_played: int
    timeline: list[Told]
    told: list[str]

    @property
    def holds(self) -> bool:
        """Whether no check failed."""
        return all(check.result != "fail" for check in self.checks)


def run_in_memory(file: Path | None) -> ExerciseResult:
    """Play a file, or the own smaller exercise, in virtual time."""
    began = time.monotonic()
    data = (file or OWN).read_bytes()
    place = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="xstock-exercise-", dir=place) as folder:
        return run_simulated(_run(ExerciseFile(data), Path(folder), began))


async def _run(file: ExerciseFile, folder: Path, began: float) -> ExerciseResult:
    stage = Stage(folder, file)
    play = Play(stage)
    await stage.open()
    try:
        await play.run()
        checks = StageChecks(play)
        return finished(play, checks, await checks.all(), began)
    finally:
        await stage.close()


def finished(play: Play, checks: StageChecks, found: list[Check], began: float) -> ExerciseResult:
    """What came out of a play in memory."""
    return result_of(play, checks, found, got(play, checks.sides), began, "h")


def result_of(
    play: Story, checks: Checks, found: list[Check], got: Mapping[Got, Decimal], began: float, unit: str
) -> ExerciseResult:
    """What came out; `got` is what is bound for each node, by item, and `unit` that of the times in `told`."""
    return ExerciseResult(
        exercise=play.file.raw["exercise"],
        nodes=len(play.stage.names),
        requests=checks.requests,
        operations=checks.operations,
        double_promises=checks.double_promises,
        lost_acknowledged=checks.lost,
        unverifiable_operations=checks.unverifiable,
        need_covered_share=covered(play.file, play.stage.names, got),
        at_risk=play.at_risk,
        checks=found,
        events_played=sum(one.result == "played" for one in play.timeline),
        timeline=play.timeline,
        told=[f"{when:+.2f} {unit}: {words}" for when, words in play.told],
        seconds=round(time.monotonic() - began, 2),
    )


def covered(file: ExerciseFile, codes: Iterable[str], got: Mapping[Got, Decimal]) -> dict[str, Covered]:
    """Mean over the asked lines of each node, in the asked item itself."""
    found = {}
    for code in codes:
        lines = [need for need in file.requests if need["node"] == code]
        shares = [min(got.get((code, n["item"]), Decimal(0)) / Decimal(n["request"]), Decimal(1)) for n in lines]
        bounds = [file.fair_plan[n["item"]].of(code) / Decimal(n["request"]) for n in lines]
        count = max(len(lines), 1)
        found[code] = Covered(share=round(float(sum(shares) / count), 3), bound=round(float(sum(bounds) / count), 3))
    return found


def got(play: Story, sides: Sides) -> dict[Got, Decimal]:
    """What is bound for each node in the end, by item; a cancelled operation gives nothing."""
    found: dict[Got, Decimal] = {}
    for (_, requester, item), quantity in accepted(alive(play.deals, sides), sides).items():
        found[requester, item] = found.get((requester, item), Decimal(0)) + quantity
    return found
