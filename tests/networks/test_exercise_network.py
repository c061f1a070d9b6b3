"""A network of exercises beside the real one: opened, asked in, reported, ended; nothing of it is where it is not asked
for, and what is shown is marked."""

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.networks.kit import ChartedNet, make_charter, make_member
from xstock_node.cli import duty, op, request, status
from xstock_node.cli.exercise import _one as exercise_words
from xstock_node.cli.exercise import _report as report_words
from xstock_node.domain.rights import Grant, Role
from xstock_node.protocol import bundle
from xstock_node.services import (
    bundling,
    checks,
    duty_desk,
    evidencing,
    exercising,
    handing_over,
    mobilising,
    operating,
    overview,
    publishing,
    requesting,
    searching,
)
from xstock_node.services.asked_lines import Asked
from xstock_node.services.bundling import ExportRequest
from xstock_node.services.errors import Refusal
from xstock_node.services.exercising import ExerciseName, StartExercise
from xstock_node.services.handing_over import NoteRequest
from xstock_node.services.mobilising import EventId
from xstock_node.services.office import OPERATOR, Actor, Office
from xstock_node.services.operating import CaseFilter, CaseId, StepRequest
from xstock_node.services.reacting import Reacting
from xstock_node.services.requesting import NewRequest
from xstock_node.services.searching import SearchRequest
from xstock_node.testing import make_offer, run_simulated

BG, HR, TENT, DRILL = "bg.example", "hr.example", "HSHETENTF16C", "x-drill"
EVENT = "EX-2027-000014-MULTI"
CLERK = Actor("clerk", "test", (Grant(role=Role.LOGISTICS),))


class Two:
    """Bulgaria and Croatia, both in `see` and in `x-drill`."""

    def __init__(self, net: ChartedNet) -> None:
        self.net, self.offices = net, {name: net.office(name) for name in (BG, HR)}

    def __getitem__(self, name: str) -> Office:
        return self.offices[name]

    async def begin(self, quantity: str = "500") -> None:
        """Both open the exercise; Croatia offers invented tents."""
        await exercising.start(self[BG], OPERATOR, StartExercise(name="flood27", network=DRILL))
        offers = [Asked(item=TENT, quantity=quantity)]
        await exercising.start(self[HR], OPERATOR, StartExercise(name="flood27", network=DRILL, offers=offers))

    async def ask(self, network: str = DRILL, quantity: str = "80") -> str:
        """Bulgaria asks Croatia for tents; the case."""
        lines = [Asked(item=TENT, quantity=quantity)]
        made = await requesting.new_request(
            self[BG], OPERATOR, NewRequest(to=[HR], lines=lines, event=EVENT, network=network)
        )
        return made.operations[0].case

    async def step(self, name: str, case: str, verb: str, **fields: Any) -> None:
        done = await operating.take_step(self[name], OPERATOR, StepRequest(case=case, step=verb, fields=fields))
        if not done.sent:
            pending = operating.Approval(id=done.waiting)
            await operating.approve(self[name], Actor("second", "test"), pending)

    async def until(self, name: str, case: str, state: str) -> None:
        async def there() -> bool:
            held = await self[name].node.engine.read(lambda tx: tx.cases.get(case))
            return held is not None and (await operating.show_operation(self[name], OPERATOR, CaseId(case=case))
                                         ).state == state  # fmt: skip

        await until(there)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(2000):
        if await true():
            return
        await asyncio.sleep(0.5)
    raise AssertionError("it never comes true")


def tell(folder: Path, story: Callable[[Two], Awaitable[None]]) -> None:
    async def main() -> None:
        net = ChartedNet(folder)
        charters = [make_charter(name, [BG, HR]) for name in ("see", DRILL)]
        members = {name: make_member(name, networks=("see", DRILL)) for name in (BG, HR)}
        known = [member[0] for member in members.values()]
        for name in (BG, HR):
            await net.enter(members[name], charters, known)
        two = Two(net)
        reacting = [Reacting(office) for office in two.offices.values()]
        for one in reacting:
            await one.start()
        try:
            await story(two)
        finally:
            for one in reacting:
                await one.stop()
            await net.stop_all()

    run_simulated(main())


def test_a_network_named_so_is_one_of_exercises_and_the_real_one_is_not(tmp_path: Path) -> None:
    async def story(two: Two) -> None:
        shared = {network.name: network.shared for network in two[BG].node.networks.values()}
        assert shared[DRILL].log == "x-drill.x-drill" and shared[DRILL].is_exercise and shared[DRILL].is_for_all
        assert not shared["see"].is_exercise
        entered = two[BG].node._shared_of("x-other")
        assert entered.log == "x-other.x-other" and entered.is_exercise
        with pytest.raises(Refusal) as refused:
            await exercising.start(two[BG], OPERATOR, StartExercise(name="flood27"))
        assert refused.value.code == "not-an-exercise"

    tell(tmp_path, story)


