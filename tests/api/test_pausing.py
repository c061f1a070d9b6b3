"""A real warning pauses exercises: nothing of them is signed and nobody is called until a person goes on."""

from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.console.both_worlds import BG, HR, NETWORK, TENT, BothWorlds, both_worlds, until
from tests.domain.alert_words import area, block, word
from xstock_node.services import duty_desk, exercising, operating, pausing, requesting
from xstock_node.services.alert_views import import_alerts
from xstock_node.services.asked_lines import Asked
from xstock_node.services.errors import Refusal
from xstock_node.services.exercising import ExerciseName
from xstock_node.services.office import OPERATOR, Actor, Thresholds
from xstock_node.services.operating import Approval, CaseId, StepRequest
from xstock_node.services.pausing import PauseRequest
from xstock_node.services.requesting import NewRequest, RequestId

MANY = "90"
"""So many that a second person signs the request."""


@pytest.fixture
async def found(tmp_path: Path) -> AsyncIterator[BothWorlds]:
    """Both worlds, in which people went on in spite of what is in force."""
    async with both_worlds(tmp_path) as made:
        if not await pausing.pause_for_real(made.office):
            await pausing.pause(made.office, OPERATOR, PauseRequest())
        await pausing.resume(made.office, OPERATOR)
        yield made


async def warn(found: BothWorlds, name: str, status: str = "Actual", severity: str = "Extreme", more: int = 0) -> None:
    """A warning of the node's area, or an update of it `more` seconds later."""
    now = found.office.node.clock.now() + more
    flood = msgspec.structs.replace(block(event=f"{name} flood", expires=now + 43_200, areas=(area("BG311"),)))
    flood = msgspec.structs.replace(flood, severity=severity)
    alert = msgspec.structs.replace(word(name, status=status, countries=("BG",), blocks=(flood,)), sent=now)
    await import_alerts(found.office, OPERATOR, "cap", [alert])


def asked(network: str, quantity: str = "5") -> NewRequest:
    return NewRequest(to=[HR], lines=[Asked(item=TENT, quantity=quantity)], network=network, place="Vidin")


async def is_paused(found: BothWorlds) -> bool:
    return bool((await pausing.show(found.office, OPERATOR)).paused)


async def test_a_real_warning_pauses_and_one_of_the_exercise_does_not(found: BothWorlds) -> None:
    office = found.office
    assert not await pausing.pause_for_real(office), "what was in force when a person went on pauses nothing"
    await warn(found, "PLAYED", status="Exercise")
    await warn(found, "SMALL", severity="Minor")
    assert not await pausing.pause_for_real(office)
    await warn(found, "REAL")
    assert await pausing.pause_for_real(office) and await is_paused(found)
    assert not await pausing.pause_for_real(office), "once"
    acts = await office.node.engine.read(lambda tx: tx.acts.last(5))
    assert {one.actor for one in acts if one.verb == "exercise.pause"} == {"node by warning"}
    for page in ("/desk", "/exercises"):
        shown = (await found.reader.get(page)).html
        assert ("The exercise is paused" if page == "/desk" else "REAL flood") in shown


async def test_one_that_becomes_graver_pauses_again(found: BothWorlds) -> None:
    await warn(found, "RISING", severity="Severe")
    assert await pausing.pause_for_real(found.office)
    await pausing.resume(found.office, OPERATOR)
    assert not await pausing.pause_for_real(found.office)
    await warn(found, "RISEN", severity="Extreme")
    assert await pausing.pause_for_real(found.office)


async def test_it_pauses_where_nobody_typed_start(found: BothWorlds) -> None:
    await exercising.stop(found.office, OPERATOR, ExerciseName())
    await warn(found, "REAL")
    assert await pausing.pause_for_real(found.office)
    with pytest.raises(Refusal, match="a pause since"):
        await requesting.new_request(found.office, OPERATOR, asked(NETWORK))


async def test_no_way_leads_to_a_signature_meanwhile_and_what_is_real_goes_on(found: BothWorlds) -> None:
    office, request = found.office, found.drill.request
    office.settings = office.settings._replace(second_person=Thresholds(ask_pieces={TENT: Decimal(50)}))
    many = await requesting.new_request(office, OPERATOR, asked(NETWORK, MANY))
    waits = [one for one in await operating.list_pending(office, OPERATOR) if one.case == many.id]
    await pausing.pause(office, OPERATOR, PauseRequest(why="a fire next door"))
    second = Actor("second", "test")
    ways: list[Callable[[], Awaitable[Any]]] = [
        lambda: requesting.new_request(office, OPERATOR, asked(NETWORK)),
        lambda: operating.take_step(office, OPERATOR, StepRequest(case=found.drill.case, step="reject", fields={})),
        lambda: requesting.stand_down(office, OPERATOR, RequestId(id=request)),
        lambda: requesting.end_request(office, OPERATOR, RequestId(id=request)),
        lambda: office.node.correspondence.of(NETWORK).casework.send(found.drill.case, {"step": "cancel"}),
        *(lambda id_=one.id: operating.approve(office, second, Approval(id=id_)) for one in waits),
    ]
    assert len(ways) == 6, "a request waits for a second person"
    for way in ways:
        with pytest.raises(Refusal, match="a fire next door"):
            await way()
    assert (await requesting.show_request(office, OPERATOR, RequestId(id=request))).state != "cancelled"
    assert (await requesting.new_request(office, OPERATOR, asked("see"))).operations
    await pausing.resume(office, OPERATOR)
    assert (await requesting.new_request(office, OPERATOR, asked(NETWORK))).operations
    with pytest.raises(Refusal, match="are paused"):
        await pausing.resume(office, OPERATOR)


async def test_the_node_confirms_nothing_by_itself_before_a_person_goes_on(found: BothWorlds) -> None:
    hr, case = found.offices[HR], found.drill.case
    await pausing.pause(hr, OPERATOR, PauseRequest())
    fields = {"terms": "donation", "place": "Vidin"}
    await operating.take_step(found.office, OPERATOR, StepRequest(case=case, step="accept", fields=fields))

    async def seen(verb: str) -> bool:
        timeline = (await operating.show_operation(hr, OPERATOR, CaseId(case=case))).timeline
        return any(one.verb == verb for one in timeline)

    await until(lambda: seen("accept"))
    assert not await seen("confirm"), "what others write is taken, and waits"
    await pausing.resume(hr, OPERATOR)
    await until(lambda: seen("confirm"))


async def test_nobody_is_called_for_it_meanwhile(found: BothWorlds) -> None:
    office, catalogue = found.office, await found.office.catalogue()

    async def calls() -> set[Any]:
        things = await office.node.engine.read(lambda tx: duty_desk.things(office, tx, catalogue, {}))
        return {one.exercise for one in things if not one.calm}

    assert True in await calls()
    await pausing.pause(office, OPERATOR, PauseRequest())
    assert await calls() == {False}


async def test_the_console_pauses_and_goes_on_and_the_report_knows_how_long(found: BothWorlds) -> None:
    shown = await found.reader.post("/exercises", {"act": "pause", "why": "a fire"})
    assert shown.status == 303 and await is_paused(found)
    found.net.clocks[BG].offset += 600
    shown = await found.reader.post("/exercises", {"act": "resume"})
    assert shown.status == 303 and not await is_paused(found)
    report = await exercising.report(found.office, OPERATOR, ExerciseName())
    assert 600 <= report.paused_seconds < 700
