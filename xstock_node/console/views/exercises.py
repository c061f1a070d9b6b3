"""Exercises that run here: begun, ended, and their figures."""

import msgspec

from xstock_node.console.acts import routed, told
from xstock_node.console.page import Ask, Column, Field, Page, Press, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark


class ExercisesView(msgspec.Struct, frozen=True, kw_only=True):
    """The exercises that run on this node."""

    exercises: list[str]
    rows: list["ExerciseRow"]


class ExerciseRow(msgspec.Struct, frozen=True, kw_only=True):
    """An exercise that runs."""

    name: str
    exercise: bool = True


async def _exercises(visit: Visit, asked: None) -> ExercisesView:
    running = (await visit.ask("status")).exercises
    return ExercisesView(exercises=running, rows=[ExerciseRow(name=name) for name in running])


EXERCISES = Page(
    "exercises",
    "/exercises",
    mark("Exercises"),
    "see",
    _exercises,
    acts={
        "start": routed("exercise.start", "/exercises"),
        "stop": routed("exercise.stop", "/exercises"),
        "report": told("exercise.report"),
    },
    tables={
        "running": Table(
            mark("Exercises that run here"),
            (Column("name", mark("Exercise")),),
            lambda view: view.rows,
            mark("No exercise runs."),
            (Press("stop", mark("End it"), ("name",), "exercise", mark("Sure")),),
        )
    },
    asking=(
        Ask(
            "start",
            mark("Begin an exercise"),
            mark("Begin"),
            (
                Field("name", mark("Name"), hint=mark("Small letters, digits and -."), required=True),
                Field("network", mark("Network of exercises"), hint=mark("Its label begins with x."), required=True),
            ),
            "exercise",
        ),
        Ask(
            "report", mark("Figures of an exercise"), mark("Show"), (Field("name", mark("Name"), required=True),), "see"
        ),
    ),
    group="events",
    shape="plain",
)