def test_an_exercise_is_opened_asked_in_reported_and_ended(tmp_path: Path) -> None:
    async def story(two: Two) -> None:
        await two.begin()
        case = await two.ask()
        assert case.startswith("x")
        await two.until(HR, case, "requested")
        await asyncio.sleep(100)
        hold = two[HR].node.clock.now() + 7200
        line = {"item": TENT, "unit": "H87", "qty": [60, 0]}
        await two.step(HR, case, "offer", lines=[line], hold_until=hold, terms=["donation"])
        await two.until(BG, case, "offered")
        await two.step(BG, case, "accept", terms="donation", place="Vidin")
        await two.until(BG, case, "confirmed")
        asker, giver = [await exercising.report(two[name], OPERATOR, ExerciseName()) for name in (BG, HR)]
        assert (asker.requests, asker.operations, asker.binding, asker.by_state) == (1, 1, 1, {"confirmed": 1})
        assert (asker.steps_signed, giver.steps_signed, giver.requests) == (2, 2, 0)
        assert giver.answer_seconds is not None and 100 <= giver.answer_seconds < 200
        assert giver.answered_seconds is None and asker.answer_seconds is None
        assert [(one.event, one.items, one.share) for one in asker.covered] == [(EVENT, 1, 0.75)]
        assert asker.begins and not asker.ends and asker.runs
        ended = await exercising.stop(two[HR], OPERATOR, ExerciseName())
        assert (ended.withdrawn, ended.open, ended.runs) == (1, [case], False)
        later = await exercising.report(two[HR], OPERATOR, ExerciseName(name="flood27"))
        assert later.ends and later.operations == 1
        for shown in (exercise_words(ended), report_words(later)):
            assert shown.startswith("EXERCISE")

    tell(tmp_path, story)


def test_what_is_asked_before_or_after_is_not_in_the_report_and_neither_is_the_real(tmp_path: Path) -> None:
    async def story(two: Two) -> None:
        await two.ask()
        await asyncio.sleep(5)
        await two.begin()
        await asyncio.sleep(5)
        await two.ask()
        await two.ask("see")
        await asyncio.sleep(5)
        await exercising.stop(two[BG], OPERATOR, ExerciseName())
        await asyncio.sleep(5)
        await two.ask()
        found = await exercising.report(two[BG], OPERATOR, ExerciseName())
        assert (found.requests, found.operations) == (1, 1)

    tell(tmp_path, story)


def test_one_exercise_runs_at_a_time_a_name_is_used_once_and_an_end_is_an_end(tmp_path: Path) -> None:
    async def story(two: Two) -> None:
        await two.begin()
        for name in ("flood27", "other"):
            with pytest.raises(Refusal) as refused:
                await exercising.start(two[BG], OPERATOR, StartExercise(name=name, network=DRILL))
            assert refused.value.code == "exercise-there"
        await exercising.stop(two[BG], OPERATOR, ExerciseName(name="flood27"))
        with pytest.raises(Refusal) as refused:
            await exercising.stop(two[BG], OPERATOR, ExerciseName())
        assert refused.value.code == "exercise-over"
        with pytest.raises(Refusal) as refused:
            await exercising.report(two[BG], OPERATOR, ExerciseName(name="none"))
        assert refused.value.code == "no-exercise"
        assert (await exercising.start(two[BG], OPERATOR, StartExercise(name="other", network=DRILL))).runs

    tell(tmp_path, story)


def test_real_stock_and_real_offers_are_not_touched(tmp_path: Path) -> None:
    async def story(two: Two) -> None:
        await two.net.publish(HR, [make_offer(1, two.net.clocks[HR].now())])
        before = await publishing.list_offers(two[HR], OPERATOR)
        await two.begin()
        assert await publishing.list_offers(two[HR], OPERATOR) == before
        await exercising.stop(two[HR], OPERATOR, ExerciseName())
        assert await publishing.list_offers(two[HR], OPERATOR) == before
        assert not await two[HR].node.engine.read(lambda tx: tx.stock.lines())

    tell(tmp_path, story)


def test_an_exercise_that_runs_is_told_by_status_and_doctor_and_lives_through_a_restart_of_the_office(
    tmp_path: Path,
) -> None:
    async def story(two: Two) -> None:
        assert (await overview.status(two[BG], OPERATOR)).exercises == []
        await two.begin()
        again = two.net.office(BG)
        view = await overview.status(again, OPERATOR)
        assert view.exercises == ["flood27"] and not view.exercise
        assert status._status(view).startswith("EXERCISE flood27 RUNS")
        found = [one for one in await checks.doctor(again, OPERATOR) if one.check == "EXERCISE flood27"]
        assert [one.state for one in found] == ["warning"]
        await exercising.stop(again, OPERATOR, ExerciseName())
        assert (await overview.status(again, OPERATOR)).exercises == []

    tell(tmp_path, story)


async def _both(two: Two) -> tuple[str, str]:
    """One case of the exercise and a real one."""
    await two.begin()
    drill, real = await two.ask(), await two.ask("see")
    for case in (drill, real):
        await two.until(HR, case, "requested")
    return drill, real


