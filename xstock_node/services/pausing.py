"""An exercise pauses by itself when something real begins: nothing of it is signed, nobody is called for it.

A warning counts that is real, touches this node, is grave enough for people to be called, and was not in force when a
person began or resumed the exercise. People resume it, or end it.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.domain.escalation import Waiting
from xstock_node.services.errors import Refusal
from xstock_node.services.exercises_held import EXERCISES, Exercise, running
from xstock_node.services.exercising import ExerciseName, ExerciseView, named, real_warnings, view
from xstock_node.services.office import Actor, Office
from xstock_node.services.times import iso
from xstock_node.services.typed import plain
from xstock_node.storage.interfaces import Transaction

EVERY = 15.0
BY_ITSELF = Actor("node", "warning")


class PauseExercise(ExerciseName, frozen=True, kw_only=True):
    """An exercise to pause, and why."""

    why: Annotated[str, Meta(max_length=200)] = ""


async def pause_for_real(office: Office) -> int:
    """Pause every exercise that runs where a new real warning is in force; how many paused."""
    now = office.node.clock.now()

    def due(tx: Transaction) -> list[tuple[Exercise, Waiting]]:
        going = [one for one in running(tx) if not one.paused]
        warnings = real_warnings(office, tx) if going else []
        new = ((one, next((w for w in warnings if w.detail not in one.seen), None)) for one in going)
        return [(one, warning) for one, warning in new if warning is not None]

    found = await office.node.engine.read(due)
    for exercise, warning in found:
        await _pause(office, BY_ITSELF, exercise.name, f"{warning.state}, {warning.other}", now)
    return len(found)


async def pause(office: Office, actor: Actor, request: PauseExercise) -> ExerciseView:
    """Pause an exercise by hand."""
    held = await office.node.engine.read(lambda tx: named(tx, request.name))
    return await _pause(office, actor, held.name, plain(request.why, "why") or actor.name, office.node.clock.now())


async def resume(office: Office, actor: Actor, request: ExerciseName) -> ExerciseView:
    """Go on with an exercise; the real warnings of this moment do not pause it again."""
    now = office.node.clock.now()

    def work(tx: Transaction) -> Exercise:
        found = named(tx, request.name)
        if not found.runs or not found.paused:
            raise Refusal("not-paused", "an exercise that is paused", found.name, "see `xstock status`")
        seen = tuple(dict.fromkeys((*found.seen, *(one.detail for one in real_warnings(office, tx)))))
        kept = msgspec.structs.replace(found, paused=0, paused_for="", seen=seen)
        EXERCISES.put(tx, kept.name, kept, now)
        office.record(tx, actor, "exercise.resume", kept.name)
        return kept

    kept = await office.node.engine.write(work, durable=True)
    office.changes.tell("")
    return await office.node.engine.read(lambda tx: view(office, tx, kept))


def paused(tx: Transaction) -> dict[str, Exercise]:
    """The exercises that are paused, by their network."""
    return {one.network: one for one in running(tx) if one.paused}


def expect_not_paused(tx: Transaction, network: str) -> None:
    """Raise Refusal where something is to be signed in an exercise that is paused."""
    found = paused(tx).get(network)
    if found is not None:
        came = f"{found.name}, paused since {iso(found.paused)}: {found.paused_for}"
        do = "attend to what is real first; who may, goes on with `xstock exercise resume`"
        raise Refusal("exercise-paused", "an exercise that runs", came, do)


async def _pause(office: Office, actor: Actor, name: str, why: str, now: int) -> ExerciseView:
    def work(tx: Transaction) -> Exercise:
        found = named(tx, name)
        if not found.runs or found.paused:
            raise Refusal("not-running", "an exercise that runs", found.name, "see `xstock status`")
        kept = msgspec.structs.replace(found, paused=now, paused_for=why[:200])
        EXERCISES.put(tx, kept.name, kept, now)
        office.record(tx, actor, "exercise.pause", kept.name, kept.paused_for)
        return kept

    kept = await office.node.engine.write(work, durable=True)
    office.changes.tell("")
    return await office.node.engine.read(lambda tx: view(office, tx, kept))
