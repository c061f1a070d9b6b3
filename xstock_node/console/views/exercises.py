"""Exercises that run here: begun, ended, and their figures."""

import msgspec

from xstock_node.console.acts import routed, told
from xstock_node.console.page import Ask, Column, Field, Page, Press, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.services.exercising import ExerciseView
from xstock_node.services.pausing import PauseView


class ExercisesView(msgspec.Struct, frozen=True, kw_only=True):
    """The exercises of this node, those that run first; whether they are paused."""

    exercises: list["ExerciseRow"]
    pauses: list[PauseView]


class ExerciseRow(msgspec.Struct, frozen=True, kw_only=True):
    """An exercise; `ended` is empty while it runs."""

    name: str
    network: str
    began: str
    by: str
    ended: str
    exercise: bool = True

    @property
    def runs(self) -> bool:
        """Whether nobody has ended it."""
        return not self.ended


async def _exercises(visit: Visit, asked: None) -> ExercisesView:
    found: list[ExerciseView] = await visit.ask("exercise.list")
    rows = [
        ExerciseRow(
            name=one.name,
            network=one.network,
            began=one.began,
            by=one.by,
            ended=one.ended,
        )
        for one in found
    ]
    pause: PauseView = await visit.ask("exercise.paused")
    return ExercisesView(exercises=rows, pauses=[pause] if pause.paused else [])


EXERCISES = Page(
    "exercises",
    "/exercises",
    mark("Exercises"),
    "see",
    _exercises,
    acts={
        "start": routed("exercise.start", "/exercises"),
        "stop": routed("exercise.stop", "/exercises"),
        "pause": routed("exercise.pause", "/exercises"),
        "resume": routed("exercise.resume", "/exercises"),
        "report": told("exercise.report"),
    },
    tables={
        "pauses": Table(
            mark("Paused"),
            (
                Column("paused", mark("Since"), "when"),
                Column("why", mark("Why")),
                Column("by", mark("By whom")),
            ),
            lambda view: view.pauses,
            mark("Exercises go on."),
            (Press("resume", mark("Go on"), (), "exercise", mark("Sure")),),
        ),
        "exercises": Table(
            mark("Exercises of this node"),
            (
                Column("name", mark("Exercise")),
                Column("network", mark("Network"), "code"),
                Column("began", mark("Begins"), "when"),
                Column("by", mark("By whom")),
                Column("ended", mark("Ends"), "when"),
            ),
            lambda view: view.exercises,
            mark("No exercise was begun here."),
            (Press("stop", mark("End it"), ("name",), "exercise", mark("Sure"), when=lambda row: row.runs),),
        ),
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
            "pause",
            mark("Pause the exercises"),
            mark("Pause"),
            (Field("why", mark("Why"), hint=mark("What is attended to meanwhile.")),),
            "exercise",
        ),
        Ask(
            "report", mark("Figures of an exercise"), mark("Show"), (Field("name", mark("Name"), required=True),), "see"
        ),
    ),
    group="events",
    shape="plain",
)