def test_lists_mark_what_is_of_the_exercise_and_nothing_else(tmp_path: Path) -> None:
    async def story(two: Two) -> None:
        drill, real = await _both(two)
        operations = await operating.list_operations(two[HR], OPERATOR, CaseFilter())
        shown = op._list(operations)
        assert f"EXERCISE {drill}" in shown and real in shown and f"EXERCISE {real}" not in shown
        requests = await requesting.list_requests(two[BG], OPERATOR)
        lines = request._list(requests).splitlines()[1:]
        assert sorted(line.startswith("EXERCISE") for line in lines) == [False, True]
        queue = duty._queue(await duty_desk.list_queue(two[HR], OPERATOR)).splitlines()
        for line in queue[1:]:
            assert ("EXERCISE" in line) == (drill in line), line
        assert any(drill in line for line in queue) and any(real in line for line in queue)

    tell(tmp_path, story)


def test_a_step_that_waits_is_marked(tmp_path: Path) -> None:
    async def story(two: Two) -> None:
        await two.begin()
        case = await two.ask()
        await two.until(HR, case, "requested")
        line = {"item": TENT, "unit": "H87", "qty": [60, 0]}
        fields = {"lines": [line], "hold_until": two[HR].node.clock.now() + 7200, "terms": ["loan"]}
        await operating.take_step(two[HR], CLERK, StepRequest(case=case, step="offer", fields=fields))
        waiting = await operating.list_pending(two[HR], OPERATOR)
        assert [one.exercise for one in waiting] == [True] and f"EXERCISE {case}" in op._pending(waiting)

    tell(tmp_path, story)


def test_every_line_of_the_hand_over_note_of_an_exercise_is_marked(tmp_path: Path) -> None:
    async def story(two: Two) -> None:
        drill, real = await _both(two)
        note = await handing_over.note(two[HR], OPERATOR, NoteRequest())
        of_drill = [line for line in note.text if drill in line]
        of_real = [line for line in note.text if real in line]
        assert len(of_drill) >= 3 and all(line.startswith("- EXERCISE ") for line in of_drill)
        assert len(of_real) >= 3 and not any("EXERCISE" in line for line in of_real)

    tell(tmp_path, story)


@pytest.mark.parametrize("exercise", [False, True])
def test_a_mobilisation_table_and_its_csv_are_of_the_exercise_where_that_is_asked_for_and_else_real(
    tmp_path: Path, exercise: bool
) -> None:
    async def story(two: Two) -> None:
        drill, real = await _both(two)
        wanted = EventId(event=EVENT, exercise=True) if exercise else EventId(event=EVENT)
        table = await mobilising.show_event(two[BG], OPERATOR, wanted)
        assert [case for row in table.rows for case in row.operations] == [drill if exercise else real]
        rows = list(
            csv.DictReader(io.StringIO((await mobilising.export_event(two[BG], OPERATOR, wanted)).content.decode()))
        )
        assert len(rows) == 1 and rows[0]["exercise"] == str(exercise).lower()

    tell(tmp_path, story)


@pytest.mark.parametrize("network", ["see", DRILL])
def test_a_bundle_carries_messages_of_the_exercise_or_real_ones_and_says_which(tmp_path: Path, network: str) -> None:
    async def story(two: Two) -> None:
        await two.begin()
        await until(lambda: _true(two.net.agree()))
        two.net.cut(BG)
        drill, real = await two.ask(), await two.ask("see")
        made = await bundling.export(two[BG], OPERATOR, ExportRequest(to=HR, network=network))
        assert made.exercise == (network == DRILL)
        sealed = [entry for entry in bundle.parse(made.content) if entry.kind == "sealed"]
        assert len(sealed) == 1
        taken = await bundling.import_(two[HR], OPERATOR, bundling.ImportRequest(content=made.content))
        assert taken.refused == []
        held = await two[HR].node.engine.read(lambda tx: [bool(tx.cases.get(case)) for case in (drill, real)])
        assert held == [network == DRILL, network == "see"]

    tell(tmp_path, story)


def test_a_bundle_for_everybody_has_no_record_of_the_other_network(tmp_path: Path) -> None:
    async def story(two: Two) -> None:
        await two.begin()
        await two.ask()
        for network, other in (("see", b"x-drill.x-drill"), (DRILL, b"see.pub")):
            made = await bundling.export(two[HR], OPERATOR, ExportRequest(network=network))
            assert other not in made.content

    tell(tmp_path, story)


def test_a_search_and_the_evidence_of_a_real_case_show_nothing_of_the_exercise(tmp_path: Path) -> None:
    async def story(two: Two) -> None:
        drill, real = await _both(two)
        await until(lambda: _true(two.net.agree()))
        assert (await searching.search(two[BG], OPERATOR, SearchRequest(item=TENT))).hits == []
        asked = await searching.search(two[BG], OPERATOR, SearchRequest(item=TENT, exercise=True))
        assert [(hit.node, hit.exercise, hit.network) for hit in asked.hits] == [(HR, True, DRILL)]
        for case, other in ((drill, real), (real, drill)):
            made = await evidencing.export_evidence(two[HR], OPERATOR, CaseId(case=case))
            assert case.encode() in made.content and other.encode() not in made.content

    tell(tmp_path, story)


async def _true(value: bool) -> bool:
    return value
