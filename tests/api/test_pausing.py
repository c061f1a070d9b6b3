"""A real warning pauses an exercise that runs: nothing of it is signed and nobody is called until a person goes on."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.console.both_worlds import NETWORK, TENT, BothWorlds, both_worlds
from tests.domain.alert_words import area, block, word
from xstock_node.services import duty_desk, exercising, operating, pausing, requesting
from xstock_node.services.alert_views import import_alerts
from xstock_node.services.asked_lines import Asked
from xstock_node.services.errors import Refusal
from xstock_node.services.exercising import ExerciseName
from xstock_node.services.office import OPERATOR
from xstock_node.services.operating import StepRequest
from xstock_node.services.pausing import PauseExercise
from xstock_node.services.requesting import NewRequest


@pytest.fixture
async def found(tmp_path: Path) -> AsyncIterator[BothWorlds]:
    async with both_worlds(tmp_path) as made:
        yield made


async def warn(found: BothWorlds, name: str, status: str = "Actual", rank: str = "Extreme") -> None:
    """A warning of the node's area."""
    now = found.office.node.clock.now()
    said = block(event=f"{name} flood", expires=now + 43_200, areas=(area("BG311"),))
    flood = msgspec.structs.replace(said, severity=rank)
    alert = msgspec.structs.replace(word(name, status=status, countries=("BG",), blocks=(flood,)), sent=now)
    await import_alerts(found.office, OPERATOR, "cap", [alert])


def asked(network: str) -> NewRequest:
    return NewRequest(to=["hr.example"], lines=[Asked(item=TENT, quantity="5")], network=network, place="Vidin")


async def is_paused(found: BothWorlds) -> bool:
    (one,) = await exercising.list_exercises(found.office, OPERATOR)
    return bool(one.paused)


async def resume(found: BothWorlds) -> None:
    await pausing.resume(found.office, OPERATOR, ExerciseName())


async def test_a_real_warning_pauses_it_and_one_of_the_exercise_does_not(found: BothWorlds) -> None:
    office = found.office
    await pausing.pause_for_real(office)
    if await is_paused(found):
        await resume(found)
    assert await pausing.pause_for_real(office) == 0, "what was in force when a person went on pauses it no more"
    await warn(found, "PLAYED", status="Exercise")
    assert await pausing.pause_for_real(office) == 0
    await warn(found, "REAL")
    assert await pausing.pause_for_real(office) == 1 and await is_paused(found)
    acts = await office.node.engine.read(lambda tx: tx.acts.last(5))
    assert {one.actor for one in acts if one.verb == "exercise.pause"} == {"node by warning"}
    shown = (await found.reader.get("/desk")).html
    assert "The exercise is paused" in shown
    assert "REAL flood" in (await found.reader.get("/exercises")).html


async def test_nothing_of_it_is_signed_while_it_is_paused_and_what_is_real_goes_on(found: BothWorlds) -> None:
    office = found.office
    await pausing.pause(office, OPERATOR, PauseExercise(why="a fire next door"))
    accept = StepRequest(case=found.drill.case, step="accept", fields={})
    for work in (
        requesting.new_request(office, OPERATOR, asked(NETWORK)),
        operating.take_step(office, OPERATOR, accept),
    ):
        with pytest.raises(Refusal, match="a fire next door"):
            await work
    real = await requesting.new_request(office, OPERATOR, asked("see"))
    assert real.operations
    await resume(found)
    assert (await requesting.new_request(office, OPERATOR, asked(NETWORK))).operations
    with pytest.raises(Refusal, match="paused"):
        await resume(found)


async def test_nobody_is_called_for_it_meanwhile(found: BothWorlds) -> None:
    office = found.office
    catalogue = await office.catalogue()

    async def calls() -> set[Any]:
        things = await office.node.engine.read(lambda tx: duty_desk.things(office, tx, catalogue, {}))
        return {one.exercise for one in things if not one.calm}

    assert True in await calls()
    await pausing.pause(office, OPERATOR, PauseExercise())
    assert await calls() == {False}


async def test_the_console_pauses_and_goes_on(found: BothWorlds) -> None:
    name = (await exercising.list_exercises(found.office, OPERATOR))[0].name
    shown = await found.reader.post("/exercises", {"act": "pause", "name": name})
    assert shown.status == 303 and await is_paused(found)
    shown = await found.reader.post("/exercises", {"act": "resume", "name": name})
    assert shown.status == 303 and not await is_paused(found)
